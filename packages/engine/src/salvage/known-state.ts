// What can still be known of how the files fit together: from the manifest in force, or else from every intact edit of
// every manifest there is.

import { equalBytes, isStorageError } from '@varve/base';
import { type DatabaseDirectory, manifestFileName, readCurrentSync } from '../directory/index.js';
import { LOG_FILE_HEADER_SIZE_BYTES, LogKind, RecordType } from '../log/index.js';
import {
  CHAIN_SIZE_BYTES,
  decodeEdit,
  type KeyspaceMetadata,
  type ManifestContent,
  readManifestSync,
  type TableMetadata,
  type VersionEdit,
} from '../manifest/index.js';
import { type ScannedLog, scanLog } from './record-scan.js';
import type { ManifestState, SalvageFindings } from './salvage-report.js';

/** A table and whose it is. */
export interface KnownTable {
  readonly keyspaceId: number;
  readonly table: TableMetadata;
}

/** What is known before any table or log is read. */
export interface KnownState {
  readonly manifest: ManifestState;
  /** Identities found in manifests. */
  readonly databaseIds: readonly Uint8Array[];
  readonly keyspaces: ReadonlyMap<number, KeyspaceMetadata>;
  /** Keyspaces with lower ids exist or were dropped. */
  readonly nextKeyspaceId: number;
  /** Tables that must exist. */
  readonly expectedTables: ReadonlySet<number>;
  /** Tables that were replaced by others: what is left of them is not part of the database any more. */
  readonly removedTables: ReadonlySet<number>;
  /** By file number; also those that were removed. */
  readonly tables: ReadonlyMap<number, KnownTable>;
  /** Logs below this number are not needed. */
  readonly minimumLogNumber: number;
  /** Logs that must exist. */
  readonly logs: readonly number[];
}

/** Which files of ours the directory has. */
export interface FoundFiles {
  readonly tables: ReadonlySet<number>;
  readonly logs: ReadonlySet<number>;
  readonly manifests: readonly number[];
}

/** Reads what there is. Never fails for damage: notes it in `findings`. */
export function readKnownState(
  directory: DatabaseDirectory,
  files: FoundFiles,
  findings: SalvageFindings,
): KnownState {
  const content = readWholeManifest(directory, files, findings);
  if (content === null) return gather(directory, files, findings);
  const known = stateOf(content);
  if (isCurrent(known, files)) return known;
  findings.notes.push('the manifest names files that do not exist: it is older than the others');
  return { ...gather(directory, files, findings), manifest: 'incomplete' };
}

/** Every file it names is there; logs that it does not name are judged when they are read. */
function isCurrent(known: KnownState, files: FoundFiles): boolean {
  return (
    [...known.tables.keys()].every((fileNumber) => files.tables.has(fileNumber)) &&
    known.logs.every((fileNumber) => files.logs.has(fileNumber))
  );
}

/** The manifest in force; without a CURRENT that can be read, the newest one that is whole. */
function readWholeManifest(
  directory: DatabaseDirectory,
  files: FoundFiles,
  findings: SalvageFindings,
): ManifestContent | null {
  const current = noting(findings, () => readCurrentSync(directory));
  if (current === undefined) findings.notes.push('CURRENT does not name a manifest');
  const candidates = current === undefined ? [...files.manifests].sort((a, b) => b - a) : [current];
  for (const fileNumber of candidates) {
    const content = noting(findings, () => readManifestSync(directory, fileNumber));
    if (content !== undefined) return content;
  }
  return null;
}

function stateOf({ databaseId, version }: ManifestContent): KnownState {
  const tables = new Map<number, KnownTable>();
  for (const { metadata, levels } of version.keyspaces.values()) {
    for (const table of levels.flatMap((level) => level.tables)) {
      tables.set(table.fileNumber, { keyspaceId: metadata.id, table });
    }
  }
  const trees = [...version.keyspaces.values()];
  return {
    manifest: 'whole',
    databaseIds: [databaseId],
    keyspaces: new Map(trees.map(({ metadata }) => [metadata.id, metadata])),
    nextKeyspaceId: version.nextKeyspaceId,
    tables,
    expectedTables: new Set(tables.keys()),
    removedTables: new Set(),
    minimumLogNumber: version.minimumLogNumber,
    logs: version.logs,
  };
}

