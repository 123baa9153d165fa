// What can still be known of how the files fit together: from the manifest in force, or else from every intact edit of
// every manifest there is that is of the same database.
//
// A manifest that the disk does not give is a loss, not a note: without it, what was deleted or replaced shortly before can
// come back.

import { usingFileSync } from '@varve/vfs';
import {
  CURRENT_FILE_NAME,
  type DatabaseDirectory,
  manifestFileName,
  readCurrentSync,
  tableFileName,
} from '../directory/index.js';
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
import {
  agreedDatabaseId,
  FOREIGN_FILE_REASON,
  type FoundFiles,
  isForeign,
} from './database-identity.js';
import { lossOfFile } from './lost-file.js';
import { isDamage, isDeviceFailure, twice } from './read-failures.js';
import { type ScannedLog, scanLog } from './record-scan.js';
import type { ManifestState, SalvageFindings, SalvageLoss } from './salvage-report.js';

/** A table and whose it is. */
export interface KnownTable {
  readonly keyspaceId: number;
  readonly table: TableMetadata;
}

/** What is known before any table or log is read. */
export interface KnownState {
  readonly manifest: ManifestState;
  /** What the manifest says, or else what the files agree on; `null` when nothing tells: files of any database count. */
  readonly databaseId: Uint8Array | null;
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

/** Everything in a table that the manifest knows. */
export function lossOfKnownTable(
  { tables, keyspaces }: KnownState,
  { fileNumber, reason }: { readonly fileNumber: number; readonly reason: string },
): SalvageLoss {
  const { keyspaceId, table } = tables.get(fileNumber)!;
  const keyspace = keyspaces.get(keyspaceId)?.name;
  return {
    file: tableFileName(fileNumber),
    offset: 0,
    sizeBytes: table.sizeBytes,
    ...(keyspace === undefined ? {} : { keyspace }),
    firstKey: table.smallestKey,
    lastKey: table.largestKey,
    entryCount: table.entryCount,
    reason,
  };
}

/** The directory, to be read in two ways. */
export interface DamagedDirectory {
  /** Fails where the disk does. */
  readonly strict: DatabaseDirectory;
  /** Gives zeros where the disk fails. */
  readonly patient: DatabaseDirectory;
}

/**
 * Reads what there is. Notes damage in `findings`, and what the disk does not give as a loss.
 * @throws StorageError for what says nothing of the bytes, such as TOO_MANY_FILES
 */
export function readKnownState(
  directory: DamagedDirectory,
  files: FoundFiles,
  findings: SalvageFindings,
): KnownState {
  return new StateReading(directory, files, findings).run();
}

class StateReading {
  readonly #directory: DamagedDirectory;
  readonly #files: FoundFiles;
  readonly #findings: SalvageFindings;

  constructor(directory: DamagedDirectory, files: FoundFiles, findings: SalvageFindings) {
    this.#directory = directory;
    this.#files = files;
    this.#findings = findings;
  }

