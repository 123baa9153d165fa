/** LMDB by `lmdb` 3.5 with its synchronous writes: a transaction for each `putSync`, and one for a batch. */

import type { Engine } from './engine.js';
import { LmdbStore, openLmdb } from './lmdb.js';

/** LMDB with synchronous calls only. */
export const engine: Engine = {
  name: 'lmdb-sync',
  isAsynchronous: false,
  open: async (directory, settings) => new LmdbSyncStore(openLmdb(directory, settings), settings),
};

class LmdbSyncStore extends LmdbStore {
  override put(key: Buffer, value: Buffer): void {
    this.lmdb.putSync(key, value);
  }

  override del(key: Buffer): void {
    this.lmdb.removeSync(key);
  }

  override batch(keys: readonly Buffer[], values: readonly Buffer[]): void {
    this.lmdb.transactionSync(() => {
      for (let index = 0; index < keys.length; index++) {
        this.lmdb.putSync(keys[index]!, values[index]!);
      }
    });
  }
}