/** Puts together what the intact edits of all manifests say. */
function gather(
  directory: DatabaseDirectory,
  files: FoundFiles,
  findings: SalvageFindings,
): KnownState {
  const parts = new GatheredState();
  for (const fileNumber of [...files.manifests].sort((a, b) => a - b)) {
    const log = noting(findings, () => scanManifest(directory, fileNumber, parts.databaseIds));
    if (log === undefined || log === null) continue;
    parts.addId(log.databaseId);
    for (const record of log.records) {
      const isEdit = record.type === RecordType.edit;
      if (!isEdit || record.end - record.payloadStart < CHAIN_SIZE_BYTES) continue;
      const range = {
        bytes: log.bytes,
        start: record.payloadStart + CHAIN_SIZE_BYTES,
        end: record.end,
      };
      const context = { file: manifestFileName(fileNumber), where: 'manifest' } as const;
      const edit = noting(findings, () => decodeEdit(range, context));
      if (edit === undefined) continue;
      if (record.offset === LOG_FILE_HEADER_SIZE_BYTES) parts.startOver();
      parts.add(edit);
    }
  }
  return parts.state();
}

function scanManifest(
  directory: DatabaseDirectory,
  fileNumber: number,
  databaseIds: readonly Uint8Array[],
): ScannedLog | null {
  const path = directory.pathOf(manifestFileName(fileNumber));
  const file = directory.fileSystem.openSync(path, 'read');
  try {
    return scanLog(file, { kind: LogKind.manifest, logId: fileNumber, databaseIds });
  } finally {
    file.closeSync();
  }
}

class GatheredState {
  readonly databaseIds: Uint8Array[] = [];
  readonly #keyspaces = new Map<number, KeyspaceMetadata>();
  readonly #tables = new Map<number, KnownTable>();
  readonly #expected = new Set<number>();
  readonly #removed = new Set<number>();
  readonly #logs = new Set<number>();
  #minimumLogNumber = 0;

  addId(id: Uint8Array): void {
    const isKnown = this.databaseIds.some((known) => equalBytes(known, 0, 16, id, 0, 16));
    if (!isKnown) this.databaseIds.push(id);
  }

  /** The first edit of a manifest names everything: what older manifests named need not exist any more. */
  startOver(): void {
    this.#expected.clear();
    this.#logs.clear();
  }

  add(edit: VersionEdit): void {
    for (const metadata of edit.keyspacesAdded ?? []) this.#keyspaces.set(metadata.id, metadata);
    for (const { fileNumber } of edit.tablesRemoved ?? []) {
      this.#removed.add(fileNumber);
      this.#expected.delete(fileNumber);
    }
    for (const { keyspaceId, table } of edit.tablesAdded ?? []) {
      this.#tables.set(table.fileNumber, { keyspaceId, table });
      this.#removed.delete(table.fileNumber);
      this.#expected.add(table.fileNumber);
    }
    for (const id of edit.keyspacesDropped ?? []) this.#drop(id);
    for (const log of edit.logsAdded ?? []) this.#logs.add(log);
    this.#minimumLogNumber = Math.max(this.#minimumLogNumber, edit.minimumLogNumber ?? 0);
  }

  #drop(keyspaceId: number): void {
    this.#keyspaces.delete(keyspaceId);
    for (const known of this.#tables.values()) {
      if (known.keyspaceId !== keyspaceId) continue;
      this.#removed.add(known.table.fileNumber);
      this.#expected.delete(known.table.fileNumber);
    }
  }

  state(): KnownState {
    const isLost = this.#keyspaces.size === 0 && this.#tables.size === 0;
    return {
      manifest: isLost ? 'lost' : 'incomplete',
      databaseIds: this.databaseIds,
      keyspaces: this.#keyspaces,
      // What was dropped after the last intact edit cannot be told from what was made after it: nothing is left out.
      nextKeyspaceId: 0,
      tables: this.#tables,
      expectedTables: this.#expected,
      removedTables: this.#removed,
      minimumLogNumber: this.#minimumLogNumber,
      logs: [...this.#logs].filter((log) => log >= this.#minimumLogNumber),
    };
  }
}

/** What `read` gives; `undefined` where it finds damage, which is noted. */
function noting<R>(findings: SalvageFindings, read: () => R): R | undefined {
  try {
    return read();
  } catch (error) {
    if (!isStorageError(error)) throw error;
    findings.notes.push(error.message);
    return undefined;
  }
}
