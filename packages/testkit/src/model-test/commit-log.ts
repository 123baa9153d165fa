// The writes since the database was opened, in the order in which they were issued, and how far each is known to hold.
//
// The rule after a crash: what is found equals the fold of a prefix of the writes, and the
// prefix contains every write that was acknowledged as durable; if only the process died, every acknowledged one. Writes
// with durability 'none' are in no log, so each of them may be missing until a flush has completed.

import type { KeyspaceModel } from './model.js';

/** One entry of a commit; `value` undefined removes. */
export interface CommitEntry {
  readonly keyspace: KeyspaceModel;
  readonly key: string;
  readonly value: string | undefined;
}

/** How far a write is known to hold. `'acknowledged'`: it survives the process. `'durable'`: also a power loss. */
export type Standing = 'issued' | 'acknowledged' | 'durable';

/** One atomic write. */
export interface Commit {
  readonly entries: readonly CommitEntry[];
  /** Sequence of its last entry. */
  readonly lastSequence: number;
  /** Written with durability 'none'. */
  readonly isVolatile: boolean;
  /** Written with durability 'interval'. */
  readonly isInterval: boolean;
  standing: Standing;
}

/** What a crash may leave: a prefix of `commits` that has at least `certainCount` of them. */
export interface CrashBounds {
  readonly commits: readonly Commit[];
  readonly certainCount: number;
  /** The sequence at which everything is certain, volatile writes included. */
  readonly flushedSequence: number;
  /** Commits up to `flushedSequence`. */
  readonly flushedCount: number;
}

/** See the head of this file. */
export class CommitLog {
  readonly #commits: Commit[] = [];
  readonly #ends: Set<number>;
  readonly #baseSequence: number;
  #flushedCount = 0;
  #lastSequence: number;

  /** Starts with a state that is durable as a whole. */
  constructor(baseSequence: number) {
    this.#baseSequence = baseSequence;
    this.#lastSequence = baseSequence;
    this.#ends = new Set([baseSequence]);
  }

  /** Sequence of the last entry issued. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  get commitCount(): number {
    return this.#commits.length;
  }

  /** Puts a write at the end, before the engine is asked to do it, and into the model. */
  issue(
    entries: readonly CommitEntry[],
    durability: 'always' | 'interval' | 'os' | 'none',
  ): Commit {
    for (const { keyspace, key, value } of entries) {
      this.#lastSequence += 1;
      keyspace.set(key, this.#lastSequence, value);
    }
    const commit: Commit = {
      entries,
      lastSequence: this.#lastSequence,
      isVolatile: durability === 'none',
      isInterval: durability === 'interval',
      standing: 'issued',
    };
    this.#ends.add(this.#lastSequence);
    this.#commits.push(commit);
    return commit;
  }

  /** Everything before this many commits is in tables, also what no log has. */
  noteFlushed(commitCount: number): void {
    this.#flushedCount = Math.max(this.#flushedCount, commitCount);
    for (const commit of this.#commits.slice(0, commitCount)) commit.standing = 'durable';
  }

  /** The acknowledged commits with durability 'interval' that are not known to be durable. */
  unsyncedIntervalCommits(): Commit[] {
    return this.#commits.filter(
      ({ isInterval, standing }) => isInterval && standing === 'acknowledged',
    );
  }

  /** Says what is wrong if reads see the state at `sequence` now; null if they may. */
  refuteVisible(sequence: number): string | null {
    const acknowledged = this.#commits.findLast(({ standing }) => standing !== 'issued');
    const leastSequence = acknowledged?.lastSequence ?? this.#baseSequence;
    if (sequence < leastSequence) {
      return `reads see sequence ${sequence}, but ${leastSequence} was acknowledged`;
    }
    if (sequence > this.#lastSequence) {
      return `reads see sequence ${sequence}, but only ${this.#lastSequence} was issued`;
    }
    return this.#ends.has(sequence) ? null : `reads see sequence ${sequence}, inside a batch`;
  }

  /** What a crash at this moment may leave; of the process alone, or of the machine. */
  crashBounds(extent: 'process' | 'machine'): CrashBounds {
    const commits = [...this.#commits];
    const last = commits.findLastIndex(
      ({ standing, isVolatile }) =>
        standing === 'durable' ||
        (extent === 'process' && standing === 'acknowledged' && !isVolatile),
    );
    return {
      commits,
      certainCount: Math.max(last + 1, this.#flushedCount),
      flushedCount: this.#flushedCount,
      flushedSequence: this.#commits[this.#flushedCount - 1]?.lastSequence ?? this.#baseSequence,
    };
  }
}
