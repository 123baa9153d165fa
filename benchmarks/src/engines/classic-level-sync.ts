/**
 * LevelDB by `classic-level` 3 with `getSync`, its fast way to read. It has no synchronous way to write, nor to scan: those
 * are the calls of `classic-level`.
 */

import { ClassicLevelStore, openLevel } from './classic-level.js';
import type { Engine } from './engine.js';

/** LevelDB with synchronous reads. */
export const engine: Engine = {
  name: 'classic-level-sync',
  isAsynchronous: true,
  open: async (directory, settings) =>
    new SyncReadStore(await openLevel(directory, settings), settings),
};

class SyncReadStore extends ClassicLevelStore {
  override get(key: Buffer): Uint8Array | undefined {
    return this.level.getSync(key);
  }
}