  run(): KnownState {
    const current = this.#readCurrent();
    const inForce = current === undefined ? null : this.#readWhole([current]);
    if (inForce !== null && this.#isComplete(inForce)) return inForce;
    const databaseId = agreedDatabaseId(this.#directory.patient, this.#files);
    const manifests = this.#manifestsOf(databaseId);
    const newest = current === undefined ? this.#readWhole([...manifests].reverse()) : null;
    if (newest !== null && this.#isComplete(newest)) return newest;
    const gathered = this.#gather(manifests, databaseId);
    const isAnyWhole = inForce !== null || newest !== null;
    return isAnyWhole ? { ...gathered, manifest: 'incomplete' } : gathered;
  }

  #readCurrent(): number | undefined {
    const { strict } = this.#directory;
    const current = this.#noting(CURRENT_FILE_NAME, () => twice(() => readCurrentSync(strict)));
    if (current === undefined) this.#findings.notes.push('CURRENT does not name a manifest');
    return current;
  }

  /** The first manifest that is whole. Read strictly: zeros in place of its last edits would pass for its end. */
  #readWhole(fileNumbers: readonly number[]): KnownState | null {
    const { strict } = this.#directory;
    for (const fileNumber of fileNumbers) {
      const read = () => twice(() => readManifestSync(strict, fileNumber));
      const content = this.#noting(manifestFileName(fileNumber), read);
      if (content !== undefined) return stateOf(content);
    }
    return null;
  }

  /** Every file it names is there; logs that it does not name are judged when they are read. */
  #isComplete({ tables, logs }: KnownState): boolean {
    const isComplete =
      [...tables.keys()].every((fileNumber) => this.#files.tables.has(fileNumber)) &&
      logs.every((fileNumber) => this.#files.logs.has(fileNumber));
    if (isComplete) return true;
    const note = 'the manifest names files that do not exist: it is older than the others';
    this.#findings.notes.push(note);
    return false;
  }

  /** Ascending. What manifests of another database say of file numbers is not about the files here. */
  #manifestsOf(databaseId: Uint8Array | null): number[] {
    const { patient } = this.#directory;
    const ascending = [...this.#files.manifests].sort((a, b) => a - b);
    return ascending.filter((fileNumber) => {
      const name = manifestFileName(fileNumber);
      const named = { kind: 'manifest', fileNumber } as const;
      const isOther = this.#noting(name, () => isForeign(patient, named, databaseId)) === true;
      if (isOther) this.#lose(name, FOREIGN_FILE_REASON);
      return !isOther;
    });
  }

  /** Puts together what the intact edits of these manifests say. */
  #gather(manifests: readonly number[], databaseId: Uint8Array | null): KnownState {
    const parts = new GatheredState(databaseId);
    for (const fileNumber of manifests) {
      const read = () => this.#scanManifest(fileNumber, parts.databaseId);
      const log = this.#noting(manifestFileName(fileNumber), read);
      if (log === undefined || log === null) continue;
      parts.databaseId ??= log.databaseId;
      this.#addEdits(parts, log, manifestFileName(fileNumber));
    }
    return parts.state();
  }

  #scanManifest(fileNumber: number, databaseId: Uint8Array | null): ScannedLog | null {
    const { patient } = this.#directory;
    const databaseIds = databaseId === null ? [] : [databaseId];
    const request = { kind: LogKind.manifest, logId: fileNumber, databaseIds };
    const path = patient.pathOf(manifestFileName(fileNumber));
    return usingFileSync(patient.fileSystem.openSync(path, 'read'), (file) =>
      scanLog(file, request),
    );
  }

  #addEdits(parts: GatheredState, log: ScannedLog, name: string): void {
    const context = { file: name, where: 'manifest' } as const;
    for (const record of log.records) {
      const start = record.payloadStart + CHAIN_SIZE_BYTES;
      if (record.type !== RecordType.edit || record.end < start) continue;
      const range = { bytes: log.bytes, start, end: record.end };
      const edit = this.#noting(name, () => decodeEdit(range, context));
      if (edit === undefined) continue;
      if (record.offset === LOG_FILE_HEADER_SIZE_BYTES) parts.startOver();
      parts.add(edit);
    }
  }

  /** What `read` gives; `undefined` where it finds damage, which is noted, or where the disk fails, which is a loss. */
  #noting<R>(name: string, read: () => R): R | undefined {
    try {
      return read();
    } catch (error) {
      if (isDeviceFailure(error)) this.#lose(name, error.message);
      else if (isDamage(error)) this.#findings.notes.push(error.message);
      else throw error;
      return undefined;
    }
  }

  /** A manifest is read in more than one way, and lost once. */
  #lose(name: string, reason: string): void {
    const { losses } = this.#findings;
    if (losses.some(({ file }) => file === name)) return;
    losses.push(lossOfFile(this.#directory.strict, { name, reason }));
  }
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
    databaseId,
    keyspaces: new Map(trees.map(({ metadata }) => [metadata.id, metadata])),
    nextKeyspaceId: version.nextKeyspaceId,
    tables,
    expectedTables: new Set(tables.keys()),
    removedTables: new Set(),
    minimumLogNumber: version.minimumLogNumber,
    logs: version.logs,
  };
}

class GatheredState {
  databaseId: Uint8Array | null;
  readonly #keyspaces = new Map<number, KeyspaceMetadata>();
  readonly #tables = new Map<number, KnownTable>();
  readonly #expected = new Set<number>();
  readonly #removed = new Set<number>();
  readonly #logs = new Set<number>();
  #minimumLogNumber = 0;

  constructor(databaseId: Uint8Array | null) {
    this.databaseId = databaseId;
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
      databaseId: this.databaseId,
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
