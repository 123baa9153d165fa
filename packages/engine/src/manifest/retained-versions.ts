// Which versions must keep their files, and which files have become free.
//
// A version is kept by its readers, and by this list from the moment it is current until a later one is
// durable: a crash may bring back any version from the last durable one on. Tables belong to versions.
// Logs belong only to the versions a crash may bring back, since readers never look into a log.
//
// A table is named by the versions from the edit that added it up to the one that removed it, and numbers are never used
// again. So it is free as soon as no version between the two is kept: a reader who stays for days keeps the tables of its
// own version, and not all that came and went since.

import { assert } from '@varve/base';
import type { NumberedFile } from '../directory/index.js';
import { DEFAULT_KEYSPACE_ID, LEVEL_COUNT } from './keyspace.js';
import type { Level } from './level.js';
import type { TableMetadata } from './table-metadata.js';
import type { Version } from './version.js';
import type { VersionEdit } from './version-edit.js';

interface NumberedVersion {
  readonly version: Version;
  /** The edit that led to it. */
  readonly editCount: number;
}

interface Removal {
  readonly fileNumber: number;
  /** The edit that removed it. */
  readonly editCount: number;
}

interface TableRemoval extends Removal {
  /** The edit that added it; 0 for those that were there at the start. */
  readonly addedEditCount: number;
  readonly sizeBytes: number;
}

/** See the head of this file. */
export class RetainedVersions {
  /** Every version that anyone holds, oldest first, with its edit. */
  readonly #kept = new Map<Version, number>();
  /** Those a crash may bring back: the durable one, and all since. */
  #recoverable: NumberedVersion[] = [];
  /** Tables that were added since the start and are still named, by file number: with the edit that added them. */
  readonly #additions = new Map<number, number>();
  /** In the order of their edits. */
  #removedTables: TableRemoval[] = [];
  readonly #removedLogs: Removal[] = [];

