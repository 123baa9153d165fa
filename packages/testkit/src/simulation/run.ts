// One simulation: clients work on a database beside each other, on a machine whose time, order and faults are made up.
//
// It ends with the first thing that must not happen, or with a comparison of everything.

import { createRandom, initializeChecksums, isStorageError } from '@varve/base';
import { type Database, type DatabaseEvents, type Durability, open, verify } from '@varve/engine';
import type { FileCall, MemoryFileSystem } from '@varve/vfs';
import { errorText } from '../drivers/image-check.js';
import { type KeyMaker, keyMakerOf } from '../model-test/keys.js';
import { type CrashImage, MEMORY_BUDGET_BYTES, refuteImage } from './check-image.js';
import { carryOut } from './client-steps.js';
import { refuteError, refuteFailedClose } from './error-rules.js';
import { type Bounds, type Content, History, refuteRecovered } from './history.js';
import { ImagePoints } from './image-points.js';
import { DATABASE_PATH, Machine } from './machine.js';
import type { CrashChoice, Operation, OperationOf, Reopening } from './operation.js';
import { ownStackOf } from './own-stack.js';
import { PROFILES, type Profile } from './profiles.js';
import type { Client, RunContext } from './run-context.js';
import { DeadlockError, Scheduler } from './scheduler.js';
import type { SimulationCase } from './simulation-case.js';
import { SpreadStore } from './spread-store.js';
import { Trace } from './trace.js';

/** Closing must not take longer than this, in the time of the simulation (B21). */
const CLOSE_LIMIT_MS = 5_000;
/** Operations that are still begun after the database has failed. */
const LINGER_OPERATION_COUNT = 5;
/** Steps after which a fault goes away by itself: what is tried again and again must be able to end. */
const HEAL_STEP_COUNT = 20_000;
const SYNC_INTERVAL_MS = 100;

/** Something that must never happen. */
export class Violation extends Error {
  /** The image it was found in. */
  readonly image: CrashImage | null;

  constructor(message: string, image: CrashImage | null = null) {
    super(message);
    this.name = 'Violation';
    this.image = image;
  }
}

/** What a run came to. */
export interface RunResult {
  /** Null if all was well. */
  readonly violation: Violation | null;
  readonly traceHash: string;
  readonly trace: readonly string[];
  readonly stepCount: number;
  readonly imageCount: number;
  /** Faults that were caused, and operations that were carried out. */
  readonly faultCount: number;
  readonly operationCount: number;
  /** The choices of the scheduler that were not the oldest task, by step. */
  readonly choices: ReadonlyMap<number, number>;
  /** Ids of the operations that were begun. */
  readonly begunIds: ReadonlySet<number>;
  /** Whether all operations were carried out. */
  readonly hasEnded: boolean;
  /** What the database was about at the end. */
  readonly phase: Phase;
  /** The operation begun last; null if none was. */
  readonly lastOperation: Operation | null;
}

/** How a case is run. */
export interface RunOptions {
  /** Whether the lines of the trace are kept. Default: only their hash. */
  readonly trace?: 'hash' | 'lines';
  /** Is asked whether it may go on; a run that may not ends as if all were well. */
  readonly mayGoOn?: () => boolean;
  /** Whether everything is compared after the last operation. Default: `'compare'`. */
  readonly ending?: 'compare' | 'none';
}

/** Runs a case from its beginning to its end; see the head of this file. */
export async function runCase(
  simulation: SimulationCase,
  options: RunOptions = {},
): Promise<RunResult> {
  // Compiling them takes real time, of which a simulated world knows nothing.
  await initializeChecksums();
  const run = new Run(simulation, options);
  return run.toEnd();
}

interface PendingCrash {
  readonly choice: CrashChoice;
  readonly files: MemoryFileSystem;
  readonly bounds: Bounds;
}

type Phase = 'opening' | 'running' | 'closing';

