/**
 * `memory-level` 3: a sorted tree in memory, for comparison. Nothing is written to files, so durability, cache, filter and
 * compression mean nothing here, and closing the store loses it.
 *
 * It keeps the buffers it is given, so they are copied first: the harness reuses its own.
 */

import { MemoryLevel } from 'memory-level';
import { countEntries, levelRange, scanByArrays } from './abstract-level.js';
import type { Engine, EngineStore, ScanRange } from './engine.js';
import type { Visit } from './peer.js';

/** Entries in memory, with awaited calls. */
export const engine: Engine = {
  name: 'memory-level',
  isAsynchronous: true,
  open: async () => {
    const level = new MemoryLevel<Buffer, Buffer>({
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    await level.open();
    return new MemoryLevelStore(level);
  },
};

class MemoryLevelStore implements EngineStore {
  readonly #level: MemoryLevel<Buffer, Buffer>;

  constructor(level: MemoryLevel<Buffer, Buffer>) {
    this.#level = level;
  }

  put(key: Buffer, value: Buffer): Promise<void> {
    return this.#level.put(Buffer.from(key), Buffer.from(value));
  }

  del(key: Buffer): Promise<void> {
    return this.#level.del(key);
  }

  batch(keys: readonly Buffer[], values: readonly Buffer[]): Promise<void> {
    const batch = this.#level.batch();
    for (let index = 0; index < keys.length; index++) {
      batch.put(Buffer.from(keys[index]!), Buffer.from(values[index]!));
    }
    return batch.write();
  }

  get(key: Buffer): Promise<Uint8Array | undefined> {
    return this.#level.get(key);
  }

  getMany(keys: readonly Buffer[]): Promise<(Uint8Array | undefined)[]> {
    return this.#level.getMany(keys as Buffer[]);
  }

  scan(range: ScanRange, visit?: Visit): Promise<number> {
    const iterator = this.#level.iterator(levelRange(range));
    return scanByArrays(iterator, { limit: range.limit, visit });
  }

  entries(range: ScanRange): Promise<number> {
    return countEntries(this.#level.iterator(levelRange(range)));
  }

  async settle(): Promise<boolean> {
    return true;
  }

  describe(): Record<string, string | number | boolean> {
    return { durability: 'none', survivesClose: false };
  }

  writtenBytes(): number {
    return 0;
  }

  close(): Promise<void> {
    return this.#level.close();
  }
}
