/**
 * An open range: a tree cursor with the view it needs, attached to the database.
 *
 * The base of iterators and cursors. It holds its view from opening to closing, so it sees one state whatever is
 * written, flushed or compacted meanwhile; closing it, or closing the database, gives the view back.
 */
import { StorageError } from '@varve/base';
import type { KeyBounds, VisibleCursor } from '../iterators/index.js';
import type { BlockWait, TableStore } from '../tables/index.js';
import type { CurrentView, OpenHandle, OpenHandles, TreeView } from '../view/index.js';
import type { ReadSnapshot } from './snapshot.js';
import { openTreeCursor } from './tree-cursor.js';

/** What every range of a database is opened with. */
export interface RangeHost {
  readonly current: CurrentView;
  readonly tables: TableStore;
  readonly handles: OpenHandles;
  /** @throws StorageError CLOSED when reading is not possible any more */
  assertReadable(): void;
  /** Lets other work of the event loop run. */
  yieldTurn(): Promise<void>;
  /** Milliseconds, for deciding when to yield. */
  monotonicMs(): number;
}

export interface RangeTarget {
  readonly keyspaceId: number;
  readonly bounds: KeyBounds;
  readonly snapshot: ReadSnapshot | undefined;
  readonly wait: BlockWait;
}

export class RangeCursor implements OpenHandle {
  readonly inner: VisibleCursor;
  readonly #host: RangeHost;
  readonly #view: TreeView;
  #open = true;

  /** @throws StorageError CLOSED, SNAPSHOT_RELEASED; NOT_FOUND when the keyspace was dropped */
  constructor(host: RangeHost, target: RangeTarget) {
    host.assertReadable();
    const { snapshot } = target;
    if (snapshot?.released) {
      throw new StorageError('SNAPSHOT_RELEASED', 'Cannot read a range: its snapshot is released');
    }
    const { view } = host.current;
    // A scan opens its range when it is first asked for an entry, which may be long after it was made.
    if (!view.version.keyspaces.has(target.keyspaceId)) {
      throw new StorageError('NOT_FOUND', 'Cannot read a range: its keyspace was dropped');
    }
    this.#host = host;
    this.#view = view.retain();
    this.inner = openTreeCursor({
      view: this.#view,
      tables: host.tables,
      keyspaceId: target.keyspaceId,
      sequence: snapshot?.sequence ?? host.current.visibleSequence,
      bounds: target.bounds,
      wait: target.wait,
    });
    host.handles.add(this);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** @throws StorageError ITERATOR_CLOSED */
  assertOpen(): void {
    if (this.#open) return;
    throw new StorageError(
      'ITERATOR_CLOSED',
      'Cannot use this iterator: it was closed, or its database was',
    );
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.handles.remove(this);
    this.inner.close();
    this.#view.release();
  }
}
