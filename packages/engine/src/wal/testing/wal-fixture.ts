// Chains of write-ahead logs for tests, in the directory /db of a file system in memory.

import { readU32 } from '@varve/base';
import { type FileCall, type FileSystem, RecordingFileSystem } from '@varve/vfs';
import { batchRecord, DATABASE_ID } from '../../log/testing/log-fixture.js';
import { prepareLog } from '../prepare-log.js';
import { readWalSync, type WalSummary } from '../wal-reader.js';
import { type WalEnd, WalWriter } from '../wal-writer.js';

/** Where the logs are. */
export const DIRECTORY = '/db';

/** The name of a log. */
export function logName(logId: number): string {
  return `${String(logId).padStart(6, '0')}.log`;
}

/** The path of a log. */
export function logPath(logId: number): string {
  return `${DIRECTORY}/${logName(logId)}`;
}

/** How {@link startLog} starts a log. */
export interface StartOptions {
  readonly predecessor?: WalEnd | null;
  readonly recycledLogId?: number;
  readonly preallocateBytes?: number;
  readonly allocation?: 'steps' | 'onDemand';
}

/** Prepares a log. */
export function prepare(fileSystem: FileSystem, logId: number, options: StartOptions = {}): void {
  const { recycledLogId, preallocateBytes = 0 } = options;
  prepareLog(fileSystem, {
    directory: DIRECTORY,
    fileName: logName(logId),
    recycledFileName: recycledLogId === undefined ? null : logName(recycledLogId),
    logId,
    databaseId: DATABASE_ID,
    preallocateBytes,
  });
}

/** Prepares and opens a log. */
export function startLog(
  fileSystem: FileSystem,
  logId: number,
  options: StartOptions = {},
): WalWriter {
  prepare(fileSystem, logId, options);
  return WalWriter.openSync(fileSystem, {
    path: logPath(logId),
    logId,
    databaseId: DATABASE_ID,
    allocation: options.allocation ?? 'onDemand',
    predecessor: options.predecessor ?? null,
  });
}

/** Appends batch `number`. */
export function append(log: WalWriter, number: number, sizeBytes = 20): void {
  log.appendBatchSync(batchRecord(number, sizeBytes), 0, sizeBytes);
}

/** What {@link readChain} gives. */
export interface ChainContent extends WalSummary {
  /** The numbers of the batches, as they were visited. */
  readonly numbers: readonly number[];
}

/** Reads the logs with these ids, by default all in the directory, as a chain that starts at the first of them. */
export function readChain(
  fileSystem: FileSystem,
  logIds: readonly number[] = logIdsIn(fileSystem),
  minimumLogId = logIds[0] ?? 1,
): ChainContent {
  const numbers: number[] = [];
  const logs = logIds.map((logId) => ({ logId, path: logPath(logId) }));
  const options = { databaseId: DATABASE_ID, minimumLogId, logs };
  const summary = readWalSync(fileSystem, options, ({ bytes, payloadStart }) => {
    numbers.push(readU32(bytes, payloadStart));
  });
  return { ...summary, numbers };
}

/** The ids of the logs in the directory, ascending. */
export function logIdsIn(fileSystem: FileSystem): number[] {
  return fileSystem
    .listSync(DIRECTORY)
    .filter((name) => /^\d{6}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10));
}

/** A file system that tells of every synchronous call, on files too, before it is carried out. */
export class WatchedFileSystem extends RecordingFileSystem {
  readonly #beforeCall: (call: FileCall) => void;

  constructor(inner: FileSystem, beforeCall: (call: FileCall) => void) {
    super(inner);
    this.#beforeCall = beforeCall;
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    this.#beforeCall(call);
    return super.aroundSync(call, run);
  }
}
