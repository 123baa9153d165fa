/**
 * Checks a database that nobody has open for writing: every byte of every file that matters, and how the files fit
 * together. Finds all damage, not the first; changes nothing.
 *
 *   1. CURRENT and the manifest: checksums, hash chain, level invariants
 *   2. every table: checksums, order, filter, index, properties, and the manifest's record of it
 *   3. the chain of live logs: checksums, chain, every entry
 */
import { isStorageError, StorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';
import { DatabaseDirectory, logFileName } from '../directory/index.js';
import { type TableMetadata, VersionSet } from '../manifest/index.js';
import { walkPayload } from '../memtable/index.js';
import { readWalSync } from '../wal/index.js';
import { checkTable } from './check-table.js';

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
  #logEntryCount = 0;
  #checkedBytes = 0;

  constructor(directory: DatabaseDirectory, options: VerifyDirectoryOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  async run(): Promise<VerifyReport> {
    const versions = this.#load();
    const tables = versions === undefined ? [] : [...versions.current.tables()];
    await this.#checkTables(versions, tables);
    const log = versions === undefined ? undefined : this.#try(() => this.#readLogs(versions));
    return {
      keyspaceCount: versions?.current.keyspaces.size ?? 0,
      tableCount: tables.length,
      tableBytes: sum(tables, (table) => table.sizeBytes),
      entryCount: sum(tables, (table) => table.entryCount),
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
    tables: readonly TableMetadata[],
  ): Promise<void> {
    if (versions === undefined) return;
    const { fileSystem, onProgress, yieldTurn } = this.#options;
    const place = {
      fileSystem,
      directory: this.#directory.path,
      databaseId: versions.databaseId,
    };
    const totalBytes = sum(tables, (table) => table.sizeBytes);
    for (const [index, table] of tables.entries()) {
      this.#damage.push(...checkTable(place, table));
      this.#checkedBytes += table.sizeBytes;
      onProgress?.({
        checkedTableCount: index + 1,
        tableCount: tables.length,
        checkedBytes: this.#checkedBytes,
        totalBytes,
      });
      await yieldTurn();
    }
  }

  #readLogs(versions: VersionSet): { batchCount: number; discardedBytes: number } {
    const { minimumLogNumber, logs } = versions.current;
    const options = {
      databaseId: versions.databaseId,
      minimumLogId: minimumLogNumber,
      logs: logs.map((logId) => ({ logId, path: this.#directory.pathOf(logFileName(logId)) })),
    };
    return readWalSync(this.#options.fileSystem, options, (group) => {
      const { bytes, payloadStart, payloadEnd, path } = group;
      const context = { file: path, where: 'wal' } as const;
      const summary = walkPayload(bytes, payloadStart, payloadEnd, context, () => {});
      this.#logEntryCount += summary.entryCount;
    });
  }

  /** Notes damage and goes on; anything else is passed on. */
  #try<R>(read: () => R): R | undefined {
    try {
      return read();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      if (error.code !== 'CORRUPTION' && error.code !== 'UNSUPPORTED_FORMAT') throw error;
      this.#damage.push(error);
      return undefined;
    }
  }
}

function sum<T>(items: readonly T[], size: (item: T) => number): number {
  return items.reduce((total, item) => total + size(item), 0);
}
