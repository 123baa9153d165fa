// The kill loop: a process writes and is killed, another one looks at what is left, again and again on one directory.
//
// A killed process takes nothing with it that it handed to the system, so every acknowledged batch must be there, with any
// durability but 'none'; and the batches found must be the first ones issued, each as a whole.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, type Random } from '@varve/base';
import { Child, type ChildEnd } from './child.js';

/** How the loop is run. */
export interface KillLoopOptions {
  readonly killCount: number;
  readonly durability: 'os' | 'always';
  readonly seed: number;
  /** Kills after which a fresh directory is begun. */
  readonly killsPerDirectory: number;
  /** Is told after every kill. */
  readonly onKill?: (result: KillLoopResult) => void;
}

/** What came of it. */
export interface KillLoopResult {
  /** Writers killed. */
  killCount: number;
  /** Batches acknowledged. */
  acknowledgedCount: number;
  /** Acknowledged batches that were not found. */
  lostCount: number;
  /** Times the database was opened and compared. */
  reopenedCount: number;
  /** Checkers killed while they recovered the database. */
  recoveryKillCount: number;
  /** What was wrong first; null if nothing. */
  problem: string | null;
}

const KILL_DELAY_MS = [20, 500] as const;
/** A process needs this long before it opens the database. */
const RECOVERY_KILL_DELAY_MS = [40, 160] as const;

/** Runs the loop until the first problem. Leaves the directory of a problem where it is. */
export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const result: KillLoopResult = {
    killCount: 0,
    acknowledgedCount: 0,
    lostCount: 0,
    reopenedCount: 0,
    recoveryKillCount: 0,
    problem: null,
  };
  const random = createRandom(options.seed);
  const mayGoOn = (): boolean => result.killCount < options.killCount && result.problem === null;
  while (mayGoOn()) {
    const root = mkdtempSync(join(tmpdir(), 'varve-kill-'));
    const series = new Series(join(root, 'database'), options, { random, result });
    for (let kill = 0; kill < options.killsPerDirectory && mayGoOn(); kill++) await series.cycle();
    if (result.problem === null) rmSync(root, { recursive: true });
  }
  return result;
}

/** The kills on one directory. */
class Series {
  readonly #directory: string;
  readonly #options: KillLoopOptions;
  readonly #random: Random;
  readonly #result: KillLoopResult;
  readonly #workloadSeed: string;
  #acknowledged = 0;
  #issued = 0;

  constructor(
    directory: string,
    options: KillLoopOptions,
    shared: { readonly random: Random; readonly result: KillLoopResult },
  ) {
    this.#directory = directory;
    this.#options = options;
    this.#random = shared.random;
    this.#result = shared.result;
    this.#workloadSeed = String(this.#random.u32());
  }

  async cycle(): Promise<void> {
    const end = await this.#writeAndKill();
    this.#result.killCount += 1;
    if (end.signal !== 'SIGKILL') return this.#fail('the writer ended by itself', end);
    if (this.#random.below(4) === 0) await this.#killRecovery();
    await this.#check();
    this.#options.onKill?.(this.#result);
  }

  /** One kill in four comes at a time counted from the start of the process: that is before or while it recovers. */
  async #writeAndKill(): Promise<ChildEnd> {
    const { durability } = this.#options;
    const delayMs = this.#between(KILL_DELAY_MS);
    const isEarly = this.#random.below(4) === 0;
    const acknowledgedBefore = this.#acknowledged;
    const killLater = (): void => void setTimeout(() => child.kill(), delayMs);
    const parameters = [this.#directory, durability, this.#workloadSeed, `${this.#random.u32()}`];
    const child = new Child('writer-main.js', parameters, (line) => {
      const [word, number] = line.split(' ');
      if (word === 'open' && !isEarly) killLater();
      if (word === 'issue') this.#issued = Number(number);
      if (word === 'ack') this.#acknowledged = Number(number);
    });
    if (isEarly) killLater();
    const end = await child.ended;
    this.#result.acknowledgedCount += this.#acknowledged - acknowledgedBefore;
    return end;
  }

  async #killRecovery(): Promise<void> {
    const child = new Child('checker-main.js', this.#checkerParameters(), () => {});
    const timer = setTimeout(() => child.kill(), this.#between(RECOVERY_KILL_DELAY_MS));
    const { signal } = await child.ended;
    clearTimeout(timer);
    if (signal === 'SIGKILL') this.#result.recoveryKillCount += 1;
  }

  async #check(): Promise<void> {
    const lines: string[] = [];
    const child = new Child('checker-main.js', this.#checkerParameters(), (line) => {
      lines.push(line);
    });
    const end = await child.ended;
    if (end.exitCode !== 0) return this.#fail('the database cannot be opened and read', end);
    this.#result.reopenedCount += 1;
    const { last, problem } = JSON.parse(lines[0]!) as { last: number; problem: string | null };
    const lostCount = Math.max(0, this.#acknowledged - last);
    this.#result.lostCount += lostCount;
    if (lostCount > 0) {
      this.#blame(`batch ${this.#acknowledged} was acknowledged, the last one found is ${last}`);
    } else if (last > this.#issued) {
      this.#blame(`batch ${last} was found, the last one issued is ${this.#issued}`);
    } else if (problem !== null) this.#blame(`not the first ${last} batches: ${problem}`);
    // What was found is durable now, and where the next writer goes on.
    this.#acknowledged = last;
    this.#issued = last;
  }

  #checkerParameters(): string[] {
    return [this.#directory, this.#workloadSeed];
  }

  #fail(what: string, { exitCode, signal, complaint }: ChildEnd): void {
    this.#blame(`${what} (exit code ${exitCode}, signal ${signal}): ${complaint}`);
  }

  #blame(problem: string): void {
    this.#result.problem ??= `${problem} (in ${this.#directory})`;
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random.below(most - least + 1);
  }
}
