// Which versions must keep their files, and which files have become free.
//
// A version is kept by its readers, and by this list from the moment it is current until a later one is
// durable: a crash may bring back any version from the last durable one on. Tables belong to versions.
// Logs belong only to the versions a crash may bring back, since readers never look into a log.
//
// A table removed by edit n is named by no version from n on, and numbers are never used again. So it is
// free as soon as the oldest version still kept is n or later: no search through versions is needed.

import type { NumberedFile } from '../directory/index.js';
import type { Level } from './level.js';
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

/** See the head of this file. */
export class RetainedVersions {
  /** Every version that anyone holds, oldest first, with its edit. */
  readonly #kept = new Map<Version, number>();
  /** Those a crash may bring back: the durable one, and all since. */
  #recoverable: NumberedVersion[] = [];
  /** In the order of their edits. */
  readonly #removedTables: Removal[] = [];
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
    for (const fileNumber of tablesRemovedBy(edit, before)) {
      this.#removedTables.push({ fileNumber, editCount });
    }
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

  /** The files that have become free since this was asked last. O(files given). */
  takeUnused(): NumberedFile[] {
    // The current version is always kept, so there is an oldest one.
    const [oldestKept] = this.#kept.values();
    const tables = takeUpTo(this.#removedTables, oldestKept);
    const logs = takeUpTo(this.#removedLogs, this.#recoverable[0].editCount);
    return [
      ...tables.map(({ fileNumber }) => ({ kind: 'table', fileNumber }) as const),
      ...logs.map(({ fileNumber }) => ({ kind: 'log', fileNumber }) as const),
    ];
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

/** Tables that are in `before` and not in the version after `edit`; a moved table is in both. */
function tablesRemovedBy(edit: VersionEdit, before: Version): number[] {
  const added = new Set(edit.tablesAdded?.map(({ table }) => table.fileNumber));
  const removed = new Set(edit.tablesRemoved?.map(({ fileNumber }) => fileNumber));
  for (const id of edit.keyspacesDropped ?? []) {
    for (const level of before.keyspaces.get(id)?.levels ?? []) {
      for (const { fileNumber } of level.tables) removed.add(fileNumber);
    }
  }
  return [...removed].filter((fileNumber) => !added.has(fileNumber));
}

/** Takes the removals of the edits up to `editCount` off the front of the list. */
function takeUpTo(removals: Removal[], editCount: number): Removal[] {
  const past = removals.findIndex((removal) => removal.editCount > editCount);
  return removals.splice(0, past < 0 ? removals.length : past);
}
