// Which versions must keep their files, and which files have become free.
//
// A version is kept by its readers, and by this list from the moment it is current until a later one is
// durable: a crash may bring back any version from the last durable one on. Tables belong to versions.
// Logs belong only to the versions a crash may bring back, since readers never look into a log.
//
// A table is named by the versions from the edit that added it up to the one that removed it, and numbers are never used
// again. So it is free as soon as no version between the two is kept: a reader who stays for days keeps the tables of its
// own version, and not all that came and went since.

import type { NumberedFile } from '../directory/index.js';
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
    for (const { fileNumber, sizeBytes } of tablesRemovedBy(edit, before)) {
      const addedEditCount = this.#additions.get(fileNumber) ?? 0;
      this.#additions.delete(fileNumber);
      this.#removedTables.push({ fileNumber, editCount, addedEditCount, sizeBytes });
    }
    this.#noteAdditions(edit, editCount);
    const logs = new Set(version.logs);
    for (const fileNumber of before.logs) {
      if (!logs.has(fileNumber)) this.#removedLogs.push({ fileNumber, editCount });
    }
    this.#keep({ version, editCount });
  }

  /** No crash takes back the edits up to `editCount` any more. */
  noteDurable(editCount: number): void {
    const obsolete = this.#recoverable.filter((kept) => kept.editCount < editCount);
    this.#recoverable = this.#recoverable.slice(obsolete.length);
    for (const { version } of obsolete) version.release();
  }

  /** Bytes of tables that are not part of the newest version any more, and are kept for readers or until that is durable. */
  get pinnedBytes(): number {
    return this.#removedTables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Everything that must be kept. O(tables of the versions kept); levels they share count once. */
  liveTables(): Set<number> {
    const tables = new Set<number>();
    const seen = new Set<Level>();
    for (const version of this.#kept.keys()) {
      for (const tree of version.keyspaces.values()) {
        for (const level of tree.levels) {
          if (seen.has(level)) continue;
          seen.add(level);
          for (const { fileNumber } of level.tables) tables.add(fileNumber);
        }
      }
    }
    return tables;
  }

  /** The logs a recovery after a crash may ask for. */
  liveLogs(): Set<number> {
    return new Set(this.#recoverable.flatMap(({ version }) => version.logs));
  }

  /** The files that have become free since this was asked last. O(files that are not free, times versions kept). */
  takeUnused(): NumberedFile[] {
    const tables = this.#removedTables.filter((removal) => !this.#isNamed(removal));
    if (tables.length > 0) {
      this.#removedTables = this.#removedTables.filter((removal) => this.#isNamed(removal));
    }
    const logs = takeUpTo(this.#removedLogs, this.#recoverable[0].editCount);
    return [
      ...tables.map(({ fileNumber }) => ({ kind: 'table', fileNumber }) as const),
      ...logs.map(({ fileNumber }) => ({ kind: 'log', fileNumber }) as const),
    ];
  }

  /** Whether a version that is kept names the table. */
  #isNamed({ addedEditCount, editCount }: TableRemoval): boolean {
    for (const kept of this.#kept.values()) {
      if (kept >= addedEditCount && kept < editCount) return true;
    }
    return false;
  }

  /** A table that only moves to another level was there before. */
  #noteAdditions({ tablesAdded, tablesRemoved }: VersionEdit, editCount: number): void {
    const moved = new Set(tablesRemoved?.map(({ fileNumber }) => fileNumber));
    for (const { table } of tablesAdded ?? []) {
      if (!moved.has(table.fileNumber)) this.#additions.set(table.fileNumber, editCount);
    }
  }

  get #newest(): NumberedVersion {
    return this.#recoverable[this.#recoverable.length - 1];
  }

  #keep(entry: NumberedVersion): void {
    entry.version.watch((version) => this.#kept.delete(version));
    this.#kept.set(entry.version.retain(), entry.editCount);
    this.#recoverable.push(entry);
  }
}

/**
 * Tables that are in `before` and not in the version after `edit`; a moved table is in both. Requires: the edit could be applied
 * to `before`, so what it names is there.
 */
function tablesRemovedBy(edit: VersionEdit, before: Version): TableMetadata[] {
  const added = new Set(edit.tablesAdded?.map(({ table }) => table.fileNumber));
  const removed = new Map<number, TableMetadata>();
  for (const { keyspaceId, level, fileNumber } of edit.tablesRemoved ?? []) {
    const { tables } = before.keyspaces.get(keyspaceId)!.levels[level];
    removed.set(fileNumber, tables.find((table) => table.fileNumber === fileNumber)!);
  }
  for (const id of edit.keyspacesDropped ?? []) {
    for (const level of before.keyspaces.get(id)!.levels) {
      for (const table of level.tables) removed.set(table.fileNumber, table);
    }
  }
  return [...removed.values()].filter(({ fileNumber }) => !added.has(fileNumber));
}

/** Takes the removals of the edits up to `editCount` off the front of the list. */
function takeUpTo(removals: Removal[], editCount: number): Removal[] {
  const past = removals.findIndex((removal) => removal.editCount > editCount);
  return removals.splice(0, past < 0 ? removals.length : past);
}