class Run implements RunContext {
  readonly history = new History();
  readonly scheduler: Scheduler;
  readonly machine: Machine;
  readonly profile: Profile;
  readonly keyOf: KeyMaker;
  readonly points: ImagePoints;
  phase: Phase = 'opening';
  /** The durability that writes have which ask for none. */
  durability: Durability = 'always';
  readonly #case: SimulationCase;
  readonly #trace: Trace;
  readonly #mayGoOn: () => boolean;
  #isGivenUp = false;
  readonly #ending: 'compare' | 'none';
  #hasEnded = false;
  readonly #clients: Client[] = [];
  #store: SpreadStore | null = null;
  /** Counts the processes: what belongs to an earlier one is not listened to. */
  #process = 0;
  #violation: Violation | null = null;
  #crash: PendingCrash | null = null;
  #armed: {
    remaining: number;
    readonly operation: OperationOf<'crash'> | null;
    readonly choice: CrashChoice;
  } | null = null;
  #reopen: Reopening | null = null;
  #images: CrashImage[] = [];
  /** What may be found while the database is being opened. */
  #openingBounds: { readonly process: Bounds; readonly machine: Bounds } | null = null;
  #lingerCount = 0;
  #imageCount = 0;
  #faultCount = 0;
  readonly #begunIds = new Set<number>();
  #lastOperation: Operation | null = null;
  #healAtStep = HEAL_STEP_COUNT;

  constructor(simulation: SimulationCase, options: RunOptions) {
    const { trace = 'hash', mayGoOn = () => true, ending = 'compare' } = options;
    this.#mayGoOn = mayGoOn;
    this.#ending = ending;
    this.#case = simulation;
    this.#trace = new Trace(trace);
    const { seed, policy, latencyMs, choices } = simulation;
    this.scheduler = new Scheduler({
      ...{ seed, policy, latencyMs, trace: this.#trace },
      choices: choices === null ? null : new Map(choices),
    });
    this.scheduler.onQuiet = () => this.#lookWhenQuiet();
    this.profile = profileOf(simulation.profile);
    this.keyOf = keyMakerOf(this.profile.keyShape);
    this.points = new ImagePoints(simulation);
    this.machine = new Machine({
      scheduler: this.scheduler,
      trace: this.#trace,
      onCall: (call) => this.#beforeCall(call),
      onDisorder: (text) => this.violate(text),
    });
    for (const operation of simulation.operations) {
      (this.#clients[operation.client] ??= emptyClient()).operations.push(operation);
    }
  }

  get store(): SpreadStore {
    return this.#store!;
  }

  get #database(): Database {
    return this.store.database;
  }

  /** Runs to the end, or to the first violation. */
  async toEnd(): Promise<RunResult> {
    try {
      await this.#open(0);
      this.#feedAll();
      while (!this.#isOver()) {
        await this.scheduler.runUntil(() => this.#isInterrupted() || this.#isOver());
        await this.#handleInterrupt();
      }
      if (this.#violation === null && !this.#isGivenUp) {
        this.#hasEnded = true;
        if (this.#ending === 'compare') await this.#finish();
      }
    } catch (error) {
      this.#violation ??= asViolation(error, this.#underWay());
    }
    this.scheduler.clear();
    return this.#result();
  }

  /** Something must not have happened. The first such thing ends the run. */
  violate(message: string | null): void {
    if (message !== null) this.#violation ??= new Violation(message);
  }

  /** What a client has open. */
  client(number: number): Client {
    return this.#clients[number]!;
  }

  /** The database is to be closed and opened again. */
  requestReopen(how: Reopening): void {
    this.#reopen ??= how;
  }

  /** The machine or the process stops, now or at a later call to the file system. */
  requestCrash(operation: OperationOf<'crash'>): void {
    if (operation.after === 0) this.#takeCrash(operation, operation.id);
    else this.#armed = { remaining: operation.after, operation, choice: operation };
  }

  /** From now on something fails; not for ever. */
  noteFault(): void {
    this.#faultCount++;
    this.#healAtStep = this.scheduler.stepCount + HEAL_STEP_COUNT;
  }

  /** A line for the trace. */
  note(line: string): void {
    this.#trace.add(line);
  }

  #isOver(): boolean {
    if (this.#violation !== null || this.#isGivenUp) return true;
    return this.#clients.every((client) => client === undefined || isIdle(client));
  }

  #isInterrupted(): boolean {
    return this.#crash !== null || this.#reopen !== null;
  }

  async #handleInterrupt(): Promise<void> {
    while (this.#violation === null && this.#isInterrupted()) {
      if (this.#crash !== null) await this.#recover(this.#crash);
      else await this.#closeAndOpen(this.#reopen!);
    }
    this.#feedAll();
  }

  #feedAll(): void {
    for (const number of this.#clients.keys()) this.#feed(number);
  }

  /** Lets a client begin its next operation when the scheduler says so. */
  #feed(number: number): void {
    const client = this.#clients[number];
    if (client === undefined || client.isBusy || client.operations.length === 0) return;
    const [operation] = client.operations;
    client.isBusy = true;
    const label = `begin ${operation!.id} ${operation!.kind}`;
    this.scheduler.add({
      actor: `client ${number}`,
      label,
      run: () => this.#begin(number, operation!),
    });
  }

  #begin(number: number, operation: Operation): void {
    const client = this.#clients[number]!;
    if (this.phase !== 'running' || this.#isInterrupted()) {
      client.isBusy = false;
      return;
    }
    client.operations.shift();
    this.#lastOperation = operation;
    this.#begunIds.add(operation.id);
    this.scheduler.reseed(this.#case.seed ^ Math.imul(operation.id + 1, 0x9e37_79b1));
    this.#linger();
    const process = this.#process;
    const ended = (outcome: string): void => {
      if (process !== this.#process) return;
      this.note(`end ${operation.id} ${outcome}`);
      client.isBusy = false;
      if (this.phase === 'running') this.#feed(number);
    };
    const failed = (error: unknown): void => {
      if (process === this.#process) this.#violation ??= asViolation(error, operation.kind);
      ended('violation');
    };
    try {
      const done = carryOut(this, operation, () => process === this.#process);
      if (done === undefined) ended('done');
      else done.then(() => ended('done'), failed);
    } catch (error) {
      failed(error);
    }
  }

  /** A database that has failed is opened again after a while. */
  #linger(): void {
    if (this.#database.state !== 'failed') return;
    if (!this.machine.mayFail) {
      this.violate(
        `the database failed although nothing did: ${errorText(this.#database.failure)}`,
      );
    }
    if (++this.#lingerCount > LINGER_OPERATION_COUNT) this.requestReopen({ variant: 0 });
  }

  #beforeCall(call: FileCall): void {
    this.#countDown();
    if (this.#crash !== null) return;
    for (const { model, random, text } of this.points.beforeCall(call)) {
      const { operation, path, position } = call;
      const at = position === undefined ? '' : `@${position}`;
      this.#takeImage(model, random, `${text}, before ${operation} ${path}${at}`);
    }
  }

  #lookWhenQuiet(): Promise<void> | undefined {
    if (this.scheduler.stepCount > this.#healAtStep) {
      this.#healAtStep = Number.POSITIVE_INFINITY;
      this.machine.heal();
    }
    if (this.#crash === null) {
      for (const { model, random, text } of this.points.whenQuiet()) {
        this.#takeImage(model, random, `${text}, when quiet`);
      }
    }
    return this.#images.length === 0 ? undefined : this.#checkImages();
  }

  #takeImage(
    model: CrashImage['model'],
    random: ReturnType<typeof createRandom>,
    text: string,
  ): void {
    this.#images.push({
      model,
      files: this.machine.imageOf(model, random),
      bounds: this.#boundsFor(model),
      keyspaceCount: this.profile.keyspaceCount,
      place: `${text}, step ${this.scheduler.stepCount}, while ${this.phase}`,
      unsynced: this.machine.files.describeUnsynced(),
    });
  }

  async #checkImages(): Promise<void> {
    for (const image of this.#images.splice(0)) {
      if (this.#violation !== null) return;
      if (!this.#mayGoOn()) this.#isGivenUp = true;
      if (this.#isGivenUp) return;
      this.#imageCount++;
      const fault = await refuteImage(image, (world) =>
        image.files.crash('kill', createRandom(0), world),
      );
      if (fault !== null) this.#violation = new Violation(fault, image);
    }
  }

  #boundsFor(model: CrashImage['model']): Bounds {
    const extent = model === 'kill' && !this.machine.logSyncHasFailed ? 'process' : 'machine';
    return this.#openingBounds?.[extent] ?? this.history.bounds(extent);
  }

  #countDown(): void {
    const armed = this.#armed;
    if (armed === null || --armed.remaining > 0) return;
    this.#armed = null;
    this.#takeCrash(armed.choice, armed.operation?.id ?? armed.choice.again);
  }

  #takeCrash(choice: CrashChoice, seed: number): void {
    if (this.#crash !== null) return;
    this.note(`crash ${choice.model}`);
    this.#crash = {
      choice,
      files: this.machine.imageOf(choice.model, createRandom(seed ^ this.#case.seed)),
      bounds: this.#boundsFor(choice.model),
    };
  }

  async #recover({ choice, files, bounds }: PendingCrash): Promise<void> {
    this.#crash = null;
    this.#reopen = null;
    this.#forget();
    this.machine.restart(files);
    this.#openingBounds = { process: bounds, machine: bounds };
    await this.#verify();
    const { again } = choice;
    if (again > 0) {
      this.#armed = { remaining: again, operation: null, choice: { ...choice, again: again >> 1 } };
    }
    await this.#open(choice.variant, bounds);
  }

  async #closeAndOpen({ variant, faults = [] }: Reopening): Promise<void> {
    this.phase = 'closing';
    const hadFailed = this.#database.status === 'failed';
    const isKept = (await this.#close()) === 'resolved' && !hadFailed;
    if (this.#violation !== null || this.#crash !== null) return;
    this.#reopen = null;
    // Whatever was under way ends with the closing.
    await this.scheduler.runUntil(
      () =>
        this.#crash !== null ||
        this.#clients.every((client) => client === undefined || !client.isBusy),
    );
    if (this.#crash !== null) return;
    const extent = this.machine.logSyncHasFailed ? 'machine' : 'process';
    const bounds = isKept ? this.#boundsAfterClose() : this.history.bounds(extent);
    this.#openingBounds = {
      process: bounds,
      machine: isKept ? bounds : this.history.bounds('machine'),
    };
    if (isKept) this.points.noteClosed();
    this.#forget();
    this.machine.startAnew();
    await this.#verify();
    for (const fault of faults) {
      this.noteFault();
      this.machine.addFault(fault);
    }
    if ((await this.#open(variant, bounds)) === 'refused') await this.#openOnceMore(variant);
  }

  /** An opening that failed has changed nothing, but what was in the cache of the system alone may be lost. */
  async #openOnceMore(variant: number): Promise<void> {
    const { process, machine } = this.#openingBounds!;
    const bounds = this.machine.logSyncHasFailed ? machine : process;
    this.#openingBounds = { process: bounds, machine };
    const left = this.machine.files.openPaths();
    if (left.length > 0) this.violate(`left open after open() failed: ${left.join(', ')}`);
    this.#forget();
    this.machine.startAnew();
    await this.#verify();
    await this.#open(variant, bounds);
  }

  /** Closing makes everything durable, or rejects, unless it was told before what has failed. */
  #boundsAfterClose(): Bounds {
    this.history.noteFlushed(this.history.lastIndex);
    return this.history.bounds('machine');
  }

  async #close(): Promise<'resolved' | 'rejected' | undefined> {
    const startMs = this.scheduler.nowMs;
    let isClosed = false;
    let outcome: 'resolved' | 'rejected' = 'resolved';
    const process = this.#process;
    const closed = this.#database.close().then(
      () => {
        isClosed = true;
      },
      (error: unknown) => {
        isClosed = true;
        outcome = 'rejected';
        if (process === this.#process) this.violate(refuteFailedClose(this, error));
      },
    );
    await this.scheduler.runUntil(
      () => isClosed || this.#crash !== null || this.#violation !== null,
    );
    if (!isClosed) return undefined;
    await closed;
    const tookMs = this.scheduler.nowMs - startMs;
    if (tookMs > CLOSE_LIMIT_MS) this.violate(`close() took ${Math.round(tookMs)} ms (B21)`);
    const left = this.machine.files.openPaths();
    if (left.length > 0) this.violate(`left open after close(): ${left.join(', ')}`);
    return outcome;
  }

  /** The process is gone, and with it all that was under way. */
  #forget(): void {
    this.#process++;
    this.#armed = null;
    this.scheduler.clear();
    for (const client of this.#clients) {
      if (client === undefined) continue;
      client.isBusy = false;
      client.snapshot = null;
    }
  }

  async #open(variant: number, bounds: Bounds | null = null): Promise<'refused' | undefined> {
    this.phase = 'opening';
    const options = this.profile.variants[variant % this.profile.variants.length]!;
    this.durability = options.durability ?? 'always';
    let outcome: { readonly store: SpreadStore } | { readonly error: unknown } | null = null;
    open(DATABASE_PATH, {
      ...options,
      fileSystem: this.machine.fileSystem,
      clock: this.scheduler,
      backgroundThreads: 0,
      memoryBudgetBytes: MEMORY_BUDGET_BYTES,
      syncIntervalMs: SYNC_INTERVAL_MS,
    })
      .then((database) => {
        database.events.on('backgroundError', (told) => this.#judgeGivenUp(told));
        return SpreadStore.over(database, this.profile.keyspaceCount);
      })
      .then(
        (store) => {
          outcome = { store };
        },
        (error: unknown) => {
          outcome = { error };
        },
      );
    await this.scheduler.runUntil(
      () => outcome !== null || this.#crash !== null || this.#violation !== null,
    );
    if (this.#crash !== null || this.#violation !== null || outcome === null) return undefined;
    const { store, error } = outcome as { store?: SpreadStore; error?: unknown };
    if (store === undefined) {
      const fault = refuteError(this, error);
      if (fault !== null) throw new Violation(`open() failed: ${fault}`);
      return 'refused';
    }
    this.#store = store;
    // What was to fail while it was opened must not fail those who look at it now.
    this.machine.heal();
    const found = store.everything();
    const fault = bounds === null ? null : refuteRecovered(found, bounds);
    if (fault !== null) throw new Violation(`after opening: ${fault}`);
    this.#begun(found);
    return undefined;
  }

  /** A merge that is given up costs nobody anything, so the answers would not show that it never had to be. */
  #judgeGivenUp({ error, willRetry }: DatabaseEvents['backgroundError']): void {
    if (willRetry || (this.machine.mayFail && isStorageError(error))) return;
    this.violate(`background work is given up although nothing failed: ${errorText(error)}`);
  }

  #begun(found: Content): void {
    if (this.#openingBounds !== null) this.history.rebase(found);
    this.#openingBounds = null;
    this.#lingerCount = 0;
    this.phase = 'running';
  }

  async #verify(): Promise<void> {
    const { files } = this.machine;
    if (!files.existsSync(`${DATABASE_PATH}/CURRENT`)) return;
    const [damage] = (await verify(DATABASE_PATH, { fileSystem: files })).damage;
    if (damage !== undefined) throw new Violation(`verify() finds damage: ${errorText(damage)}`);
  }

  async #finish(): Promise<void> {
    this.#armed = null;
    this.note('finish');
    await this.#closeAndOpen({ variant: 0 });
    if (this.#violation !== null) return;
    await this.#checkContent();
    await this.#close();
    if (this.#violation === null) await this.#verify();
  }

  async #checkContent(): Promise<void> {
    const { lastIndex } = this.history;
    const found = [...this.store.everything()];
    const fault = this.history.refuteScan(found, {}, lastIndex);
    if (fault !== null) this.violate(`at the end: ${fault}`);
    await this.scheduler.settle(this.#database.settle());
  }

  #underWay(): string {
    const busy = this.#clients.flatMap((client, number) =>
      client?.isBusy === true ? [`client ${number}`] : [],
    );
    return `${this.phase}, busy: ${busy.join(', ') || 'nobody'}`;
  }

  #result(): RunResult {
    return {
      violation: this.#violation,
      traceHash: this.#trace.text,
      trace: this.#trace.lines,
      stepCount: this.scheduler.stepCount,
      imageCount: this.#imageCount,
      faultCount: this.#faultCount,
      operationCount: this.#begunIds.size,
      begunIds: this.#begunIds,
      hasEnded: this.#hasEnded,
      phase: this.phase,
      choices: this.scheduler.taken,
      lastOperation: this.#lastOperation,
    };
  }
}

function emptyClient(): Client {
  return { operations: [], isBusy: false, snapshot: null };
}

function isIdle({ operations, isBusy }: Client): boolean {
  return operations.length === 0 && !isBusy;
}

function profileOf(name: string): Profile {
  const profile = PROFILES.get(name);
  if (profile !== undefined) return profile;
  throw new RangeError(`There is no profile ${name}: ${[...PROFILES.keys()].join(', ')}`);
}

function asViolation(error: unknown, what: string): Violation {
  if (error instanceof Violation) return error;
  if (error instanceof DeadlockError) return new Violation(`deadlock: ${error.message} (${what})`);
  return new Violation(`${what}: ${error instanceof Error ? ownStackOf(error) : String(error)}`);
}
