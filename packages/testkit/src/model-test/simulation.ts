// Time and order, made up: the clock of a database and the scheduler of its file system in one.
//
// Everything asynchronous that the engine asks for waits here: operations on files, turns of the event loop, timers. One
// of them at a time is let through, chosen by a random source that is set anew for every operation of the test, so a part
// of a list of operations meets the same choices as the whole list. Some runs hold back one kind of file operation, as a
// busy disk might, until hardly anything else is left. Time passes only when somebody looks at the clock, or when nothing
// else is left to do.

import { type Clock, createRandom, type Random, type Timer } from '@varve/base';
import type { FileCall, OperationScheduler } from '@varve/vfs';

/** Steps after which waiting for something is given up. */
const STEP_COUNT_MAX = 200_000;
/** How far every look at the clock moves it: scans that look often believe that they take long. */
const GLANCE_MS = 0.5;

interface SimulatedTimer extends Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** What a run may hold back: nothing, most often. */
const HELD_BACK = [null, null, /MANIFEST/, /\.log$/, /\.sst$/];
/** What is held back gets its turn all the same, one time in this many. */
const HELD_BACK_STRIDE = 32;

interface PendingFileOperation {
  readonly path: string;
  readonly run: () => void;
}

/** Something was waited for that cannot come any more. */
export class StuckError extends Error {}

/** See the head of this file. */
export class Simulation implements Clock, OperationScheduler {
  readonly #heldBack: RegExp | null;
  #random: Random = createRandom(0);
  #nowMs = 1_000;
  readonly #fileOperations: PendingFileOperation[] = [];
  /** Turns of the event loop, in order. */
  #turns: SimulatedTimer[] = [];
  #timers: SimulatedTimer[] = [];

  /** The seed decides what is held back. */
  constructor(seed: number) {
    this.#heldBack = HELD_BACK[seed % HELD_BACK.length]!;
  }

  /** From now on choices follow from this number. */
  seed(seed: number): void {
    this.#random = createRandom(seed);
  }

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    this.#nowMs += GLANCE_MS;
    return this.#nowMs;
  }

  delay(ms: number, run: () => void): Timer {
    const timer = this.#timer(this.#timers, this.#nowMs + ms, run);
    this.#timers.push(timer);
    return timer;
  }

  soon(run: () => void): Timer {
    const timer = this.#timer(this.#turns, 0, run);
    this.#turns.push(timer);
    return timer;
  }

  schedule({ path }: FileCall, run: () => void): void {
    this.#fileOperations.push({ path, run });
  }

  /** Lets time pass. Timers that are due then come when they are chosen. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** Forgets everything that waits, as when a process dies. */
  clear(): void {
    this.#fileOperations.length = 0;
    this.#turns.length = 0;
    this.#timers.length = 0;
  }

  /** Takes up to this many steps. */
  async run(stepCount: number): Promise<void> {
    for (let step = 0; step < stepCount; step++) {
      await quiet();
      if (!this.#step()) return;
    }
    await quiet();
  }

  /** Takes steps until only timers of the future are left. */
  async runAll(): Promise<void> {
    for (let step = 0; step < STEP_COUNT_MAX; step++) {
      await quiet();
      if (!this.#step()) return;
    }
    throw new StuckError('background work does not come to an end');
  }

  /** Takes steps until the promise is settled; waits for timers if it must. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (let step = 0; step < STEP_COUNT_MAX; step++) {
      await quiet();
      if (isSettled) return promise;
      if (!this.#step() && !this.#awaitTimer()) {
        throw new StuckError('it never settles: nothing is under way that it could wait for');
      }
    }
    throw new StuckError(`it does not settle within ${STEP_COUNT_MAX} steps`);
  }

  /** Lets one thing through. False when nothing is ready. */
  #step(): boolean {
    const choices = [...this.#otherChoices(), ...this.#fileChoices()];
    if (choices.length === 0) return false;
    choices[this.#random.below(choices.length)]!();
    return true;
  }

  #otherChoices(): (() => void)[] {
    const choices: (() => void)[] = [];
    const due = this.#timers.findIndex(({ dueMs }) => dueMs <= this.#nowMs);
    if (due >= 0) choices.push(() => this.#timers.splice(due, 1)[0]!.run());
    if (this.#turns.length > 0) choices.push(() => this.#turns.shift()!.run());
    return choices;
  }

  #fileChoices(): (() => void)[] {
    const operations = this.#fileOperations;
    const isFree = ({ path }: PendingFileOperation): boolean => !this.#heldBack?.test(path);
    const holdsBack = this.#random.below(HELD_BACK_STRIDE) > 0;
    const mayHoldBack = holdsBack && (this.#turns.length > 0 || operations.some(isFree));
    const free = mayHoldBack ? operations.filter(isFree) : operations;
    return free.map((operation) => () => {
      operations.splice(operations.indexOf(operation), 1);
      operation.run();
    });
  }

  #awaitTimer(): boolean {
    if (this.#timers.length === 0) return false;
    this.#nowMs = Math.max(this.#nowMs, Math.min(...this.#timers.map(({ dueMs }) => dueMs)));
    return true;
  }

  #timer(list: SimulatedTimer[], dueMs: number, run: () => void): SimulatedTimer {
    const timer: SimulatedTimer = {
      dueMs,
      run,
      cancel: () => {
        const index = list.indexOf(timer);
        if (index >= 0) list.splice(index, 1);
      },
    };
    return timer;
  }
}

/** Resolves when every promise that could be settled without a step has been. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
