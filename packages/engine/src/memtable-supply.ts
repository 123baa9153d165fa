/** Gives memtables: one whose memory was used before, if there is one, else a new one. */
import { withMemory } from '@varve/base';
import { Memtable } from './memtable/index.js';

export class MemtableSupply {
  readonly #arenaSizeBytes: number;
  /** Memory that was touched once is kept for the next memtable: fresh pages cost more than old ones. */
  #spare: Memtable | null = null;
  #isClosed = false;

  constructor(arenaSizeBytes: number) {
    this.#arenaSizeBytes = arenaSizeBytes;
  }

  /**
   * An empty memtable for entries from `firstSequence` on, with room for at least `minimumArenaBytes`.
   * @throws StorageError BUSY when there is no memory for it
   */
  take(minimumArenaBytes: number, firstSequence: number): Memtable {
    const spare = this.#spare;
    if (spare !== null && minimumArenaBytes <= spare.arena.capacityBytes) {
      this.#spare = null;
      spare.reset(firstSequence);
      return spare;
    }
    const arenaSizeBytes = Math.max(this.#arenaSizeBytes, minimumArenaBytes);
    return withMemory(arenaSizeBytes, () => new Memtable({ arenaSizeBytes, firstSequence }));
  }

  /** Takes back a memtable that nobody reads any more. One of unusual size is let go. */
  giveBack(memtable: Memtable): void {
    if (this.#isClosed) return;
    if (memtable.arena.capacityBytes === this.#arenaSizeBytes) this.#spare ??= memtable;
  }

  /** Keeps nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#spare = null;
  }
}
