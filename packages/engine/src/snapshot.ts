/**
 * A snapshot: a sequence number that reads can be asked for, and that flush and compaction keep versions for.
 */
import { StorageError } from '@varve/base';
import { LATEST, type ReadSnapshot } from './read/index.js';
import type { OpenHandle, OpenHandles, SnapshotEntry, SnapshotList } from './view/index.js';

/** What is behind a snapshot; undefined for anything else. Assigned by the class, which alone can tell. */
let holdOf: (snapshot: unknown) => SnapshotHold | undefined;

/**
 * The state of a database at one moment, for reads: pass it as `{ snapshot }`. Costs nothing to make; while it is open,
 * versions it can see are kept on disk. Close it when done (`using snapshot = db.snapshot()`).
 */
export class Snapshot implements ReadSnapshot {
  readonly #hold: SnapshotHold;

  static {
    holdOf = (snapshot) =>
      typeof snapshot === 'object' && snapshot !== null && #hold in snapshot
        ? snapshot.#hold
        : undefined;
  }

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
  readonly list: SnapshotList;
  readonly #handles: OpenHandles;
  #isOpen = true;

  constructor(list: SnapshotList, handles: OpenHandles, entry: SnapshotEntry) {
    this.list = list;
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
    this.list.remove(this.entry);
  }
}

/**
 * The sequence to read at: of the snapshot, or `LATEST` when there is none. `list` is where the database keeps its own.
 * @throws TypeError as `checkSnapshot`; StorageError SNAPSHOT_RELEASED
 */
export function sequenceOf(snapshot: ReadSnapshot | undefined, list: SnapshotList): number {
  if (snapshot === undefined) return LATEST;
  const { isOpen, entry } = checkSnapshot(snapshot, list);
  if (isOpen) return entry.sequence;
  throw new StorageError('SNAPSHOT_RELEASED', 'Cannot read: the snapshot is released');
}

/**
 * What is behind a snapshot of the list. A released one may be anybody's: nothing can be read at it anyway, and whoever
 * has opened the database again is to be told that it was released.
 * @throws TypeError when it is none, or of another database, whose sequence numbers mean nothing here
 */
export function checkSnapshot(snapshot: ReadSnapshot, list: SnapshotList): SnapshotHold {
  const hold = holdOf(snapshot);
  if (hold === undefined) {
    throw new TypeError('Cannot read: snapshot must be what snapshot() of the database gave');
  }
  if (hold.list === list || !hold.isOpen) return hold;
  throw new TypeError('Cannot read: the snapshot belongs to another database');
}
