// A version: which tables, logs and keyspaces the database consists of, between one edit and the next.
//
// Immutable. An edit gives a new version that shares every tree and every level it does not touch, so
// readers keep the version they started with at no cost. A version counts who holds it; its files are
// kept for as long as anyone does.

import { assert, BugError } from '@varve/base';
import {
  DEFAULT_KEYSPACE_ID,
  emptyTree,
  type KeyspaceMetadata,
  type KeyspaceTree,
  LEVEL_COUNT,
  makeTree,
} from './keyspace.js';
import type { LevelChange, Refuse } from './level.js';
import type { TableMetadata } from './table-metadata.js';
import type { VersionEdit } from './version-edit.js';

interface VersionState {
  readonly keyspaces: ReadonlyMap<number, KeyspaceTree>;
  readonly logs: readonly number[];
  readonly minimumLogNumber: number;
  readonly nextFileNumber: number;
  readonly nextKeyspaceId: number;
  readonly lastSequence: number;
}

/** Treats whatever is refused as a bug: right for edits that the engine itself made. */
export const refuseAsBug: Refuse = (reason) => {
  throw new BugError(`Cannot apply version edit: ${reason}`);
};

/** See the head of this file. */
export class Version {
  /** By id; in the order of their ids. */
  readonly keyspaces: ReadonlyMap<number, KeyspaceTree>;
  /** The logs that hold entries not yet in tables, ascending; none is below `minimumLogNumber`. */
  readonly logs: readonly number[];
  readonly minimumLogNumber: number;
  /** Higher than the number of every file this version names. */
  readonly nextFileNumber: number;
  /** The id of the next keyspace to be made. */
  readonly nextKeyspaceId: number;
  /** At least as high as the sequence number of every entry in a table. */
  readonly lastSequence: number;
  #referenceCount = 0;
  #onUnused: ((version: Version) => void) | undefined;

  private constructor(state: VersionState) {
    this.keyspaces = state.keyspaces;
    this.logs = state.logs;
    this.minimumLogNumber = state.minimumLogNumber;
    this.nextFileNumber = state.nextFileNumber;
    this.nextKeyspaceId = state.nextKeyspaceId;
    this.lastSequence = state.lastSequence;
    this.#assertNumbers();
  }

