// A disk of 8 MiB that is filled to a random level while a database writes, and freed again (B17).
//
// A round: fill, write until refused, read everything, free, and take the time until a write is taken again. One round in
// four closes the database on the full disk and opens it again when there is space.

import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isStorageError, systemClock } from '@varve/base';
import { type Database, open } from '@varve/engine';
import { pause } from '../pause.js';
import { count, emptyReport, type Leg, type LegReport, noteLargest, runRounds } from './leg.js';
import { keyFor, Ledger, makeScratch, removeScratch, SMALL_OPTIONS, valueFor } from './scratch.js';

const DISK_SIZE = '8m';
const RESUME_MS_MAX = 1000;
const RESUME_PATIENCE_MS = 10_000;
const KEY_COUNT = 400;

/** See the head of this file. */
export const fullDisk: Leg = async (options) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return emptyReport('a file system of 8 MiB can be mounted by root on Linux only');
  }
  const mountPoint = makeScratch('full-disk');
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE}`, 'tmpfs', mountPoint]);
  } catch (error) {
    removeScratch(mountPoint);
    return emptyReport(`mounting is not permitted: ${(error as Error).message.split('\n')[0]}`);
  }
  const report = emptyReport();
  const disk = new FullDisk(mountPoint, report);
  try {
    await disk.open();
    await runRounds(options, report, async (index) => {
      disk.fill(options.random.below(600) * 1024);
      await disk.writeUntilRefused(options.random.below(4));
      if (index % 4 === 3) await disk.reopen();
      else await disk.resume();
    });
  } finally {
    await disk.close();
    execFileSync('umount', [mountPoint]);
    removeScratch(mountPoint);
  }
  return report;
};

class FullDisk {
  readonly #mountPoint: string;
  readonly #report: LegReport;
  #database: Database | null = null;
  readonly #ledger = new Ledger();
  #next = 0;
  /** Whether the leg closes the database: a write that waits for room is then told that there is none. */
  #isClosing = false;
  /** The newest write, which may wait for room. */
  #waiting: Promise<unknown> = Promise.resolve();

  constructor(mountPoint: string, report: LegReport) {
    this.#mountPoint = mountPoint;
    this.#report = report;
  }

  async open(): Promise<void> {
    const path = join(this.#mountPoint, 'database');
    this.#database = (await open(path, {
      ...SMALL_OPTIONS,
      reserveSizeBytes: 384 * 1024,
    })) as Database;
    await this.#database.settle();
  }

  /** Leaves about this much space; less when the database takes some meanwhile. */
  fill(leftBytes: number): void {
    const { bavail, bsize } = statfsSync(this.#mountPoint);
    const sizeBytes = Math.max(0, bavail * bsize - leftBytes);
    try {
      writeFileSync(this.#filler, Buffer.alloc(sizeBytes, 0x66));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  async writeUntilRefused(durabilityIndex: number): Promise<void> {
    const durability = (['always', 'interval', 'os', 'always'] as const)[durabilityIndex]!;
    for (let attempt = 0; attempt < 20_000; attempt++) {
      const outcome = await this.#put(durability);
      if (outcome === 'done') continue;
      this.#check('on the full disk');
      return;
    }
    count(this.#report, 'rounds never refused');
  }

  /** A write that finds no room waits for it for half a minute; here the disk is freed before. */
  #put(durability: 'always' | 'interval' | 'os'): Promise<'done' | 'refused' | 'waits'> {
    const number = this.#next++;
    const key = keyFor(number % KEY_COUNT);
    const value = valueFor(number);
    const database = this.#database!;
    const writing = database.put(key, value, { durability }).then(
      () => {
        this.#ledger.acknowledge(key, value);
        count(this.#report, 'acknowledged');
        return 'done' as const;
      },
      (error: unknown) => {
        this.#ledger.refuse(key, value);
        this.#checkRefusal(error);
        return 'refused' as const;
      },
    );
    this.#waiting = writing;
    return new Promise((resolve) => {
      const stop = database.events.on('state', () => {
        stop();
        // Whoever is refused is told in the same turn.
        void pause(20).then(() => resolve('waits'));
      });
      void writing.then((outcome) => {
        stop();
        resolve(outcome);
      });
    });
  }

  async resume(): Promise<void> {
    const startMs = systemClock.monotonicMs();
    rmSync(this.#filler, { force: true });
    await this.#writeWhenTaken(startMs);
    await this.#waiting;
    const resumedMs = systemClock.monotonicMs() - startMs;
    noteLargest(this.#report, 'slowest resumption ms', resumedMs);
    if (resumedMs > RESUME_MS_MAX) this.#blame(`writing went on after ${Math.round(resumedMs)} ms`);
    this.#check('after resumption');
  }

  async reopen(): Promise<void> {
    this.#isClosing = true;
    await this.#database!.close().catch((error) => {
      if (!isStorageError(error)) throw error;
    });
    rmSync(this.#filler, { force: true });
    await this.#waiting;
    this.#isClosing = false;
    await this.open();
    count(this.#report, 'reopened');
    this.#check('after opening again');
  }

  async close(): Promise<void> {
    rmSync(this.#filler, { force: true });
    await this.#database?.close();
  }

  get #filler(): string {
    return join(this.#mountPoint, 'filler');
  }

  async #writeWhenTaken(startMs: number): Promise<void> {
    for (;;) {
      try {
        await this.#database!.put('resumed', `${this.#next}`);
        return;
      } catch (error) {
        if (!isStorageError(error) || error.code !== 'NO_SPACE') throw error;
        if (systemClock.monotonicMs() - startMs > RESUME_PATIENCE_MS) {
          this.#blame(`writing did not go on: ${error.message}`);
          return;
        }
        await pause(5);
      }
    }
  }

  #checkRefusal(error: unknown): void {
    count(this.#report, 'refusals');
    if (!isStorageError(error)) throw error;
    const { state } = this.#database!;
    const isServing = this.#isClosing || (state !== 'failed' && state !== 'closed');
    if (error.code === 'NO_SPACE' && isServing) return;
    this.#blame(`a full disk was told as ${error.code}, state ${state}: ${error.message}`);
  }

  #check(when: string): void {
    const loss = this.#ledger.findLoss(this.#database!);
    if (loss !== null) this.#blame(`${when}: ${loss}`);
  }

  #blame(problem: string): void {
    this.#report.violations.push(problem);
  }
}
