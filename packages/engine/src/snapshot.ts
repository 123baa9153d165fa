/**
 * A snapshot: a sequence number that reads can be asked for, and that flush and compaction keep versions for.
 */
import { StorageError } from '@varve/base';
import type { ReadSnapshot } from './read/index.js';
import type { OpenHandle, OpenHandles, SnapshotEntry, SnapshotList } from './view/index.js';

/**
 * The state of a database at one moment, for reads: pass it as `{ snapshot }`. Costs nothing to make; while it is open,
 * versions it can see are kept on disk. Close it when done (`using snapshot = db.snapshot()`).
 */
export class Snapshot implements ReadSnapshot {
  readonly #hold: SnapshotHold;

  /** Made by `Database.snapshot()`. */
  constructor(list: SnapshotList, handles: OpenHandles, entry: SnapshotEntry) {
    this.#hold = new SnapshotHold(list, handles, entry);
    handles.watch(this, this.#hold, 'snapshot');
  }

  /** Writes up to this sequence number are visible in the snapshot. */
  get sequence(): number {
    return this.#hold.entry.sequence;
  }

  /** Whether it was closed, by its owner or with the database. */
  get released(): boolean {
    return !this.#hold.isOpen;
  }

  /** Gives the snapshot up. May be called more than once. */
  close(): void {
    this.#hold.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What the database knows of a snapshot: its owner may be lost. */
class SnapshotHold implements OpenHandle {
  readonly entry: SnapshotEntry;
  readonly #list: SnapshotList;
  readonly #handles: OpenHandles;
  #isOpen = true;

  constructor(list: SnapshotList, handles: OpenHandles, entry: SnapshotEntry) {
    this.#list = list;
    this.#handles = handles;
    this.entry = entry;
    handles.add(this);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#handles.remove(this);
    this.#list.remove(this.entry);
  }
}

/** The sequence to read at: of the snapshot, or `latest` when there is none. */
export function sequenceOf(snapshot: ReadSnapshot | undefined, latest: number): number {
  if (snapshot === undefined) return latest;
  if (!snapshot.released) return snapshot.sequence;
  throw new StorageError('SNAPSHOT_RELEASED', 'Cannot read: the snapshot is released');
}
