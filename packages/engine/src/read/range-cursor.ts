/**
 * An open range: a tree cursor with the view it needs, attached to the database.
 *
 * The base of iterators and cursors. It holds its view from opening to closing, so it sees one state whatever is
 * written, flushed or compacted meanwhile; closing it, or closing the database, gives the view back.
 */
import { abortedError, type CancelSignal, StorageError, untilAborted } from '@varve/base';
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
  readonly signal: CancelSignal | undefined;
  readonly wait: BlockWait;
}

export class RangeCursor implements OpenHandle {
  readonly inner: VisibleCursor;
  readonly #host: RangeHost;
  readonly #view: TreeView;
  #open = true;
  readonly #signal: CancelSignal | undefined;
  /** Closes the range when the signal is aborted. */
  readonly #abort: (() => void) | undefined;
  #isAborted = false;

  /** @throws StorageError CLOSED, ABORTED, SNAPSHOT_RELEASED; NOT_FOUND when the keyspace was dropped */
  constructor(host: RangeHost, target: RangeTarget) {
    host.assertReadable();
    const { snapshot, signal } = target;
    if (signal?.aborted) throw abortedError();
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
    this.#signal = signal;
    if (signal === undefined) return;
    this.#abort = () => {
      this.#isAborted = true;
      this.close();
    };
    signal.addEventListener('abort', this.#abort);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Resolves when the block that a step is PENDING for is loaded, and rejects at once when the signal is aborted. */
  load(): Promise<void> {
    const signal = this.#signal;
    if (signal === undefined) return this.inner.load();
    return untilAborted(signal, () => this.inner.load());
  }

  /** @throws StorageError ITERATOR_CLOSED, ABORTED */
  assertOpen(): void {
    if (this.#open) return;
    if (this.#isAborted) throw abortedError();
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
    if (this.#abort !== undefined) this.#signal!.removeEventListener('abort', this.#abort);
  }
}
