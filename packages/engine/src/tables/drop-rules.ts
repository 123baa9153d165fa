/**
 * Which versions a merge may leave out. Shared by flush and compaction.
 *
 * For one user key, versions arrive newest first. Sort the open snapshots and "now" into a ladder: between two rungs
 * only the newest version can be seen by anybody, so the rest is dropped. A tombstone that is the newest version at or
 * below the oldest rung hides only what lies deeper; when nothing deeper can hold the key, it goes too, and a value
 * there needs no sequence number any more (it is written as 0, which compresses to nothing).
 */
import { EntryKind } from '@varve/base';

export const KEEP = 0;
export const DROP = 1;
export const KEEP_WITHOUT_SEQUENCE = 2;

export type Verdict = typeof KEEP | typeof DROP | typeof KEEP_WITHOUT_SEQUENCE;

export class DropRules {
  readonly #snapshots: readonly number[];
  readonly #oldestSnapshot: number;
  readonly #nothingDeeper: boolean;
  /** Rung of the version of this key kept last; -1 before the first. */
  #lastRung = -1;

  /**
   * @param snapshots sequences of the open snapshots, ascending
   * @param reach `'bottom'` when no deeper level can hold any key of the merge
   */
  constructor(snapshots: readonly number[], reach: 'bottom' | 'above') {
    this.#snapshots = snapshots;
    this.#oldestSnapshot = snapshots[0] ?? Number.POSITIVE_INFINITY;
    this.#nothingDeeper = reach === 'bottom';
  }

  /** A new user key begins. */
  startKey(): void {
    this.#lastRung = -1;
  }

  /** Judges the next older version of the current key. */
  judge(sequence: number, kind: number): Verdict {
    const rung = this.#rungOf(sequence);
    if (rung === this.#lastRung) return DROP;
    this.#lastRung = rung;
    if (!this.#nothingDeeper || sequence > this.#oldestSnapshot) return KEEP;
    return kind === EntryKind.delete ? DROP : KEEP_WITHOUT_SEQUENCE;
  }

  /** How many open snapshots cannot see this version: versions on one rung are seen by the same readers. */
  #rungOf(sequence: number): number {
    const snapshots = this.#snapshots;
    let rung = 0;
    while (rung < snapshots.length && snapshots[rung]! < sequence) rung += 1;
    return rung;
  }
}
