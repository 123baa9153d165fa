/** A commit queue without a database around it: its memtable never fills up, so nothing is flushed and nothing waits. */
import {
  type CommitQueue,
  type EntryFormat,
  type FileSystem,
  type Memtable,
  rooms,
  type WalWriter,
} from './rooms.js';

const DATABASE_ID = new Uint8Array(16).fill(0xdb);
const ENTRY_ROOM_BYTES = 192;
const LOG_FILE_NAME = '000001.log';
const NEVER = 2 ** 31;

/** Where the log of the queue is. */
export interface QueuePlace {
  readonly fileSystem: FileSystem;
  /** A directory that exists. */
  readonly directory: string;
}

/** Makes commit queues over one memtable. */
export interface QueueMaker {
  readonly memtable: Memtable;
  /** Gives a queue over the emptied memtable and a new log; the one before must not be used any more. */
  renew(): CommitQueue;
  /** Closes and removes the log of the last queue. */
  close(): void;
}

/** Gives queues with room for `entryCount` entries, one after the other, in the same memory. */
export async function queueMaker(place: QueuePlace, entryCount: number): Promise<QueueMaker> {
  const { Memtable } = await rooms.memtable();
  const { CommitQueue, Generation } = await rooms.write();
  const { systemClock } = await rooms.base();
  const openLog = await logOpener(place);
  const memtable = new Memtable({
    arenaSizeBytes: entryCount * ENTRY_ROOM_BYTES,
    firstSequence: 1,
  });
  let close = (): void => {};
  const renew = (): CommitQueue => {
    close();
    memtable.reset(1);
    const log = openLog();
    const queue = new CommitQueue(new Generation(1, memtable, log), {
      ...{ clock: systemClock, syncIntervalMs: 1000, lastSequence: 0, indexLimitBytes: NEVER },
      ...{ onVisible: () => {}, onQuiet: () => {} },
      ...{ onLogLost: () => {}, onFailure: () => {}, writeTimeoutMs: NEVER },
      watch: { begin: () => null, end: () => {} },
      host: { canRotate: () => false, waitForRoom: fail, rotate: fail, poll: () => {} },
    });
    close = () => {
      queue.committer.close();
      log.closeSync();
      place.fileSystem.removeSync(`${place.directory}/${LOG_FILE_NAME}`);
    };
    return queue;
  };
  return { renew, close: () => close(), memtable };
}

/** The format of binary keys and values. */
export async function binaryFormat(): Promise<EntryFormat<Uint8Array, Uint8Array>> {
  const { resolveEncoding } = await rooms.encoding();
  return { keyspaceId: 0, key: resolveEncoding('binary'), value: resolveEncoding('binary') };
}

async function logOpener({ fileSystem, directory }: QueuePlace): Promise<() => WalWriter> {
  const { prepareLog, WalWriter } = await rooms.wal();
  await (await rooms.base()).initializeChecksums();
  const identity = { logId: 1, databaseId: DATABASE_ID };
  return () => {
    const file = {
      directory,
      fileName: LOG_FILE_NAME,
      recycledFileName: null,
      preallocateBytes: 0,
    };
    prepareLog(fileSystem, { ...file, ...identity });
    const path = `${directory}/${LOG_FILE_NAME}`;
    return WalWriter.openSync(fileSystem, {
      ...{ path, ...identity, allocation: 'onDemand', predecessor: null },
    });
  };
}

function fail(): never {
  throw new Error('Cannot go on: the memtable of a microbenchmark is full');
}
