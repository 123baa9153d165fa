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

export class LostHandles {
  readonly #registry: FinalizationRegistry<Watched>;

  constructor(onLost: (kind: LostKind) => void) {
    this.#registry = new FinalizationRegistry(({ kind, handle }) => {
      if (handle.isOpen) onLost(kind);
    });
  }

  /** Tells when `owner` is lost and `handle` open. Requires: nothing that lives longer refers to `owner`. About 0.3 µs. */
  watch(owner: object, handle: Losable, kind: LostKind): void {
    this.#registry.register(owner, { kind, handle });
  }
}
