// Crashes of a chain of logs, at every call to the file system, in every model of what a crash leaves.
//
// A writer appends, syncs, rotates, recycles, and meets failing writes and syncs, all chosen by a seed. Before each of its
// calls the file system is crashed. What is read back must be a prefix of what was committed, with all that was
// acknowledged as durable, and never a refusal: only damage is refused, and a crash is not damage. A batch whose write
// failed may be there, but only as the last and in its place, since its number is given again.

import { createRandom, initializeChecksums, type Random } from '@varve/base';
import { type CrashModel, FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  append,
  type ChainContent,
  DIRECTORY,
  logIdsIn,
  logPath,
  readChain,
  startLog,
  WatchedFileSystem,
} from './testing/wal-fixture.js';
import type { WalWriter } from './wal-writer.js';

const SEED_FIRST = 20_260_104;
const SEED_COUNT = 40;
const STEP_COUNT = 30;
const MODELS: readonly CrashModel[] = ['kill', 'drop', 'ordered', 'posix', 'posix', 'posix'];
/** Added to the number of a batch whose write failed. */
const REJECTED = 1_000_000;

beforeAll(initializeChecksums);

/** A writer of logs, driven by random numbers, that checks each crash of its file system. */
class CrashingWriter {
  imageCount = 0;
  readonly #random: Random;
  readonly #memory = new MemoryFileSystem();
  readonly #faulty: FaultyFileSystem;
  readonly #fileSystem: WatchedFileSystem;
  readonly #syncing: 'always' | 'sometimes' | 'never';
  #live: { log: WalWriter; firstNumber: number }[] = [];
  /** Logs whose files may be overwritten. */
  #spareLogIds: number[] = [];
  #minimumLogId = 1;
  #nextLogId = 1;
  /** The number of the first batch that is in no table. */
  #firstNumber = 0;
  #nextNumber = 0;
  #durableNumber = 0;
  readonly #rejectedNumbers = new Set<number>();
  #failed = false;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    this.#syncing = (['always', 'sometimes', 'never'] as const)[this.#random.below(3)];
    this.#memory.makeDirectorySync(DIRECTORY);
    this.#memory.syncDirectorySync('/');
    this.#faulty = new FaultyFileSystem(this.#memory, {
      onSyncFailure: (path) => this.#memory.loseUnsynced(path, 'new'),
    });
    this.#fileSystem = new WatchedFileSystem(this.#faulty, () => this.#crash());
  }

  async run(): Promise<void> {
    this.#start();
    for (let step = 0; step < STEP_COUNT && !this.#failed; step++) await this.#step();
    for (const { log } of this.#live) log.closeSync();
    this.#crash();
    expect(this.#memory.openPaths()).toEqual([]);
  }

  get #log(): WalWriter {
    return this.#live[this.#live.length - 1].log;
  }

  async #step(): Promise<void> {
    const choice = this.#random.below(20);
    if (choice < 10) this.#append();
    else if (choice < 13) await this.#syncBesideAppends();
    else if (choice === 13) this.#log.appendMarkerSync();
    else if (choice < 16) this.#rotate();
    else if (choice === 16) this.#flush();
    else if (choice === 17) this.#failToAppend();
    else if (choice === 18 && this.#random.below(4) === 0) this.#failToSync();
    if (this.#syncing === 'always') this.#sync();
  }

  #append(): void {
    append(this.#log, this.#nextNumber, 4 + this.#random.below(900));
    this.#nextNumber++;
  }

  #sync(): void {
    if (this.#failed || this.#syncing === 'never') return;
    for (let index = 0; index < this.#live.length; index++) {
      if (index > 0) this.#live[index].log.confirmPredecessor();
      this.#live[index].log.syncSync();
    }
    this.#durableNumber = this.#nextNumber;
  }

  async #syncBesideAppends(): Promise<void> {
    this.#sync();
    if (this.#syncing === 'never') return;
    this.#append();
    const covered = this.#nextNumber;
    const syncing = this.#log.sync();
    this.#append();
    if (this.#random.below(2) === 0) this.#sync();
    this.#append();
    await syncing;
    this.#durableNumber = Math.max(this.#durableNumber, covered);
  }

  #start(): void {
    const recycledLogId = this.#spareLogIds.shift();
    const predecessor = this.#live.at(-1)?.log.end ?? null;
    const log = startLog(this.#fileSystem, this.#nextLogId, {
      predecessor,
      allocation: 'onDemand',
      preallocateBytes: this.#random.below(2) * 6000,
      ...(recycledLogId !== undefined && { recycledLogId }),
    });
    this.#nextLogId++;
    this.#live.push({ log, firstNumber: this.#nextNumber });
  }

  #rotate(): void {
    if (this.#log.failure === undefined) this.#log.finishSync();
    this.#start();
  }

  /** As if all logs but the last had become a table, and a durable manifest said so. */
  #flush(): void {
    const last = this.#live[this.#live.length - 1];
    for (const { log } of this.#live.slice(0, -1)) {
      log.closeSync();
      this.#spareLogIds.push(log.logId);
    }
    this.#live = [last];
    this.#minimumLogId = last.log.logId;
    this.#firstNumber = last.firstNumber;
    last.log.confirmPredecessor();
  }

  #failToAppend(): void {
    const sizeBytes = this.#random.below(100);
    this.#rejectedNumbers.add(this.#nextNumber);
    this.#faulty.addRule({ operation: 'write', effect: { kind: 'short', sizeBytes } });
    const rejected = REJECTED + this.#nextNumber;
    expect(() => append(this.#log, rejected, 70)).toThrow(expect.objectContaining({ code: 'IO' }));
    this.#rotate();
    this.#append();
  }

  #failToSync(): void {
    if (this.#syncing === 'never') return;
    this.#sync();
    this.#append();
    this.#faulty.addRule({ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } });
    expect(() => this.#log.syncSync()).toThrow(
      expect.objectContaining({ code: 'DURABILITY_UNKNOWN' }),
    );
    this.#failed = true;
  }

  #crash(): void {
    const model = MODELS[this.#random.below(MODELS.length)];
    const image = this.#memory.crash(model, this.#random);
    this.imageCount++;
    const content = this.#read(image);
    this.#check(content, model);
    if (this.#random.below(4) === 0) this.#crashRecovery(image, content);
  }

  #read(image: MemoryFileSystem): ChainContent {
    const logIds = logIdsIn(image).filter((logId) => logId >= this.#minimumLogId);
    return readChain(image, logIds, this.#minimumLogId);
  }

  #check({ numbers }: ChainContent, model: CrashModel): void {
    const first = this.#firstNumber;
    const found = numbers.filter((number) => number < REJECTED);
    expect(found).toEqual(found.map((_, index) => first + index));
    expect(first + found.length).toBeLessThanOrEqual(this.#nextNumber + 1);
    const acknowledged = model === 'kill' ? this.#nextNumber : this.#durableNumber;
    expect(first + found.length).toBeGreaterThanOrEqual(acknowledged);
    const rejected = numbers.slice(found.length);
    expect(rejected.length).toBeLessThanOrEqual(1);
    for (const number of rejected) {
      expect(number - REJECTED).toBe(first + found.length);
      expect(this.#rejectedNumbers).toContain(number - REJECTED);
    }
  }

  /** W11: recovery starts the next log and is crashed itself; what is read afterwards is the same. */
  #crashRecovery(image: MemoryFileSystem, content: ChainContent): void {
    const nextLogId = Math.max(this.#nextLogId, ...logIdsIn(image)) + 1;
    const crashing = new WatchedFileSystem(image, () => {
      const again = image.crash('posix', this.#random);
      const { numbers } = this.#read(again);
      expect(numbers.slice(0, content.batchCount)).toEqual(content.numbers);
      expect(numbers.slice(content.batchCount)).toEqual(
        numbers.length > content.batchCount ? [0] : [],
      );
    });
    const log = startLog(crashing, nextLogId, { predecessor: content.end });
    append(log, 0);
    log.closeSync();
    image.removeSync(logPath(nextLogId));
  }
}

describe('a chain of logs crashed before every call', () => {
  test.each(Array.from({ length: SEED_COUNT / 20 }, (_, chunk) => SEED_FIRST + chunk * 20))(
    'reads back as a prefix with all durable batches: seeds from %i',
    async (firstSeed) => {
      for (let seed = firstSeed; seed < firstSeed + 20; seed++) {
        const writer = new CrashingWriter(seed);
        await writer.run().catch((error: Error) => {
          throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
        });
        expect(writer.imageCount).toBeGreaterThan(10);
      }
    },
  );
});
