// Makes a failing case smaller: fewer operations, fewer clients, fewer choices of the scheduler that are not the oldest task.

import { systemClock } from '@varve/base';
import { shrink } from '../model-test/shrink.js';
import type { Operation } from './operation.js';
import { type RunResult, runCase, type Violation } from './run.js';
import type { SimulationCase } from './simulation-case.js';

/** A run that takes longer is given up: it is one that looks at every image. */
const RUN_LIMIT_MS = 5_000;

/** A case with as few operations is small. */
const ENOUGH_OPERATION_COUNT = 12;
const ENLARGEMENTS = [4, 16];
const VALUE_SIZE_BYTES_MAX = 20_000;

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
  const shrinker = new CaseShrinker(failing, mayGoOn);
  await shrinker.dropUnbegun();
  await shrinker.tryOthers({ choices: [] });
  if (failing.result.violation.image !== null) {
    await shrinker.tryOthers({ images: 'all' }, { images: 'all', choices: [] });
  }
  await shrinker.dropGroups();
  await shrinker.dropOperations();
  await shrinker.enlargeWrites();
  await shrinker.tryOthers(
    { choices: [] },
    { latencyMs: 0 },
    { operations: shrinker.best.simulation.operations.map((one) => ({ ...one, client: 0 })) },
  );
  await shrinker.dropChoices();
  await shrinker.dropOperations();
  return shrinker.best;
}

class CaseShrinker {
  best: FailingCase;
  readonly #mayGoOn: () => boolean;

  constructor(failing: FailingCase, mayGoOn: () => boolean) {
    this.best = failing;
    this.#mayGoOn = mayGoOn;
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

  /** Where it takes a full memtable, a few large writes do what many small ones did. */
  async enlargeWrites(): Promise<void> {
    for (const factor of ENLARGEMENTS) {
      const { operations } = this.best.simulation;
      if (operations.length <= ENOUGH_OPERATION_COUNT) return;
      const enlarged = operations.map((operation) => withLargerValues(operation, factor));
      if (await this.#try({ ...this.best.simulation, operations: enlarged })) {
        await this.dropOperations();
      }
    }
  }

  async dropOperations(): Promise<void> {
    const { operations } = this.best.simulation;
    await shrink(
      operations,
      (kept) => this.#try({ ...this.best.simulation, operations: kept }),
      this.#mayGoOn,
    );
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

  async #try(simulation: SimulationCase): Promise<boolean> {
    if (!this.#mayGoOn()) return false;
    const endMs = systemClock.monotonicMs() + RUN_LIMIT_MS;
    const mayGoOn = (): boolean => this.#mayGoOn() && systemClock.monotonicMs() < endMs;
    const ending = this.best.result.hasEnded ? 'compare' : 'none';
    const result = await runCase(simulation, { mayGoOn, ending });
    const { violation } = result;
    if (violation === null) return false;
    this.best = { simulation, result: { ...result, violation } };
    return true;
  }
}

function withLargerValues(operation: Operation, factor: number): Operation {
  if (operation.kind !== 'write') return operation;
  const entries = operation.entries.map(({ key, sizeBytes }) => ({
    key,
    sizeBytes: sizeBytes === null ? null : Math.min(VALUE_SIZE_BYTES_MAX, (sizeBytes + 1) * factor),
  }));
  return { ...operation, entries };
}
