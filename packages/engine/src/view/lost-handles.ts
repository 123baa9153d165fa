/**
 * Tells of snapshots, cursors, readers and asynchronous iterators that nobody has any more although they are open.
 *
 * Told when the garbage collector finds out, which may be late or never, so nothing relies on it; and only told, because
 * what a program has forgotten to close is a mistake to be mended there. They stay open until the database is closed.
 */

/** What can be lost. */
export type LostKind = 'snapshot' | 'cursor' | 'reader' | 'iterator';

/** The part of it that the database knows, and which does not know its owner. */
export interface Losable {
  readonly isOpen: boolean;
}

interface Watched {
  readonly kind: LostKind;
  readonly handle: Losable;
}

interface Recent extends Watched {
  readonly owner: object;
}

/** As many are looked at together. */
const RECENT_COUNT_MAX = 64;

export class LostHandles {
  readonly #registry: FinalizationRegistry<Watched>;
  /**
   * What was opened in this turn. Registering costs half a microsecond and the collector as much again: too much for a cursor
   * that makes a few steps and is closed, so only what is open a little later is registered.
   */
  readonly #recent: Recent[] = [];
  #isScheduled = false;

  constructor(onLost: (kind: LostKind) => void) {
    this.#registry = new FinalizationRegistry(({ kind, handle }) => {
      if (handle.isOpen) onLost(kind);
    });
  }

  /** Tells when `owner` is lost and `handle` open. Requires: nothing that lives longer refers to `owner`. */
  watch(owner: object, handle: Losable, kind: LostKind): void {
    this.#recent.push({ owner, handle, kind });
    if (this.#recent.length >= RECENT_COUNT_MAX) this.#registerOpen();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#registerOpen();
    });
  }

  #registerOpen(): void {
    for (const { owner, handle, kind } of this.#recent) {
      if (handle.isOpen) this.#registry.register(owner, { kind, handle });
    }
    this.#recent.length = 0;
  }
}
