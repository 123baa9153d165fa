/** Varve by `VarveLevel`, with the calls and the settings of the adapter of classic-level: what abstract-level costs. */

import { VarveLevel } from '@varve/abstract-level';
import type { ClassicLevel } from 'classic-level';
import { ClassicLevelStore } from './classic-level.js';
import type { Engine, StoreSettings } from './engine.js';
import { varveOptions } from './varve.js';

/** Varve through abstract-level, with awaited calls. */
export const engine: Engine = {
  name: 'varve-level',
  isAsynchronous: true,
  async open(directory, settings) {
    const { compression, memoryBudgetBytes, tuning } = varveOptions(settings);
    const level = new VarveLevel<Uint8Array, Uint8Array>(directory, {
      ...{ keyEncoding: 'view', valueEncoding: 'view', durability: 'os' },
      ...{ compression, memoryBudgetBytes, tuning },
    });
    await level.open();
    return new VarveLevelStore(level as unknown as ClassicLevel<Uint8Array, Uint8Array>, settings);
  },
};

class VarveLevelStore extends ClassicLevelStore {
  readonly #settings: StoreSettings;

  constructor(level: ClassicLevel<Uint8Array, Uint8Array>, settings: StoreSettings) {
    super(level, settings);
    this.#settings = settings;
  }

  override async settle(): Promise<boolean> {
    return false;
  }

  override describe(): Record<string, string | number | boolean> {
    const durability = this.#settings.durability === 'always' ? 'always' : 'os';
    const { cacheSizeBytes, memtableSizeBytes, filterBitsPerKey, compression } = this.#settings;
    return { durability, cacheSizeBytes, memtableSizeBytes, filterBitsPerKey, compression };
  }
}
