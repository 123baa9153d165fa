// Makes a failing case smaller: fewer operations, fewer clients, fewer choices of the scheduler that are not the oldest task.

import { systemClock } from '@varve/base';
import { shrink } from '../model-test/shrink.js';
import { joinedWrites, withLargerValues, writesAt } from './joined-writes.js';
import type { Operation, OperationOf } from './operation.js';
import { type RunResult, runCase, type Violation } from './run.js';
import type { SimulationCase } from './simulation-case.js';

/** A run that takes longer is given up: it is one that looks at every image. */
const RUN_LIMIT_MS = 10_000;

/** One that looks for the failure in images, instead of where a crash found it, hardly ever finds it later than that. */
const IMAGE_RUN_LIMIT_MS = 2_000;

/** How often something is left out of a case that needs a crash before images are tried in its place. */
const CRASH_TRY_COUNT_MAX = 200;

/** How often something is left out of a case whose images are taken at drawn moments, before they are taken at others. */
const DRAWN_TRY_COUNT_MAX = 100;

/** With as few operations a case is not made smaller by other means than leaving some out. */
const ENOUGH_OPERATION_COUNT = 12;

/** A case with as few operations is small (B26); one with more is made smaller in another way as well. */
export const SMALL_OPERATION_COUNT = 20;
const ENLARGEMENTS = [4, 16];

/** A failing case and what it came to. */
export interface FailingCase {
  readonly simulation: SimulationCase;
  readonly result: RunResult & { readonly violation: Violation };
}

/** Gives the smallest case found that still fails, in whatever way. */
export async function shrinkCase(
  failing: FailingCase,
  mayGoOn: () => boolean,
): Promise<FailingCase> {
  let best = failing;
  for (const look of ['none', 'as found'] as const) {
    const shrinker = new CaseShrinker(failing, mayGoOn);
    if (look === 'none' && !(await shrinker.lookAtNothing())) continue;
    await shrinker.goThrough();
    if (lengthOf(shrinker.best) < lengthOf(best)) best = shrinker.best;
    if (lengthOf(best) <= SMALL_OPERATION_COUNT) return best;
  }
  const shrinker = new CaseShrinker(best, mayGoOn);
  while (await shrinker.dropPair()) await shrinker.makeSmaller();
  return shrinker.best;
}

function lengthOf({ simulation }: FailingCase): number {
  return simulation.operations.length;
}

class CaseShrinker {
  best: FailingCase;
  readonly #mayGoOn: () => boolean;

  constructor(failing: FailingCase, mayGoOn: () => boolean) {
    this.best = failing;
    this.#mayGoOn = mayGoOn;
  }

  /** From the coarse to the fine. */
  async goThrough(): Promise<void> {
    await this.dropUnbegun();
    await this.tryOthers({ choices: [] });
    await this.dropGroups();
    await this.simplify();
    if (this.needsCrash) await this.lookInsteadOfCrashing();
    // What took too long to look at in a long case, or lost the failure, may do in a shorter one.
    while ((await this.makeSmaller()) && !this.isSmallEnough);
  }

  /** Operations that had not begun when it failed are not needed. */
  async dropUnbegun(): Promise<void> {
    const { simulation, result } = this.best;
    const operations = simulation.operations.filter(({ id }) => result.begunIds.has(id));
    await this.#try({ ...simulation, operations });
  }

  /** Keeps each change that leaves it failing. */
  async tryOthers(...changes: readonly Partial<SimulationCase>[]): Promise<void> {
    for (const change of changes) await this.#try({ ...this.best.simulation, ...change });
  }

  /** All operations of one kind, or of one client, may be of no importance. */
  async dropGroups(): Promise<void> {
    for (const property of ['kind', 'client'] as const) {
      const values = new Set(this.best.simulation.operations.map((one) => one[property]));
      for (const value of values) {
        const { simulation } = this.best;
        const operations = simulation.operations.filter((one) => one[property] !== value);
        await this.#try({ ...simulation, operations });
      }
    }
  }

