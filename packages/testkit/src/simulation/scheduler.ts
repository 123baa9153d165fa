// Time and order, made up: the clock of a database, the scheduler of its file system and of its clients in one.
//
// Everything asynchronous waits here as a task: operations on files, turns of the event loop (in which background jobs
// run), timers that are due, and the next operation of each client. When every promise that could be settled has been,
// one task is chosen and let through. Before that, whoever drives may look at the world: that is where it is quiet.
//
// Time passes when nothing is ready, by the time that an operation on a file takes, and a little whenever somebody looks at
// the clock, so that waiting by looking comes to an end.

import { type Clock, createRandom, type Random, type Timer } from '@varve/base';
import type { FileCall, OperationScheduler } from '@varve/vfs';
import { type Actor, type Choice, createPolicy, type Policy, type PolicyName } from './policy.js';
import type { Trace } from './trace.js';

/** Steps after which waiting for something is given up. */
const STEP_COUNT_MAX = 200_000;
const GLANCE_MS = 0.05;
const START_MS = 1_000;

/** How a scheduler chooses. */
export interface SchedulerOptions {
  readonly policy: PolicyName;
  readonly seed: number;
  /** What an operation on a file takes. */
  readonly latencyMs: number;
  readonly trace: Trace;
  /**
   * Choices to make instead of the policy's, by step: the place among the tasks that are ready. A step that is not named
   * takes the oldest task.
   */
  readonly choices?: ReadonlyMap<number, number> | null;
}

interface Task extends Choice {
  readonly label: string;
  readonly run: () => void;
}

interface PlannedTimer extends Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Something was waited for that cannot come any more. */
export class DeadlockError extends Error {}

/** See the head of this file. */
export class Scheduler implements Clock, OperationScheduler {
  /** Is called before every step, when all is quiet. */
  onQuiet: () => Promise<void> | undefined = () => undefined;
  readonly #options: SchedulerOptions;
  readonly #policy: Policy;
  #random: Random;
  #nowMs = START_MS;
  #stepCount = 0;
  #tasks: Task[] = [];
  #timers: PlannedTimer[] = [];
  readonly #taken = new Map<number, number>();

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#policy = createPolicy(options.policy, options.seed);
    this.#random = createRandom(options.seed);
  }

  /** Now, without moving it. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  /** The choices so far that were not the oldest task, by step. */
  get taken(): ReadonlyMap<number, number> {
    return this.#taken;
  }

  /** From now on choices follow from this number. */
  reseed(seed: number): void {
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
    const timer: PlannedTimer = {
      dueMs: this.#nowMs + ms,
      run,
      cancel: () => remove(this.#timers, timer),
    };
    this.#timers.push(timer);
    return timer;
  }

  soon(run: () => void): Timer {
    return this.add({ actor: 'turn', label: 'turn', run });
  }

  schedule(call: FileCall, run: () => void): void {
    const { operation, path, position = 0, length = 0 } = call;
    const isSync = operation === 'syncData' || operation === 'syncDirectory';
    const label = `${operation} ${path}@${position}+${length}`;
    const later = (): void => {
      this.#nowMs += this.#options.latencyMs;
      run();
    };
    this.#tasks.push({ actor: actorOf(call), label, isSync, run: later });
  }

  /** Lets somebody do something when it is chosen. */
  add({ actor, label, run }: Omit<Task, 'isSync'>): Timer {
    const task: Task = { actor, label, isSync: false, run };
    this.#tasks.push(task);
    return { cancel: () => remove(this.#tasks, task) };
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** Forgets everything that waits, as when a process dies. */
  clear(): void {
    this.#tasks = [];
    this.#timers = [];
  }

  /** Takes steps until `isDone`. Throws a DeadlockError if it never will be. */
  async runUntil(isDone: () => boolean): Promise<void> {
    for (let step = 0; step < STEP_COUNT_MAX; step++) {
      await quiet();
      if (isDone()) return;
      const looking = this.onQuiet();
      if (looking !== undefined) await looking;
      if (isDone()) return;
      if (!this.#step() && !this.#awaitTimer()) {
        throw new DeadlockError('nothing is under way that could go on');
      }
    }
    throw new DeadlockError(`no end within ${STEP_COUNT_MAX} steps`);
  }

  /** Takes steps until the promise is settled. Throws a DeadlockError if it never will be. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await this.runUntil(() => isSettled);
    return promise;
  }

  #step(): boolean {
    const ready = this.#ready();
    if (ready.length === 0) return false;
    const step = this.#stepCount++;
    const chosen = this.#choose(ready, step);
    if (chosen > 0) this.#taken.set(step, chosen);
    const task = ready[chosen]!;
    this.#options.trace.add(task.label);
    remove(this.#tasks, task);
    task.run();
    return true;
  }

  #choose(ready: readonly Task[], step: number): number {
    const { choices } = this.#options;
    if (choices != null) return (choices.get(step) ?? 0) % ready.length;
    return ready.length === 1 ? 0 : this.#policy(ready, this.#random);
  }

  /** Turns of the event loop come in their order, and so do timers. */
  #ready(): Task[] {
    const ready: Task[] = [];
    let hasTurn = false;
    for (const task of this.#tasks) {
      if (task.actor !== 'turn') ready.push(task);
      else if (!hasTurn) {
        hasTurn = true;
        ready.push(task);
      }
    }
    const timer = this.#nextTimer();
    if (timer !== undefined && timer.dueMs <= this.#nowMs) {
      const run = (): void => {
        remove(this.#timers, timer);
        timer.run();
      };
      ready.push({ actor: 'timer', label: 'timer', isSync: false, run });
    }
    return ready;
  }

  #nextTimer(): PlannedTimer | undefined {
    let next: PlannedTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    }
    return next;
  }

  #awaitTimer(): boolean {
    const next = this.#nextTimer();
    if (next === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    return true;
  }
}

function actorOf({ operation, path }: FileCall): Actor {
  if (operation === 'syncDirectory') return 'directory';
  if (path.endsWith('.log')) return 'log';
  if (path.endsWith('.sst')) return 'table';
  return path.includes('MANIFEST') ? 'manifest' : 'other file';
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

/** Resolves when every promise that could be settled without a step has been. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
