/**
 * The iterators, cursors and snapshots a database has given out: closing the database closes them first.
 */

import { type Losable, LostHandles, type LostKind } from './lost-handles.js';

/** Something that holds on to the database. `close` may be called more than once. */
export interface OpenHandle {
  close(): void;
}

export class OpenHandles {
  readonly #handles = new Set<OpenHandle>();
  readonly #lost: LostHandles;

  /** `onLost` is told what was garbage collected without having been closed. */
  constructor(onLost: (kind: LostKind) => void = () => {}) {
    this.#lost = new LostHandles(onLost);
  }

  get count(): number {
    return this.#handles.size;
  }

  add(handle: OpenHandle): void {
    this.#handles.add(handle);
  }

  remove(handle: OpenHandle): void {
    this.#handles.delete(handle);
  }

  /** Tells when `owner` is garbage collected while `handle` is open. Nothing that lives longer may refer to `owner`. */
  watch(owner: object, handle: Losable, kind: LostKind): void {
    this.#lost.watch(owner, handle, kind);
  }

  /** Closes each, whatever fails; then throws what failed first. */
  closeAll(): void {
    const errors: unknown[] = [];
    for (const handle of [...this.#handles]) {
      try {
        handle.close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
