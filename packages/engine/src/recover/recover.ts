/**
 * From a directory to a state that can be read and, once published, written.
 *
 *   1. lock the directory; read CURRENT and the manifest it names
 *   2. open and check every table of the version
 *   3. replay the live logs into memtables; full ones become tables through `flushMemtable`
 *   4. write the last memtable's groups into a new log, and sync it
 *   5. publish a fresh manifest that names the new tables and the new log, and nothing of the old logs
 *   6. only then remove what nothing refers to
 *
 * Nothing that existed is changed before step 5 is durable, so recovery that is cut short at any moment starts again
 * from the same state and comes to the same result. Recovery that fails before removes what it has made
 * (opening-outputs.ts). Read-only recovery stops after step 3 and changes nothing.
 */
import { isStorageError, memoryErrorOf, type Random, StorageError } from '@varve/base';
import { type FileSystem, quietly } from '@varve/vfs';
import {
  DatabaseDirectory,
  logFileName,
  numberedFileName,
  RESERVE_FILE_NAME,
} from '../directory/index.js';
import { DATABASE_ID_SIZE_BYTES } from '../log/index.js';
import {
  type KeyspaceMetadata,
  type TableAddition,
  type VersionEdit,
  VersionSet,
} from '../manifest/index.js';
import { Memtable } from '../memtable/index.js';
import type { BlockCache } from '../tables/index.js';
import { SparingFileSystem, TableFiles, TableStore } from '../tables/index.js';
import { prepareLog, readWalSync, type WalFile, WalWriter } from '../wal/index.js';
import { OpeningOutputs } from './opening-outputs.js';
import { LogReplay, type ReplayedMemtable } from './replay-logs.js';

export interface RecoverOptions {
  readonly fileSystem: FileSystem;
  readonly path: string;
  readonly random: Random;
  readonly cache: BlockCache;
  /** See `TableStoreOptions`. */
  readonly openFileCountMax?: number;
  readonly access: 'readWrite' | 'readOnly';
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
  /** The default keyspace of a database that is created now. */
  readonly defaultKeyspace: KeyspaceMetadata;
  readonly memtableSizeBytes: number;
  readonly logAllocation: 'steps' | 'onDemand';
  /** Writes a memtable as tables of level 0, synced, and gives them. */
  readonly flushMemtable: (memtable: Memtable, context: FlushContext) => readonly TableAddition[];
}

/** What the flush of a replayed memtable needs to know. */
export interface FlushContext {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly versions: VersionSet;
}

/** What recovery gives. `generation` is absent in a read-only database. */
export interface RecoveredState {
  readonly directory: DatabaseDirectory;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  /** Newest first. */
  readonly memtables: readonly Memtable[];
  readonly log: WalWriter | null;
  /** Sequence of the newest entry. */
  readonly lastSequence: number;
  readonly summary: RecoverySummary;
}

/** What recovery found in the logs. */
export interface RecoverySummary {
  /** Commit groups replayed. */
  readonly replayedGroupCount: number;
  /** Bytes of writes that were never synced and that a crash cut short. */
  readonly discardedBytes: number;
}

/** `fileSystem` takes from `files` what it lacks: what comes after the tables must not fail because they are open. */
interface SparingOptions extends RecoverOptions {
  readonly files: TableFiles;
}

/**
 * Opens the directory. On failure everything opened is closed again, and what was made is removed.
 * @throws StorageError NOT_FOUND, ALREADY_EXISTS, LOCKED, CORRUPTION, UNSUPPORTED_FORMAT, BUSY when there is no memory for
 *   what the logs hold, and those of the file system
 */
export async function recover(options: RecoverOptions): Promise<RecoveredState> {
  const { path, access, createIfMissing, openFileCountMax = Number.POSITIVE_INFINITY } = options;
  const files = new TableFiles({ fileSystem: options.fileSystem, openCountMax: openFileCountMax });
  const fileSystem = new SparingFileSystem(options.fileSystem, files);
  const directory = DatabaseDirectory.openSync(fileSystem, path, {
    access,
    createIfMissing,
    owner: 'varve',
  });
  try {
    return await recoverIn(directory, { ...options, fileSystem, files });
  } catch (error) {
    quietly(() => directory.close());
    throw error;
  }
}

