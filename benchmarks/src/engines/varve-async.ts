/** Varve by its promises: everything is awaited, but for the cursor, which is synchronous by nature. */
import type { Engine, ScanRange } from './engine.js';
import { openVarve, ReusedBatch, rangeOptions } from './varve.js';
import { VarveStore } from './varve-store.js';

class VarveAsyncStore extends VarveStore {
  readonly #batch = new ReusedBatch();

  put(key: Buffer, value: Buffer): Promise<void> {
    return this.db.put(key, value);
  }

  del(key: Buffer): Promise<void> {
    return this.db.del(key);
  }

  batch(keys: readonly Buffer[], values: readonly Buffer[]): Promise<void> {
    return this.db.batch(this.#batch.of(keys, values));
  }

  get(key: Buffer): Promise<Uint8Array | undefined> {
    return this.db.get(key);
  }

  async entries(range: ScanRange): Promise<number> {
    let entryCount = 0;
    for await (const _entry of this.db.entries(rangeOptions(range))) entryCount += 1;
    return entryCount;
  }
}

export const engine: Engine = {
  name: 'varve-async',
  isAsynchronous: true,
  open: async (directory, settings) =>
    new VarveAsyncStore(await openVarve(directory, settings), settings),
};
