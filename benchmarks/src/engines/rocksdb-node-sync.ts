/**
 * RocksDB 9.7 by `@nxtedition/rocksdb` 12 with its synchronous calls. Their names begin with an underscore, but its authors
 * ship them as their own fast path ("nxt API"). One write batch is used again and again.
 */

import type { RocksLevel } from '@nxtedition/rocksdb';
import { levelRange } from './abstract-level.js';
import type { Engine, ScanRange, StoreSettings } from './engine.js';
import { ENTRIES_PER_FETCH_MAX, type Visit } from './peer.js';
import { openRocks, RocksStore } from './rocksdb-node.js';

const READ_OPTIONS = { valueEncoding: 'buffer' };
const SCAN_OPTIONS = { keyEncoding: 'buffer', valueEncoding: 'buffer', fillCache: true };

/** RocksDB with synchronous writes, reads and scans. */
export const engine: Engine = {
  name: 'rocksdb-node-sync',
  isAsynchronous: false,
  open: async (directory, settings) =>
    new RocksSyncStore(await openRocks(directory, settings), settings),
};

class RocksSyncStore extends RocksStore {
  readonly #batch;

  constructor(rocks: RocksLevel, settings: StoreSettings) {
    super(rocks, settings);
    this.#batch = rocks._chainedBatch();
  }

  override put(key: Buffer, value: Buffer): void {
    this.#batch._put(key, value);
    this.#write();
  }

  override del(key: Buffer): void {
    this.#batch._del(key);
    this.#write();
  }

  override batch(keys: readonly Buffer[], values: readonly Buffer[]): void {
    for (let index = 0; index < keys.length; index++)
      this.#batch._put(keys[index]!, values[index]!);
    this.#write();
  }

  #write(): void {
    this.#batch._writeSync(this.writeOptions);
    this.#batch._clear();
  }

  override get(key: Buffer): Uint8Array | undefined {
    return this.rocks._getManySync([key], READ_OPTIONS)[0];
  }

  override scan(range: ScanRange, visit?: Visit): number {
    const iterator = this.rocks._iterator({ ...levelRange(range), ...SCAN_OPTIONS });
    let entryCount = 0;
    for (let isFinished = false; !isFinished; ) {
      const { rows, finished } = iterator._nextvSync(range.limit ?? ENTRIES_PER_FETCH_MAX);
      isFinished = finished || entryCount + rows.length / 2 === range.limit;
      entryCount += rows.length / 2;
      if (visit) for (let row = 0; row < rows.length; row += 2) visit(rows[row]!, rows[row + 1]!);
    }
    iterator._closeSync();
    return entryCount;
  }

  /** A pair for each entry, as the iterators of the others give them. */
  override entries(range: ScanRange): number {
    let pairCount = 0;
    this.scan(range, (key, value) => {
      pairCount += [key, value].length / 2;
    });
    return pairCount;
  }

  override async close(): Promise<void> {
    this.#batch._closeSync();
    await super.close();
  }
}