  /**
   * Which images are looked at is drawn for each moment, and changes with every operation that goes: unless they are looked
   * at whenever something ended, or all of them: which takes long unless a case is short already.
   */
  async lookMore(): Promise<void> {
    for (const images of ['ended', 'all'] as const) {
      if (!this.#failsAtDrawnMoment) return;
      await this.tryOthers({ images }, { images, choices: [] });
    }
    if (this.#failsAtDrawnMoment || this.best.result.violation.image === null) return;
    // More moments show it earlier.
    await this.dropUnbegun();
    await this.dropOperations();
  }

  get #failsAtDrawnMoment(): boolean {
    const { simulation, result } = this.best;
    return simulation.images === 'some' && result.violation.image !== null;
  }

  /**
   * A wrong answer needs no images, with which another failure would be found instead, in runs many times as slow. Tells
   * whether it fails without.
   */
  async lookAtNothing(): Promise<boolean> {
    const { violation, phase } = this.best.result;
    if (violation.image !== null || phase !== 'running') return false;
    return this.#try({ ...this.best.simulation, images: 'none' });
  }

  /** Runs are many times faster where nothing is looked at that did not show the failure. */
  async lookLess(): Promise<void> {
    const { simulation, result } = this.best;
    if (result.violation.image !== null) return;
    if (simulation.images === 'ended' || simulation.images === 'all') {
      await this.tryOthers({ images: 'some' });
    }
  }

  get needsCrash(): boolean {
    const { simulation, result } = this.best;
    if (result.violation.image !== null || result.phase === 'running') return false;
    return simulation.operations.some(isCrash);
  }

  /**
   * A crash strikes at the n-th call from its operation, so elsewhere with every operation that goes before it; images of
   * what it would have left show the same at any place.
   */
  async lookInsteadOfCrashing(): Promise<void> {
    await this.dropOperations(CRASH_TRY_COUNT_MAX);
    if (!this.needsCrash) return;
    const { simulation } = this.best;
    const operations = simulation.operations.filter((operation) => !isCrash(operation));
    for (const images of ['ended', 'all'] as const) {
      const looking: SimulationCase = { ...simulation, operations, images };
      for (const one of [looking, { ...looking, choices: [] }]) {
        if (await this.#try(one, IMAGE_RUN_LIMIT_MS)) return;
      }
    }
  }

  /** Where it only takes another opening, operations before a crash, which strikes at the n-th call from it, may go. */
  async reopenInsteadOfCrashing(): Promise<void> {
    if (this.isSmallEnough || this.best.result.phase !== 'running') return;
    const { operations } = this.best.simulation;
    for (const { id, client, variant } of operations.filter(isCrash)) {
      const { simulation } = this.best;
      const reopen = { id, client, kind: 'reopen', variant } as const;
      const replaced = simulation.operations.map((one) => (one.id === id ? reopen : one));
      await this.#try({ ...simulation, operations: replaced });
    }
    await this.dropOperations();
  }

  /** Leaves out two operations, one of which may only be there to make up for the time the other takes. */
  async dropPair(): Promise<boolean> {
    const { operations } = this.best.simulation;
    for (let later = operations.length - 1; later > 0; later--) {
      for (let earlier = later - 1; earlier >= 0; earlier--) {
        const kept = operations.filter((_, place) => place !== later && place !== earlier);
        if (await this.#try({ ...this.best.simulation, operations: kept })) return true;
      }
    }
    return false;
  }

  /** Goes through everything that leaves out operations once, and tells whether it did. */
  async makeSmaller(): Promise<boolean> {
    const { length } = this.best.simulation.operations;
    await this.lookLess();
    await this.dropOperations(this.#failsAtDrawnMoment ? DRAWN_TRY_COUNT_MAX : Infinity);
    await this.lookMore();
    await this.reopenInsteadOfCrashing();
    await this.joinWrites();
    await this.enlargeWrites();
    await this.simplify();
    await this.dropChoices();
    await this.dropOperations();
    return this.best.simulation.operations.length < length;
  }

  /** Without what makes a run hard to follow. */
  simplify(): Promise<void> {
    const { operations } = this.best.simulation;
    return this.tryOthers(
      { choices: [] },
      { latencyMs: 0 },
      { operations: operations.map((one) => ({ ...one, client: 0 })) },
    );
  }

  /** Where it takes a full memtable, a flush does what many writes did, or one batch of all they wrote. */
  async joinWrites(): Promise<void> {
    if (this.isSmallEnough) return;
    for (let place = 0; place < this.best.simulation.operations.length; place++) {
      await this.#joinWritesAt(place);
    }
    await this.dropOperations();
  }

  async #joinWritesAt(place: number): Promise<void> {
    const { operations } = this.best.simulation;
    const writes = writesAt(operations, place);
    for (let count = writes.length; count >= 2; count = Math.ceil(count / 2)) {
      for (const joined of joinedWrites(operations, writes.slice(0, count))) {
        if (await this.#try({ ...this.best.simulation, operations: joined })) return;
      }
    }
  }

  get isSmallEnough(): boolean {
    return this.best.simulation.operations.length <= ENOUGH_OPERATION_COUNT;
  }

  /** Where it takes a full memtable, a few large writes do what many small ones did. */
  async enlargeWrites(): Promise<void> {
    for (const factor of ENLARGEMENTS) {
      const { operations } = this.best.simulation;
      if (this.isSmallEnough) return;
      const enlarged = operations.map((operation) => withLargerValues(operation, factor));
      if (await this.#try({ ...this.best.simulation, operations: enlarged })) {
        await this.dropOperations();
      }
    }
  }

  async dropOperations(tryCountMax = Infinity): Promise<void> {
    const { operations } = this.best.simulation;
    let tryCount = 0;
    const fails = (kept: readonly Operation[]): Promise<boolean> => {
      tryCount++;
      return this.#try({ ...this.best.simulation, operations: kept });
    };
    await shrink(operations, fails, () => tryCount < tryCountMax && this.#mayGoOn());
  }

  /** The policy's choices become a list, which is then made shorter. */
  async dropChoices(): Promise<void> {
    const { simulation, result } = this.best;
    const choices = simulation.choices ?? [...result.choices];
    if (!(await this.#try({ ...simulation, choices }))) return;
    await shrink(
      choices,
      (kept) => this.#try({ ...this.best.simulation, choices: kept }),
      this.#mayGoOn,
    );
  }

  async #try(simulation: SimulationCase, limitMs = RUN_LIMIT_MS): Promise<boolean> {
    if (!this.#mayGoOn()) return false;
    const endMs = systemClock.monotonicMs() + limitMs;
    const mayGoOn = (): boolean => this.#mayGoOn() && systemClock.monotonicMs() < endMs;
    const ending = this.best.result.hasEnded ? 'compare' : 'none';
    const result = await runCase(simulation, { mayGoOn, ending });
    const { violation } = result;
    if (violation === null) return false;
    this.best = { simulation, result: { ...result, violation } };
    return true;
  }
}

function isCrash(operation: Operation): operation is OperationOf<'crash'> {
  return operation.kind === 'crash';
}
