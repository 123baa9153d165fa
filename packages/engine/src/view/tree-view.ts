/**
 * One state of the tree, for ever: the memtables and the version that together hold every visible entry.
 *
 * A reader that may be interrupted (an asynchronous get, an iterator) retains the view it started on; the memtables'
 * memory and the version's tables stay until the last reader releases it. Synchronous gets need no reference, because
 * nothing can change under them.
 */
import { assert } from '@varve/base';
import type { Version } from '../manifest/index.js';
import type { Memtable } from '../memtable/index.js';

export class TreeView {
  /** Newest first: the active memtable, then the frozen ones. */
  readonly memtables: readonly Memtable[];
  readonly version: Version;
  readonly #onUnused: (view: TreeView) => void;
  #referenceCount = 1;

  /** @param onUnused called once, when the last reference is released */
  constructor(
    memtables: readonly Memtable[],
    version: Version,
    onUnused: (view: TreeView) => void,
  ) {
    this.memtables = memtables;
    this.version = version;
    this.#onUnused = onUnused;
  }

  retain(): this {
    assert(this.#referenceCount > 0, 'A released view cannot be retained');
    this.#referenceCount += 1;
    return this;
  }

  release(): void {
    assert(this.#referenceCount > 0, 'A view cannot be released twice');
    this.#referenceCount -= 1;
    if (this.#referenceCount === 0) this.#onUnused(this);
  }
}
