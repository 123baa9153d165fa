/**
 * What happens inside a database, for those who watch it: typed events with plain data.
 *
 * Listeners run in a microtask, in the order of events and of registration; what a listener throws is thrown to nobody. Not
 * sooner, because they may do with the database what they like: events are told in the middle of steps that must not be
 * entered twice.
 */

import type { StorageError } from '@varve/base';
import type { SlowCall } from './disk-watch.js';

/** Why writers wait. */
export type StallReason = 'memtables' | 'level0' | 'compaction' | 'log';

/** The events of a database and their data. Sizes in bytes, times in milliseconds. */
export interface DatabaseEvents {
  /**
   * A memtable has become tables of level 0. `durationMs`: how long its thread took, whatever the memtable and the result
   * waited for.
   */
  flush: {
    readonly tableCount: number;
    readonly writtenBytes: number;
    readonly durationMs: number;
  };
  /** Tables were merged (`durationMs` as above), or moved to another level (`'move'`: nothing was written). */
  compaction: {
    readonly kind: 'merge' | 'move' | 'drop';
    readonly keyspace: string;
    readonly reason: string;
    readonly inputLevel: number;
    readonly outputLevel: number;
    readonly readBytes: number;
    readonly writtenBytes: number;
    readonly durationMs: number;
  };
  /** Writers began to wait. */
  stall: { readonly reason: StallReason };
  /** Writers go on. */
  stallEnd: { readonly reason: StallReason; readonly durationMs: number };
  /**
   * What can be done with the database has changed: see `Database.state`. `error` says why writes are refused; null when
   * they are taken again, and at close.
   */
  state: {
    readonly state: 'open' | 'readOnly' | 'failed' | 'closed';
    readonly error: StorageError | null;
  };
  /** The oldest snapshot has been open for longer than `tuning.snapshotWarningAgeMs`; told once for each. */
  oldSnapshot: {
    readonly sequence: number;
    readonly ageMs: number;
    /** All that are open. */
    readonly snapshotCount: number;
  };
  /**
   * A snapshot, cursor, reader or asynchronous iterator was garbage collected, and never closed: what it keeps on disk is kept
   * until the database is closed. A mistake in the program. Told late, and perhaps never: nothing can rely on it.
   */
  lostHandle: { readonly kind: 'snapshot' | 'cursor' | 'reader' | 'iterator' };
  /**
   * Others can write to the directory: whoever does can forge data, or make the database fail. Told once, right after
   * opening.
   */
  unsafeDirectory: { readonly path: string };
  /**
   * A call to the file system takes, or took, longer than `tuning.diskSlowMs`: the disk is failing or overloaded. Told once
   * while it is under way, where that can be seen, and once when it is over. `file` is null for a background thread.
   */
  diskSlow: SlowCall;
  /**
   * Background work failed; it is tried again soon if `willRetry`. Otherwise it is given up: a merge for half a minute or
   * longer, during which everything else goes on; any other work for good, and writing stops (see `state`). A log that could
   * not be closed is told of in the same way, and nothing follows: what was in it is safe by then.
   */
  backgroundError: { readonly error: Error; readonly willRetry: boolean };
  /**
   * Worker threads cannot be used, and `error` says why: from now on flushes and compactions run on the thread of the
   * database, which stands still meanwhile. Nothing else changes. Follows a `backgroundError` with the same error.
   */
  threadsGivenUp: { readonly error: Error };
}

type Listener<E> = (event: E) => void;

/** Registers listeners of a database's events. */
export class EventHub {
  readonly #listeners = new Map<keyof DatabaseEvents, Set<Listener<never>>>();

  /** Calls `listener` at every event of the name. Gives a function that ends it. */
  on<N extends keyof DatabaseEvents>(name: N, listener: Listener<DatabaseEvents[N]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** For the database: tells every listener, in a microtask. Costs next to nothing when there is none. */
  emit<N extends keyof DatabaseEvents>(name: N, event: DatabaseEvents[N]): void {
    if (!this.#listeners.has(name)) return;
    void Promise.resolve().then(() => this.#tell(name, event));
  }

  #tell<N extends keyof DatabaseEvents>(name: N, event: DatabaseEvents[N]): void {
    // Those that are there now: one that begins anew each time would otherwise be told for ever.
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as Listener<DatabaseEvents[N]>)(event);
      } catch {
        // A listener must not be able to break the engine, and there is nobody else to tell.
      }
    }
  }
}
