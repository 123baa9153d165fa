/**
 * Checks a database that nobody has open for writing: every byte of every file that matters, and how the files fit
 * together. Finds all damage, not the first; changes nothing.
 *
 *   1. CURRENT and the manifest: checksums, hash chain, level invariants
 *   2. every table: checksums, order, filter, index, properties, and the manifest's record of it
 *   3. the chain of live logs: checksums, chain, every entry
 *
 * Where one of these fails the others are still looked at, file by file: without a manifest, every table and log there is;
 * behind a break of the chain, every other log.
 */
import { isStorageError, StorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';
import { DatabaseDirectory, logFileName } from '../directory/index.js';
import { LogKind, LogReader, RecordType } from '../log/index.js';
import { readManifestSync, type Version, VersionSet } from '../manifest/index.js';
import { walkPayload } from '../memtable/index.js';
import { readWalSync } from '../wal/index.js';
import { checkTable, checkUnknownTable, type OwnedTable } from './check-table.js';

/** How far a verification is. */
export interface VerifyProgress {
  readonly checkedTableCount: number;
  readonly tableCount: number;
  readonly checkedBytes: number;
  readonly totalBytes: number;
}

/** Options of `verify`. */
export interface VerifyDirectoryOptions {
  readonly fileSystem: FileSystem;
  /** Called after every table. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Lets other work run between two tables. */
  readonly yieldTurn: () => Promise<void>;
}

/** What a verification found. The database is whole when `damage` is empty. */
export interface VerifyReport {
  readonly keyspaceCount: number;
  readonly tableCount: number;
  readonly tableBytes: number;
  /** Entries in tables, older versions and tombstones included. */
  readonly entryCount: number;
  /** Commit groups in the live logs. */
  readonly logGroupCount: number;
  readonly logEntryCount: number;
  /** Bytes at the end of logs that were never synced and that recovery would give up: normal after a crash. */
  readonly discardedBytes: number;
  /** Everything damaged, in the order it was found, each with file and place. */
  readonly damage: readonly StorageError[];
}

/** Verifies the database in a directory. @throws StorageError NOT_FOUND when there is none; IO */
export async function verifyDirectory(
  path: string,
  options: VerifyDirectoryOptions,
): Promise<VerifyReport> {
  const directory = DatabaseDirectory.openSync(options.fileSystem, path, {
    access: 'readOnly',
    createIfMissing: false,
    owner: 'varve verify',
  });
  try {
    return await new Verification(directory, options).run();
  } finally {
    directory.close();
  }
}

class Verification {
  readonly #directory: DatabaseDirectory;
  readonly #options: VerifyDirectoryOptions;
  readonly #damage: StorageError[] = [];
  /** The places of the damage. */
  readonly #places = new Set<string>();
  #logEntryCount = 0;
  #checkedBytes = 0;

  constructor(directory: DatabaseDirectory, options: VerifyDirectoryOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    const versions = this.#load();
    const tables = versions === undefined ? [] : ownedTables(versions.current);
    await this.#checkTables(versions, tables);
    const log = versions === undefined ? undefined : this.#try(() => this.#readLogs(versions));
    if (versions === undefined) await this.#checkFilesByName();
    else if (log === undefined) this.#checkEachLog(versions.current.logs);
    return {
      keyspaceCount: versions?.current.keyspaces.size ?? 0,
      tableCount: tables.length,
      tableBytes: sum(tables, ({ table }) => table.sizeBytes),
      entryCount: sum(tables, ({ table }) => table.entryCount),
      logGroupCount: log?.batchCount ?? 0,
      logEntryCount: this.#logEntryCount,
      discardedBytes: (log?.discardedBytes ?? 0) + (versions?.discardedBytes ?? 0),
      damage: this.#damage,
    };
  }

  #load(): VersionSet | undefined {
    const versions = this.#try(() => VersionSet.loadSync(this.#directory));
    if (versions !== undefined || this.#damage.length > 0) return versions;
    const { path } = this.#directory;
    throw new StorageError('NOT_FOUND', `Cannot verify ${path}: there is no database`, {
      file: path,
    });
  }

  async #checkTables(
    versions: VersionSet | undefined,
    tables: readonly OwnedTable[],
  ): Promise<void> {
    if (versions === undefined) return;
    const { fileSystem, onProgress, yieldTurn } = this.#options;
    const place = {
      fileSystem,
      directory: this.#directory.path,
      databaseId: versions.databaseId,
    };
    const totalBytes = sum(tables, ({ table }) => table.sizeBytes);
    for (const [index, owned] of tables.entries()) {
      for (const error of checkTable(place, owned)) this.#add(error);
      this.#checkedBytes += owned.table.sizeBytes;
      onProgress?.({
        checkedTableCount: index + 1,
        tableCount: tables.length,
        checkedBytes: this.#checkedBytes,
        totalBytes,
      });
      await yieldTurn();
    }
  }

  /** Everything there is when nothing says what there should be. */
  async #checkFilesByName(): Promise<void> {
    const { fileSystem, yieldTurn } = this.#options;
    const place = { fileSystem, directory: this.#directory.path };
    const files = this.#directory.listSync();
    for (const { kind, fileNumber } of files) {
      if (kind === 'manifest') this.#try(() => readManifestSync(this.#directory, fileNumber));
      if (kind === 'table') this.#note(checkUnknownTable(place, fileNumber));
      await yieldTurn();
    }
    const logs = files.filter(({ kind }) => kind === 'log');
    this.#checkEachLog(logs.map(({ fileNumber }) => fileNumber));
  }

  /** The chain cannot be followed: each log on its own. */
  #checkEachLog(logs: readonly number[]): void {
    for (const logId of logs) this.#try(() => this.#checkLog(logId));
  }

  #checkLog(logId: number): void {
    const { fileSystem } = this.#options;
    const path = this.#directory.pathOf(logFileName(logId));
    if (!fileSystem.existsSync(path)) {
      const message = `Cannot verify log ${path}: the file is missing`;
      throw new StorageError('CORRUPTION', message, { file: path, where: 'wal.missing' });
    }
    const file = fileSystem.openSync(path, 'read');
    try {
      const log = LogReader.readSync(file, { kind: LogKind.wal, logId, databaseId: null });
      while (log.next()) if (log.type === RecordType.batch) this.#checkPayload(log);
    } finally {
      file.closeSync();
    }
  }

  #checkPayload({ bytes, payloadStart, payloadEnd, path }: LogReader): number {
    const context = { file: path, where: 'wal' } as const;
    return walkPayload(bytes, payloadStart, payloadEnd, context, () => {}).entryCount;
  }

  /** What is found by two ways is told once. */
  #note(found: readonly StorageError[]): void {
    for (const error of found) if (!this.#places.has(placeOf(error))) this.#add(error);
  }

  #add(error: StorageError): void {
    this.#damage.push(error);
    this.#places.add(placeOf(error));
  }

  #readLogs(versions: VersionSet): { batchCount: number; discardedBytes: number } {
    const { minimumLogNumber, logs } = versions.current;
    const options = {
      databaseId: versions.databaseId,
      minimumLogId: minimumLogNumber,
      logs: logs.map((logId) => ({ logId, path: this.#directory.pathOf(logFileName(logId)) })),
    };
    return readWalSync(this.#options.fileSystem, options, (group) => {
      this.#logEntryCount += this.#checkPayload(group);
    });
  }

  /** Notes damage and goes on; anything else is passed on. */
  #try<R>(read: () => R): R | undefined {
    try {
      return read();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      if (error.code !== 'CORRUPTION' && error.code !== 'UNSUPPORTED_FORMAT') throw error;
      this.#note([error]);
      return undefined;
    }
  }
}

function placeOf({ file, offset, where }: StorageError): string {
  return `${where} ${offset} ${file}`;
}

function ownedTables({ keyspaces }: Version): OwnedTable[] {
  return [...keyspaces.values()].flatMap(({ metadata, levels }) =>
    levels.flatMap(({ tables }) => tables.map((table) => ({ keyspaceId: metadata.id, table }))),
  );
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