  /** Starts with a version that is durable. */
  constructor(version: Version) {
    this.#keep({ version, editCount: 0 });
    assert(this.#kept.size === 1, 'the version to start with is the only one');
    assert(this.editCount === 0, 'edits are counted from the version to start with');
  }

  /** The newest version. */
  get current(): Version {
    return this.#newest.version;
  }

  /** The edit that led to the newest version. */
  get editCount(): number {
    return this.#newest.editCount;
  }

  /** How many versions are kept, the current one included. */
  get keptCount(): number {
    return this.#kept.size;
  }

  /** Makes `version` current; `edit` is what led to it from the one before. */
  install(version: Version, edit: VersionEdit): void {
    const before = this.current;
    const editCount = this.editCount + 1;
    assertFollows(version, before);
    for (const { fileNumber, sizeBytes } of tablesRemovedBy(edit, before)) {
      const addedEditCount = this.#additions.get(fileNumber) ?? 0;
      assert(addedEditCount < editCount, 'a table is added before it is removed');
      this.#additions.delete(fileNumber);
      this.#removedTables.push({ fileNumber, editCount, addedEditCount, sizeBytes });
    }
    this.#noteAdditions(edit, editCount);
    const logs = new Set(version.logs);
    for (const fileNumber of before.logs) {
      if (logs.has(fileNumber)) continue;
      assert(fileNumber < version.minimumLogNumber, 'a log that goes is below the lowest needed');
      this.#removedLogs.push({ fileNumber, editCount });
    }
    this.#keep({ version, editCount });
    assert(this.current === version, 'the version that was installed last is current');
    assert(this.editCount === editCount, 'an edit is counted once');
  }

  /** No crash takes back the edits up to `editCount` any more. */
  noteDurable(editCount: number): void {
    assert(editCount <= this.editCount, 'an edit is installed before it is durable');
    assert(editCount >= this.#recoverable[0].editCount, 'an edit that was durable stays so');
    const obsolete = this.#recoverable.filter((kept) => kept.editCount < editCount);
    this.#recoverable = this.#recoverable.slice(obsolete.length);
    assert(this.#recoverable.length > 0, 'the newest version is never obsolete');
    assert(this.#recoverable[0].editCount === editCount, 'the oldest of them is the durable one');
    for (const { version } of obsolete) version.release();
    assert(this.#kept.size >= this.#recoverable.length, 'what a crash may bring back is kept');
  }

  /** Bytes of tables that are not part of the newest version any more, and are kept for readers or until that is durable. */
  get pinnedBytes(): number {
    return this.#removedTables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Everything that must be kept. O(tables of the versions kept); levels they share count once. */
  liveTables(): Set<number> {
    const tables = new Set<number>();
    const seen = new Set<Level>();
    assert(this.#kept.has(this.current), 'the newest version is kept');
    for (const version of this.#kept.keys()) {
      assert(version.keyspaces.has(DEFAULT_KEYSPACE_ID), 'the default keyspace is always there');
      for (const tree of version.keyspaces.values()) {
        assert(tree.levels.length === LEVEL_COUNT, 'a tree has all its levels');
        for (const level of tree.levels) {
          if (seen.has(level)) continue;
          seen.add(level);
          for (const { fileNumber } of level.tables) tables.add(fileNumber);
        }
      }
    }
    assert(tables.size < this.current.nextFileNumber, 'every table has a number of its own');
    return tables;
  }

  /** The logs a recovery after a crash may ask for. */
  liveLogs(): Set<number> {
    assert(this.#recoverable.length > 0, 'a crash brings back one version or another');
    const logs = new Set(this.#recoverable.flatMap(({ version }) => version.logs));
    assert(logs.size >= this.current.logs.length, 'the logs of the newest version are live');
    return logs;
  }

  /** The files that have become free since this was asked last. O(files that are not free, times versions kept). */
  takeUnused(): NumberedFile[] {
    assert(this.#recoverable.length > 0, 'a crash brings back one version or another');
    const removedCount = this.#removedTables.length;
    const tables = this.#removedTables.filter((removal) => !this.#isNamed(removal));
    if (tables.length > 0) {
      this.#removedTables = this.#removedTables.filter((removal) => this.#isNamed(removal));
    }
    assert(
      this.#removedTables.length + tables.length === removedCount,
      'a table that was removed is either free or still named',
    );
    const logs = takeUpTo(this.#removedLogs, this.#recoverable[0].editCount);
    return [
      ...tables.map(({ fileNumber }) => ({ kind: 'table', fileNumber }) as const),
      ...logs.map(({ fileNumber }) => ({ kind: 'log', fileNumber }) as const),
    ];
  }

  /** Whether a version that is kept names the table. */
  #isNamed({ addedEditCount, editCount }: TableRemoval): boolean {
    assert(addedEditCount < editCount, 'a table is named by one version at least');
    for (const kept of this.#kept.values()) {
      if (kept >= addedEditCount && kept < editCount) return true;
    }
    return false;
  }

  /** A table that only moves to another level was there before. */
  #noteAdditions({ tablesAdded, tablesRemoved }: VersionEdit, editCount: number): void {
    assert(editCount > this.editCount, 'tables are noted before their edit is current');
    const moved = new Set(tablesRemoved?.map(({ fileNumber }) => fileNumber));
    for (const { table } of tablesAdded ?? []) {
      if (moved.has(table.fileNumber)) continue;
      assert(!this.#additions.has(table.fileNumber), 'the number of a table is not used again');
      this.#additions.set(table.fileNumber, editCount);
    }
  }

  get #newest(): NumberedVersion {
    return this.#recoverable[this.#recoverable.length - 1];
  }

  #keep(entry: NumberedVersion): void {
    assert(!this.#kept.has(entry.version), 'a version is installed once');
    assert(
      this.#recoverable.length === 0 || entry.editCount === this.editCount + 1,
      'every edit leads to a version of its own',
    );
    entry.version.watch((version) => this.#kept.delete(version));
    this.#kept.set(entry.version.retain(), entry.editCount);
    this.#recoverable.push(entry);
    assert(this.#kept.size >= this.#recoverable.length, 'what a crash may bring back is kept');
  }
}

/** An edit that would make it false is refused when it is applied. */
function assertFollows(version: Version, before: Version): void {
  assert(version !== before, 'an edit leaves the version before it as it is');
  assert(version.nextFileNumber >= before.nextFileNumber, 'file numbers are never used again');
  assert(version.lastSequence >= before.lastSequence, 'sequence numbers only grow');
}

/**
 * Tables that are in `before` and not in the version after `edit`; a moved table is in both. Requires: the edit could be applied
 * to `before`, so what it names is there.
 */
function tablesRemovedBy(edit: VersionEdit, before: Version): TableMetadata[] {
  const added = new Set(edit.tablesAdded?.map(({ table }) => table.fileNumber));
  const removed = new Map<number, TableMetadata>();
  for (const { keyspaceId, level, fileNumber } of edit.tablesRemoved ?? []) {
    const tree = before.keyspaces.get(keyspaceId);
    assert(tree !== undefined, 'a table is removed from a keyspace that is there');
    assert(level >= 0, 'levels are counted from 0 on');
    assert(level < LEVEL_COUNT, 'a table is removed from one of the seven levels');
    const table = tree.levels[level].tables.find((other) => other.fileNumber === fileNumber);
    assert(table !== undefined, 'a table that is removed is there');
    removed.set(fileNumber, table);
  }
  for (const id of edit.keyspacesDropped ?? []) {
    const tree = before.keyspaces.get(id);
    assert(tree !== undefined, 'a keyspace that is dropped is there');
    for (const level of tree.levels) {
      for (const table of level.tables) removed.set(table.fileNumber, table);
    }
  }
  return [...removed.values()].filter(({ fileNumber }) => !added.has(fileNumber));
}

/** Takes the removals of the edits up to `editCount` off the front of the list. */
function takeUpTo(removals: Removal[], editCount: number): Removal[] {
  const past = removals.findIndex((removal) => removal.editCount > editCount);
  const taken = removals.splice(0, past < 0 ? removals.length : past);
  const last = removals[removals.length - 1];
  assert(last === undefined || last.editCount > editCount, 'removals are in order of their edits');
  return taken;
}
