/**
 * The iterators, cursors and snapshots a database has given out: closing the database closes them first.
 */

/** Something that holds on to the database. `close` may be called more than once. */
export interface OpenHandle {
  close(): void;
}

export class OpenHandles {
  readonly #handles = new Set<OpenHandle>();

  get count(): number {
    return this.#handles.size;
  }

  add(handle: OpenHandle): void {
    this.#handles.add(handle);
  }

  remove(handle: OpenHandle): void {
    this.#handles.delete(handle);
  }

  closeAll(): void {
    for (const handle of [...this.#handles]) handle.close();
  }
}