async function recoverIn(
  directory: DatabaseDirectory,
  options: SparingOptions,
): Promise<RecoveredState> {
  const first = new Recovery(options, directory);
  try {
    return await attempt(first, options.path);
  } catch (error) {
    if (options.access === 'readOnly' || !mayGiveUpReserve(error, directory)) throw error;
  }
  const firstFileNumber = first.takeFileNumber();
  return attempt(new Recovery(options, directory, { firstFileNumber }), options.path);
}

async function attempt(recovery: Recovery, path: string): Promise<RecoveredState> {
  try {
    return await recovery.run();
  } catch (error) {
    await recovery.abandon();
    throw memoryErrorOf(error, `open ${path}`);
  }
}

/** A full disk keeps a database from being opened: its reserve is there for that, too. Tells whether it gave anything. */
function mayGiveUpReserve(error: unknown, directory: DatabaseDirectory): boolean {
  if (!isStorageError(error) || error.code !== 'NO_SPACE') return false;
  const { fileSystem } = directory;
  const path = directory.pathOf(RESERVE_FILE_NAME);
  let isGivenUp = false;
  // What the disk was full for is what has to be told.
  quietly(() => {
    if (!fileSystem.existsSync(path)) return;
    fileSystem.removeSync(path);
    isGivenUp = true;
  });
  return isGivenUp;
}

class Recovery {
  readonly #options: SparingOptions;
  readonly #directory: DatabaseDirectory;
  readonly #outputs: OpeningOutputs;
  /** An attempt that failed has used the numbers below; undefined if there was none. */
  readonly #firstFileNumber: number | undefined;
  #tables: TableStore | null = null;
  #versions: VersionSet | null = null;
  #log: WalWriter | null = null;
  /** Full memtables of a read-only recovery, oldest first. */
  readonly #kept: Memtable[] = [];
  readonly #added: TableAddition[] = [];

  constructor(
    options: SparingOptions,
    directory: DatabaseDirectory,
    after: { readonly firstFileNumber?: number } = {},
  ) {
    this.#options = options;
    this.#directory = directory;
    this.#outputs = new OpeningOutputs(directory);
    this.#firstFileNumber = after.firstFileNumber;
  }

  /** Gives a number that is higher than that of any file this attempt made, or tried to make. */
  takeFileNumber(): number {
    return this.#versions?.takeFileNumbers(1) ?? 1;
  }

