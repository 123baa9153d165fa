/**
 * The open snapshots, oldest first: the sequence numbers that flush and compaction must keep versions for.
 *
 * A snapshot is only a sequence number. It pins no memtable and no file; it makes the drop rules keep the newest
 * version at or below it. Sequences are taken in ascending order, so the list is sorted by construction.
 */
import { assert } from '@varve/base';

export interface SnapshotEntry {
  readonly sequence: number;
  readonly takenAtMs: number;
}

export class SnapshotList {
  readonly #entries: SnapshotEntry[] = [];

  get count(): number {
    return this.#entries.length;
  }

  /** The oldest open snapshot, for statistics and warnings. */
  get oldest(): SnapshotEntry | undefined {
    return this.#entries[0];
  }

  add(sequence: number, takenAtMs: number): SnapshotEntry {
    const newest = this.#entries.at(-1);
    assert(newest === undefined || newest.sequence <= sequence, 'Snapshots are taken in order');
    const entry = { sequence, takenAtMs };
    this.#entries.push(entry);
    return entry;
  }

  remove(entry: SnapshotEntry): void {
    const index = this.#entries.indexOf(entry);
    assert(index >= 0, 'A snapshot cannot be released twice');
    this.#entries.splice(index, 1);
  }

  /** Distinct sequences, ascending: what a job is told. */
  sequences(): number[] {
    return [...new Set(this.#entries.map((entry) => entry.sequence))];
  }
}
