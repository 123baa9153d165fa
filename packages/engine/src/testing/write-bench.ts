// A write path without a database around it: a commit queue over logs in memory, whose asynchronous syncs a test can hold
// and whose calls it can make fail. It rotates into prepared logs when it may, and flushes nothing.

import { createRandom, isStorageError, type StorageError } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { logFileName } from '../directory/index.js';
import { resolveEncoding } from '../encoding/index.js';
import { decodeEntry, EntrySlots, Memtable, walkPayload } from '../memtable/index.js';
import { prepareLog, readWalSync, type WalEnd, WalWriter } from '../wal/index.js';
import { CommitQueue, durabilityRank, Generation, type WriteHost } from '../write/index.js';
import { HeldScheduler } from './held-scheduler.js';
import { HookedFileSystem } from './hooked-file-system.js';
import { ManualClock } from './manual-clock.js';

const DIRECTORY = '/db';
const DATABASE_ID = new Uint8Array(16).fill(0xab);
const text = resolveEncoding('utf8');

/** How keys and values of tests are written. */
export const FORMAT = { keyspaceId: 0, key: text, value: text };

/** The ranks of the durability words. */
export const RANK = {
  none: durabilityRank('none'),
  os: durabilityRank('os'),
  interval: durabilityRank('interval'),
  always: durabilityRank('always'),
};

/** How a {@link WriteBench} is made. */
export interface WriteBenchOptions {
  readonly arenaSizeBytes?: number;
  readonly indexLimitBytes?: number;
  readonly syncIntervalMs?: number;
  readonly writeTimeoutMs?: number;
  /** Sequence of the last entry written before. */
  readonly lastSequence?: number;
}

/** See the head of this file. */
export class WriteBench implements WriteHost {
  readonly scheduler = new HeldScheduler();
  readonly memory = new MemoryFileSystem({ scheduler: this.scheduler });
  readonly hooked = new HookedFileSystem(this.memory);
  readonly recording = new RecordingFileSystem(this.hooked, { root: DIRECTORY, writes: 'names' });
  readonly fileSystem = new FaultyFileSystem(this.recording, {
    onSyncFailure: (path) => this.memory.loseUnsynced(path, 'new'),
  });
  readonly clock = new ManualClock();
  readonly queue: CommitQueue;
  readonly generations: Generation[] = [];
  /** Sequences made visible, in order. */
  readonly visible: number[] = [];
  readonly failures: StorageError[] = [];
  /** Why a log took no more, each time that one did not. */
  readonly lostLogs: StorageError[] = [];
  readonly quiet: Generation[] = [];
  /** Whether a full memtable may be replaced. */
  mayRotate = true;
  /** What is done for a synchronous writer who waits. By default rotation becomes possible. */
  onWaitForRoom: () => void = () => {
    this.mayRotate = true;
  };
  pollCount = 0;
  readonly #arenaSizeBytes: number;

  constructor(options: WriteBenchOptions = {}) {
    this.#arenaSizeBytes = options.arenaSizeBytes ?? 1024 * 1024;
    this.memory.makeDirectorySync(DIRECTORY);
    this.memory.syncDirectorySync('/');
    const { lastSequence = 0 } = options;
    const first = this.#makeGeneration(lastSequence + 1, 0);
    this.queue = new CommitQueue(first, {
      host: this,
      clock: this.clock,
      watch: { begin: () => null, end: () => {} },
      writeTimeoutMs: options.writeTimeoutMs ?? Number.POSITIVE_INFINITY,
      lastSequence,
      syncIntervalMs: options.syncIntervalMs ?? 100,
      indexLimitBytes: options.indexLimitBytes ?? 1024 * 1024,
      onVisible: (sequence) => this.visible.push(sequence),
      onQuiet: (generation) => this.quiet.push(generation),
      onLogLost: (error) => this.lostLogs.push(error),
      onFailure: (error) => this.failures.push(error),
    });
    this.recording.clear();
  }

  canRotate(): boolean {
    return this.mayRotate;
  }

  waitForRoom(): void {
    this.onWaitForRoom();
  }

