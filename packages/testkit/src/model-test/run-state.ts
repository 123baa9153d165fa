// The state of a run: the database under test, its model, and everything that is open or under way.

import type { Cursor, Durability, Snapshot } from '@varve/engine';
import { CommitLog, type CrashBounds } from './commit-log.js';
import { asDifference, Difference, hasCode } from './difference.js';
import { type KeyMaker, keyMakerOf } from './keys.js';
import type { KeyspaceModel, TextEntry, TextRange } from './model.js';
import type { OpenKeyspace, TestDatabase } from './open-keyspace.js';
import type { CrashChoice, RangeChoice, ScanChoice } from './operation.js';
import type { Profile } from './profiles.js';
import type { CrashImage, World } from './world.js';

/** What a read sees: a sequence, and the snapshot that has it, if it is not the newest state. */
export interface ReadView {
  readonly sequence: number;
  readonly snapshot: Snapshot | undefined;
}

/** A snapshot and what it must show. */
export interface OpenSnapshot {
  readonly snapshot: Snapshot;
  readonly sequence: number;
}

/** An iterator and what it has yet to give; `expected` is null before the first step, which is when it opens. */
export interface OpenIterator {
  readonly keyspace: OpenKeyspace;
  readonly scan: ScanChoice;
  readonly range: TextRange;
  readonly snapshot: OpenSnapshot | undefined;
  readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  expected: readonly TextEntry[] | null;
  nextIndex: number;
}

/** A cursor, what it must show, and where it stands; `index` null is nowhere. */
export interface OpenCursor {
  readonly keyspace: OpenKeyspace;
  readonly cursor: Cursor<unknown, unknown>;
  readonly expected: readonly TextEntry[];
  index: number | null;
}

/** A keyspace whose creation or end is under way when a crash strikes may be there or not. */
export interface SlotBounds {
  readonly model: KeyspaceModel;
  readonly existence: 'certain' | 'possible';
}

/** A crash, taken at one moment and to be recovered from later. */
export interface PendingCrash {
  readonly choice: CrashChoice;
  readonly image: CrashImage;
  /** Null when the database was just being opened: what was found then must be found again. */
  readonly bounds: CrashBounds | null;
  readonly slots: ReadonlyMap<number, SlotBounds> | null;
}

/** What may come of an operation that is under way when the database is closed. */
const CLOSING_CODES = ['CLOSED', 'ITERATOR_CLOSED', 'SNAPSHOT_RELEASED'];

/** See the head of this file. */
export class RunState {
  readonly profile: Profile;
  readonly world: World;
  readonly keyOf: KeyMaker;
  readonly keyspaces = new Map<number, OpenKeyspace>();
  readonly snapshots = new Map<number, OpenSnapshot>();
  readonly iterators = new Map<number, OpenIterator>();
  readonly cursors = new Map<number, OpenCursor>();
  /** The keyspace whose creation or end is under way. */
  changing: { readonly slot: number; readonly bounds: SlotBounds } | null = null;
  phase: 'running' | 'closing' | 'opening' = 'opening';
  commits = new CommitLog(0);
  pendingCrash: PendingCrash | null = null;
  /** The durability that writes have which ask for none. */
  durability: Durability = 'always';
  #database: TestDatabase | null = null;
  #later: Promise<void>[] = [];
  #difference: Difference | null = null;

  constructor(profile: Profile, world: World) {
    this.profile = profile;
    this.world = world;
    this.keyOf = keyMakerOf(profile.keyShape);
  }

  get database(): TestDatabase {
    return this.#database!;
  }

  set database(database: TestDatabase) {
    this.#database = database;
  }

  /** The first difference found by something that nobody waited for. */
  get laterDifference(): Difference | null {
    return this.#difference;
  }

  /** Goes on without waiting for something; what it finds is reported later. */
  follow(promise: Promise<void>, what: string): void {
    const checked = promise.catch((error: unknown) => {
      if (this.phase === 'closing' && hasCode(error, CLOSING_CODES)) return;
      this.#difference ??= asDifference(error, what);
    });
    this.#later.push(checked);
  }

  /** Waits for everything that was followed. */
  async catchUp(): Promise<void> {
    await Promise.all(this.#later.splice(0));
    if (this.#difference !== null) throw this.#difference;
  }

  /** Forgets what was open and under way: the process died, or the database was closed. */
  forget(): void {
    this.keyspaces.clear();
    this.snapshots.clear();
    this.iterators.clear();
    this.cursors.clear();
    this.#later = [];
    this.changing = null;
  }

  /** What a read sees now, of a snapshot if the slot has one. Checks that it may. */
  view(snapshotSlot: number | null): ReadView {
    const open = snapshotSlot === null ? undefined : this.snapshots.get(snapshotSlot);
    if (open !== undefined) return { sequence: open.sequence, snapshot: open.snapshot };
    return { sequence: this.visibleSequence(), snapshot: undefined };
  }

  /** The sequence reads see now. Throws a Difference if they must not. */
  visibleSequence(): number {
    const snapshot = this.database.snapshot();
    const { sequence } = snapshot;
    snapshot.close();
    const fault = this.commits.refuteVisible(sequence);
    if (fault !== null) throw new Difference(fault);
    return sequence;
  }

  /** The keys that a range is made of. */
  range({ prefix, reverse, limit, ...bounds }: RangeChoice): TextRange {
    const texts = Object.entries(bounds).map(([name, key]) => [name, this.keyOf(key)] as const);
    return {
      ...Object.fromEntries(texts),
      ...(prefix !== undefined && { prefix: this.keyOf(prefix.key).slice(0, prefix.length) }),
      ...(reverse !== undefined && { reverse }),
      ...(limit !== undefined && { limit }),
    };
  }

  /** The keyspaces as a crash now would leave them. */
  slotBounds(): Map<number, SlotBounds> {
    const bounds = new Map<number, SlotBounds>();
    for (const [slot, { model }] of this.keyspaces) {
      bounds.set(slot, { model, existence: 'certain' });
    }
    if (this.changing !== null) bounds.set(this.changing.slot, this.changing.bounds);
    return bounds;
  }
}
