/** Varve by its synchronous API: nothing is awaited. */
import type { Engine, ScanRange } from './engine.js';
import { openVarve, ReusedBatch, rangeOptions } from './varve.js';
import { VarveStore } from './varve-store.js';

class VarveSyncStore extends VarveStore {
  readonly #batch = new ReusedBatch();

  put(key: Buffer, value: Buffer): void {
    this.db.putSync(key, value);
  }

  del(key: Buffer): void {
    this.db.delSync(key);
  }

  batch(keys: readonly Buffer[], values: readonly Buffer[]): void {
    this.db.batchSync(this.#batch.of(keys, values));
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.db.getSync(key);
  }

  entries(range: ScanRange): number {
    let entryCount = 0;
    for (const _entry of this.db.entries(rangeOptions(range))) entryCount += 1;
    return entryCount;
  }
}

export const engine: Engine = {
  name: 'varve-sync',
  isAsynchronous: false,
  open: async (directory, settings) =>
    new VarveSyncStore(await openVarve(directory, settings), settings),
};