  #assertNumbers(): void {
    assert(Number.isSafeInteger(this.nextFileNumber), 'files are counted exactly');
    assert(Number.isSafeInteger(this.lastSequence), 'sequence numbers are counted exactly');
    assert(this.nextFileNumber >= 1, 'files are numbered from 1');
    assert(this.lastSequence >= 0, 'sequence numbers do not fall below 0');
    assert(this.minimumLogNumber <= this.nextFileNumber, 'the lowest log has been numbered');
    assert(this.nextKeyspaceId >= DEFAULT_KEYSPACE_ID, 'keyspaces are numbered from 0');
  }

  /** What a manifest starts from: nothing, not even the default keyspace. */
  static blank(): Version {
    const blank = new Version({
      keyspaces: new Map(),
      logs: [],
      minimumLogNumber: 1,
      nextFileNumber: 1,
      nextKeyspaceId: DEFAULT_KEYSPACE_ID,
      lastSequence: 0,
    });
    assert(blank.tableBytes === 0, 'nothing has no size');
    assert(!blank.keyspaces.has(DEFAULT_KEYSPACE_ID), 'the default keyspace comes with an edit');
    return blank;
  }

  /**
   * Gives the version after `edit`; this one stays as it is. Copies the levels that change and shares
   * the rest. An edit that does not fit is refused; by default that is a bug.
   */
  apply(edit: VersionEdit, refuse: Refuse = refuseAsBug): Version {
    const nextFileNumber = edit.nextFileNumber ?? this.nextFileNumber;
    if (nextFileNumber < this.nextFileNumber) refuse('the next file number decreases');
    const { keyspaces, nextKeyspaceId } = this.#withKeyspaces(edit, refuse);
    applyTables(keyspaces, edit, refuse);
    for (const id of edit.keyspacesDropped ?? []) {
      if (id === DEFAULT_KEYSPACE_ID) refuse('the default keyspace is dropped');
      if (!keyspaces.delete(id)) refuse(`keyspace ${id} is dropped and does not exist`);
    }
    const next = new Version({
      keyspaces,
      ...this.#withLogs(edit, nextFileNumber, refuse),
      nextFileNumber,
      nextKeyspaceId,
      lastSequence: this.#lastSequenceAfter(edit, nextFileNumber, refuse),
    });
    this.#assertFollowedBy(next);
    return next;
  }

  /** What no edit may undo: numbers that were given are never given again. */
  #assertFollowedBy(next: Version): void {
    assert(next.nextFileNumber >= this.nextFileNumber, 'file numbers are never used again');
    assert(next.nextKeyspaceId >= this.nextKeyspaceId, 'keyspace ids are never used again');
    assert(next.lastSequence >= this.lastSequence, 'sequence numbers are never used again');
    assert(next.minimumLogNumber >= this.minimumLogNumber, 'a log that was given up stays so');
  }

  /** The edit that leads from a blank version to this one. */
  toEdit(): VersionEdit {
    const { nextFileNumber, nextKeyspaceId, lastSequence, minimumLogNumber, logs } = this;
    const trees = [...this.keyspaces.values()];
    assert(
      trees.every(({ metadata }) => metadata.id < nextKeyspaceId),
      'every keyspace has been numbered',
    );
    assert(
      logs.every((log) => log >= minimumLogNumber),
      'no log is named that was given up',
    );
    return {
      nextFileNumber,
      nextKeyspaceId,
      lastSequence,
      minimumLogNumber,
      logsAdded: logs,
      keyspacesAdded: trees.map((tree) => tree.metadata),
      tablesAdded: trees.flatMap(({ metadata, levels }) =>
        levels.flatMap(({ level, tables }) =>
          tables.map((table) => ({ keyspaceId: metadata.id, level, table })),
        ),
      ),
    };
  }

  /** Size of all tables. O(levels). */
  get tableBytes(): number {
    let sizeBytes = 0;
    for (const { levels } of this.keyspaces.values()) {
      for (const level of levels) sizeBytes += level.sizeBytes;
    }
    assert(Number.isSafeInteger(sizeBytes), 'sizes add up to a size');
    assert(sizeBytes >= 0, 'no size is negative');
    return sizeBytes;
  }

  /** Every table, keyspace by keyspace and level by level. */
  *tables(): Generator<TableMetadata> {
    for (const tree of this.keyspaces.values()) {
      for (const level of tree.levels) yield* level.tables;
    }
  }

  /**
   * Checks everything that must be true of a version, over all its tables: for versions that come from
   * a file, and for tests. `apply` checks what it changes.
   */
  checkInvariants(refuse: Refuse = refuseAsBug): void {
    if (!this.keyspaces.has(DEFAULT_KEYSPACE_ID)) refuse('there is no default keyspace');
    const fileNumbers = new Set<number>(this.logs);
    assert(fileNumbers.size === this.logs.length, 'a log is named once');
    assert(
      this.logs.every((log) => log >= this.minimumLogNumber),
      'no log is named that was given up',
    );
    for (const tree of this.keyspaces.values()) {
      assert(tree.levels.length === LEVEL_COUNT, 'a tree has all its levels');
      for (const level of tree.levels) level.check(refuse);
    }
    for (const { fileNumber } of this.tables()) {
      if (fileNumbers.has(fileNumber)) refuse(`file number ${fileNumber} is used twice`);
      fileNumbers.add(fileNumber);
    }
  }

  /** Keeps the files of this version until the matching `release()`. */
  retain(): this {
    assert(this.#referenceCount >= 0, 'a version is released as often as it was retained');
    this.#referenceCount += 1;
    assert(Number.isSafeInteger(this.#referenceCount), 'references are counted exactly');
    return this;
  }

  /** Ends a `retain()`. With the last one the version is unused, for good. */
  release(): void {
    assert(this.#referenceCount > 0, 'a version is released as often as it was retained');
    this.#referenceCount -= 1;
    assert(this.#referenceCount >= 0, 'references are not owed');
    if (this.#referenceCount === 0) this.#onUnused?.(this);
  }

  /** Calls `onUnused` once nobody holds this version any more. Requires: asked for once. */
  watch(onUnused: (version: Version) => void): void {
    assert(this.#onUnused === undefined, 'a version has one owner');
    assert(this.#referenceCount === 0, 'a version is watched before anyone holds it');
    this.#onUnused = onUnused;
  }

  #withKeyspaces(
    edit: VersionEdit,
    refuse: Refuse,
  ): { keyspaces: Map<number, KeyspaceTree>; nextKeyspaceId: number } {
    const keyspaces = new Map(this.keyspaces);
    let nextKeyspaceId = this.nextKeyspaceId;
    for (const metadata of edit.keyspacesAdded ?? []) {
      if (metadata.id < nextKeyspaceId) refuse(`keyspace id ${metadata.id} has been used before`);
      if (hasName(keyspaces, metadata)) refuse(`two keyspaces have the name of ${metadata.id}`);
      keyspaces.set(metadata.id, emptyTree(metadata));
      nextKeyspaceId = metadata.id + 1;
    }
    assert(nextKeyspaceId >= this.nextKeyspaceId, 'ids ascend');
    assert(keyspaces.size >= this.keyspaces.size, 'nothing is dropped by adding');
    return { keyspaces, nextKeyspaceId: Math.max(nextKeyspaceId, edit.nextKeyspaceId ?? 0) };
  }

  #withLogs(
    edit: VersionEdit,
    nextFileNumber: number,
    refuse: Refuse,
  ): { logs: readonly number[]; minimumLogNumber: number } {
    const minimumLogNumber = edit.minimumLogNumber ?? this.minimumLogNumber;
    if (minimumLogNumber < this.minimumLogNumber) refuse('the lowest log number decreases');
    if (minimumLogNumber > nextFileNumber) refuse('the lowest log number has not been reached');
    const logs = new Set(this.logs);
    for (const log of edit.logsAdded ?? []) {
      if (logs.has(log)) refuse(`log ${log} is added twice`);
      if (log >= nextFileNumber) refuse(`log ${log} is not below the next file number`);
      logs.add(log);
    }
    const live = [...logs].filter((log) => log >= minimumLogNumber);
    assert(live.length <= logs.size, 'a log is live once');
    assert(logs.size >= this.logs.length, 'nothing is given up by adding');
    return { logs: live.sort((a, b) => a - b), minimumLogNumber };
  }

  #lastSequenceAfter(edit: VersionEdit, nextFileNumber: number, refuse: Refuse): number {
    let lastSequence = Math.max(this.lastSequence, edit.lastSequence ?? 0);
    for (const { table } of edit.tablesAdded ?? []) {
      if (table.fileNumber >= nextFileNumber) {
        refuse(`table ${table.fileNumber} is not below the next file number`);
      }
      lastSequence = Math.max(lastSequence, table.largestSequence);
    }
    assert(lastSequence >= this.lastSequence, 'sequence numbers do not fall');
    assert(nextFileNumber >= this.nextFileNumber, 'file numbers do not fall');
    return lastSequence;
  }
}

function hasName(
  keyspaces: ReadonlyMap<number, KeyspaceTree>,
  { name }: KeyspaceMetadata,
): boolean {
  assert(
    [...keyspaces].every(([id, tree]) => tree.metadata.id === id),
    'a keyspace is found by its id',
  );
  return [...keyspaces.values()].some((tree) => tree.metadata.name === name);
}

interface MutableLevelChange extends LevelChange {
  readonly removed: Set<number>;
  readonly added: TableMetadata[];
}

/** Puts changed trees into `keyspaces`; levels without a change are shared. */
function applyTables(
  keyspaces: Map<number, KeyspaceTree>,
  edit: VersionEdit,
  refuse: Refuse,
): void {
  for (const [keyspaceId, changes] of changesByLevel(edit, refuse)) {
    const tree = keyspaces.get(keyspaceId);
    const { metadata, levels: before } = tree ?? refuse(`keyspace ${keyspaceId} does not exist`);
    assert(before.length === LEVEL_COUNT, 'a tree has all its levels');
    assert(changes.size > 0, 'what is visited has changes');
    const levels = before.map((level, index) => {
      const change = changes.get(index);
      return change === undefined ? level : level.changed(change, refuse);
    });
    keyspaces.set(keyspaceId, makeTree(metadata, levels));
  }
}

function editSize({ tablesAdded = [], tablesRemoved = [] }: VersionEdit): number {
  return tablesAdded.length + tablesRemoved.length;
}

/** By keyspace, then by level. */
function changesByLevel(
  edit: VersionEdit,
  refuse: Refuse,
): Map<number, Map<number, MutableLevelChange>> {
  const changes = new Map<number, Map<number, MutableLevelChange>>();
  const changeOf = (keyspaceId: number, level: number): MutableLevelChange => {
    if (level >= LEVEL_COUNT) refuse(`there is no level ${level}`);
    const tree = changes.get(keyspaceId) ?? new Map<number, MutableLevelChange>();
    changes.set(keyspaceId, tree);
    const change = tree.get(level) ?? { removed: new Set<number>(), added: [] };
    tree.set(level, change);
    return change;
  };
  for (const { keyspaceId, level, fileNumber } of edit.tablesRemoved ?? []) {
    changeOf(keyspaceId, level).removed.add(fileNumber);
  }
  for (const { keyspaceId, level, table } of edit.tablesAdded ?? []) {
    changeOf(keyspaceId, level).added.push(table);
  }
  assert(changes.size <= editSize(edit), 'what changes is named by the edit');
  assert(changes.size > 0 || editSize(edit) === 0, 'what is named by the edit changes');
  return changes;
}