  async run(): Promise<RecoveredState> {
    const versions = this.#loadVersions();
    this.#versions = versions;
    this.#skipFileNumbers(versions);
    const tables = await this.#openTables(versions);
    const replay = new LogReplay({
      memtableSizeBytes: this.#options.memtableSizeBytes,
      usedSequence: versions.current.lastSequence,
      onFull: (full) => this.#takeFull(full, versions),
    });
    const summary = readWalSync(this.#options.fileSystem, this.#logsOf(versions), (log) =>
      replay.add(log),
    );
    const lastSequence = Math.max(versions.current.lastSequence, replay.lastSequence);
    const rest = replay.rest;
    const active = rest?.memtable ?? this.#emptyMemtable(lastSequence);
    if (this.#options.access === 'readWrite') {
      await this.#publish(versions, { rest, lastSequence });
      for (const { table } of this.#added) tables.openSync(table);
      this.#removeOrphans(versions);
    }
    return {
      directory: this.#directory,
      versions,
      tables,
      memtables: [active, ...this.#kept.reverse()],
      log: this.#log,
      lastSequence,
      summary: {
        replayedGroupCount: summary.batchCount,
        discardedBytes: summary.discardedBytes + versions.discardedBytes,
      },
    };
  }

  /** Closes whatever was opened, but for the directory, and removes what was made and nothing can name. */
  async abandon(): Promise<void> {
    quietly(() => this.#log?.closeSync());
    this.#tables?.closeAll();
    // The error that led here is the one to report.
    await this.#versions?.close().catch(() => {});
    this.#outputs.removeSync();
  }

  #loadVersions(): VersionSet {
    const { createIfMissing, errorIfExists, access, defaultKeyspace, random } = this.#options;
    const { path } = this.#directory;
    const loaded = VersionSet.loadSync(this.#directory);
    if (loaded !== undefined) {
      if (!errorIfExists) return loaded;
      throw new StorageError(
        'ALREADY_EXISTS',
        `Cannot create a database in ${path}: one exists already`,
        {
          file: path,
        },
      );
    }
    if (createIfMissing && access === 'readWrite') {
      const databaseId = new Uint8Array(DATABASE_ID_SIZE_BYTES);
      random.fill(databaseId);
      return VersionSet.create(this.#directory, { databaseId, defaultKeyspace });
    }
    throw new StorageError('NOT_FOUND', `Cannot open a database in ${path}: there is none`, {
      file: path,
    });
  }

  /** A name that was removed may come back with a crash, and what a sync of it lost is unknown: each is used once. */
  #skipFileNumbers(versions: VersionSet): void {
    if (this.#firstFileNumber === undefined) return;
    const next = versions.takeFileNumbers(1);
    versions.takeFileNumbers(Math.max(1, this.#firstFileNumber - next));
  }

  async #openTables(versions: VersionSet): Promise<TableStore> {
    this.#tables = new TableStore({
      ...this.#options,
      directory: this.#directory.path,
      databaseId: versions.databaseId,
    });
    await this.#tables.openAll([...versions.current.tables()]);
    return this.#tables;
  }

  /** Exactly those the manifest names: no other log was ever used, because naming one comes before using it. */
  #logsOf(versions: VersionSet): {
    databaseId: Uint8Array;
    minimumLogId: number;
    logs: WalFile[];
  } {
    const { minimumLogNumber, logs } = versions.current;
    return {
      databaseId: versions.databaseId,
      minimumLogId: minimumLogNumber,
      logs: logs.map((logId) => ({ logId, path: this.#directory.pathOf(logFileName(logId)) })),
    };
  }

  #takeFull(full: ReplayedMemtable, versions: VersionSet): void {
    if (this.#options.access === 'readOnly') {
      this.#kept.push(full.memtable);
      return;
    }
    const { fileSystem } = this.#options;
    const context = { fileSystem, directory: this.#directory.path, versions };
    const additions = this.#options.flushMemtable(full.memtable, context);
    this.#added.push(...additions);
    for (const { table } of additions) {
      this.#outputs.add({ kind: 'table', fileNumber: table.fileNumber });
    }
  }

  #emptyMemtable(lastSequence: number): Memtable {
    return new Memtable({
      arenaSizeBytes: this.#options.memtableSizeBytes,
      firstSequence: lastSequence + 1,
    });
  }

  async #publish(
    versions: VersionSet,
    state: { readonly rest: ReplayedMemtable | null; readonly lastSequence: number },
  ): Promise<void> {
    const logId = versions.takeFileNumbers(1);
    this.#startLog(versions, logId, state.rest);
    const edit: VersionEdit = {
      tablesAdded: this.#added,
      logsAdded: [logId],
      minimumLogNumber: logId,
      lastSequence: state.lastSequence,
    };
    await this.#outputs.publish(versions, edit);
  }

  /** Makes the new log and puts into it what is in no table. */
  #startLog(versions: VersionSet, logId: number, rest: ReplayedMemtable | null): void {
    const { fileSystem, logAllocation } = this.#options;
    const directory = this.#directory.path;
    const { databaseId } = versions;
    const fileName = logFileName(logId);
    prepareLog(fileSystem, {
      directory,
      fileName,
      recycledFileName: null,
      logId,
      databaseId,
      preallocateBytes: 0,
    });
    this.#outputs.add({ kind: 'log', fileNumber: logId });
    const log = WalWriter.openSync(fileSystem, {
      path: `${directory}/${fileName}`,
      logId,
      databaseId,
      allocation: logAllocation,
      predecessor: null,
    });
    this.#log = log;
    for (const [index, recordOffset] of (rest?.recordOffsets ?? []).entries()) {
      const { arena } = rest!.memtable;
      log.appendBatchSync(arena.bytes, recordOffset, rest!.payloadLengths[index]);
    }
    log.syncSync();
  }

  #removeOrphans(versions: VersionSet): void {
    const orphans = [...versions.findOrphansSync(), ...versions.takeUnusedFiles()];
    const paths = new Set(orphans.map((file) => this.#directory.pathOf(numberedFileName(file))));
    for (const path of paths) this.#removeQuietly(path);
  }

  /** What cannot be removed costs space until the next open, nothing else. */
  #removeQuietly(path: string): void {
    const { fileSystem } = this.#options;
    try {
      if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
    } catch (error) {
      if (!isStorageError(error)) throw error;
    }
  }
}