  poll(): void {
    this.pollCount += 1;
  }

  /** A generation behind the present one, whose log names what that one ended with. */
  addGeneration(): Generation {
    return this.#makeGeneration(this.queue.lastSequence + 1, 0);
  }

  rotate(minimumArenaBytes: number): Generation {
    this.generations.at(-1)!.log.finishSync();
    return this.#makeGeneration(this.queue.lastSequence + 1, minimumArenaBytes);
  }

  /** Holds every asynchronous sync from now on. */
  holdSyncs(): void {
    this.scheduler.holds = ({ operation }) => operation === 'syncData';
  }

  put(key: string, value: string, rank: number = RANK.always): Promise<void> {
    return this.queue.put(FORMAT, key, value, rank);
  }

  putSync(key: string, value: string, rank: number = RANK.always): void {
    this.queue.putSync(FORMAT, key, value, rank);
  }

  /** What a reader sees of a key now. */
  get(key: string): string | undefined {
    const bytes = Buffer.from(key);
    for (const { memtable } of this.generations.toReversed()) {
      const offset = memtable.find(0, bytes, 0, bytes.length, this.visible.at(-1) ?? 0);
      if (offset < 0) continue;
      return entryText(memtable.arena.bytes, offset).value;
    }
    return undefined;
  }

  /** The entries that recovery would find after a power loss that keeps only what was synced. */
  survivors(): string[] {
    const image = this.memory.crash('drop', createRandom(1));
    const logs = this.generations.map(({ logNumber: logId }) => ({
      logId,
      path: `${DIRECTORY}/${logFileName(logId)}`,
    }));
    const entries: string[] = [];
    const options = { databaseId: DATABASE_ID, minimumLogId: 1, logs };
    readWalSync(image, options, ({ bytes, payloadStart, payloadEnd, path }) => {
      walkPayload(bytes, payloadStart, payloadEnd, { file: path, where: 'wal' }, (offset) => {
        const { key, value } = entryText(bytes, offset);
        entries.push(`${key}=${value}`);
      });
    });
    return entries;
  }

  #predecessor(): WalEnd | null {
    const { log } = this.generations.at(-1) ?? {};
    if (log === undefined) return null;
    // What a lost log holds is in tables by then.
    return log.failure === undefined ? log.end : { ...log.end, durable: true };
  }

  #makeGeneration(firstSequence: number, minimumArenaBytes: number): Generation {
    const logId = this.generations.length + 1;
    const fileName = logFileName(logId);
    prepareLog(this.fileSystem, {
      ...{ directory: DIRECTORY, fileName, logId, databaseId: DATABASE_ID },
      ...{ recycledFileName: null, preallocateBytes: 0 },
    });
    const log = WalWriter.openSync(this.fileSystem, {
      path: `${DIRECTORY}/${fileName}`,
      logId,
      databaseId: DATABASE_ID,
      allocation: 'onDemand',
      predecessor: this.#predecessor(),
    });
    const arenaSizeBytes = Math.max(this.#arenaSizeBytes, minimumArenaBytes);
    const memtable = new Memtable({ arenaSizeBytes, firstSequence });
    const generation = new Generation(logId, memtable, log);
    this.generations.push(generation);
    return generation;
  }
}

function entryText(bytes: Uint8Array, offset: number): { key: string; value: string | undefined } {
  const slots = new EntrySlots();
  decodeEntry(bytes, offset, slots);
  const textOf = (start: number, end: number): string =>
    Buffer.from(bytes.slice(start, end)).toString();
  const key = textOf(slots.keyStart, slots.keyEnd);
  const isPut = slots.kind === 1;
  return { key, value: isPut ? textOf(slots.valueStart, slots.valueEnd) : undefined };
}

/** Notes how a promise ends, without waiting for it. */
export function watch(promise: Promise<unknown>): { state: 'waiting' | 'done' | string } {
  const watched: { state: string } = { state: 'waiting' };
  promise.then(
    () => {
      watched.state = 'done';
    },
    (error: unknown) => {
      watched.state = isStorageError(error) ? error.code : String(error);
    },
  );
  return watched;
}
