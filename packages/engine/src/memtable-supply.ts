/** Gives memtables: one whose memory was used before, if there is one, else a new one. */
import { withMemory } from '@varve/base';
import { Memtable } from './memtable/index.js';

/** What is given. */
export interface MemtableSupplyOptions {
  readonly arenaSizeBytes: number;
  /**
   * How many are kept that nobody uses: as many as may wait for their flush, so that there are never more than were in use at
   * once. One that is let go is not gone before the garbage collectors of all threads that read it have run.
   */
  readonly spareCountMax: number;
}

export class MemtableSupply {
  readonly #options: MemtableSupplyOptions;
  /** Memory that was touched once is kept for the next memtable: fresh pages cost more than old ones. */
  readonly #spares: Memtable[] = [];
  #isClosed = false;

  constructor(options: MemtableSupplyOptions) {
    this.#options = options;
  }

  /**
   * An empty memtable for entries from `firstSequence` on, with room for at least `minimumArenaBytes`.
   * @throws StorageError BUSY when there is no memory for it
   */
  take(minimumArenaBytes: number, firstSequence: number): Memtable {
    const isUsual = minimumArenaBytes <= this.#options.arenaSizeBytes;
    const spare = isUsual ? this.#spares.pop() : undefined;
    if (spare !== undefined) {
      spare.reset(firstSequence);
      return spare;
    }
    const arenaSizeBytes = Math.max(this.#options.arenaSizeBytes, minimumArenaBytes);
    return withMemory(arenaSizeBytes, () => new Memtable({ arenaSizeBytes, firstSequence }));
  }

  /** Takes back a memtable that nobody reads any more. One of unusual size is let go. */
  giveBack(memtable: Memtable): void {
    const { arenaSizeBytes, spareCountMax } = this.#options;
    if (this.#isClosed || memtable.arena.capacityBytes !== arenaSizeBytes) return;
    if (this.#spares.length < spareCountMax) this.#spares.push(memtable);
  }

  /** Keeps nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#spares.length = 0;
  }
}
