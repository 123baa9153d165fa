// One seed: generates its operations, runs them, and shrinks them if they fail.

import { systemClock } from '@varve/base';
import { generateOperations } from './generator.js';
import type { Operation } from './operation.js';
import { type RunIdentity, reportOf } from './report.js';
import { type RunFailure, runOperations } from './run.js';
import { shrink } from './shrink.js';

/** How a seed is tried. */
export interface TryOptions {
  /** Ids of the operations to run; all if absent. */
  readonly keep?: ReadonlySet<number>;
  /** How long a failing list is made shorter. */
  readonly shrinkMs: number;
  /** Is told before every operation. */
  readonly onOperation?: (operation: Operation) => void;
}

/** Gives the report of the failure; null if there is none. */
export async function trySeed(identity: RunIdentity, options: TryOptions): Promise<string | null> {
  const { profile, seed, operationCount } = identity;
  const all = generateOperations(profile, seed, operationCount);
  const { keep } = options;
  const operations = keep === undefined ? all : all.filter(({ id }) => keep.has(id));
  const failure = await runOperations(profile, seed, observed(operations, options));
  if (failure === null) return null;
  return reportOf({
    ...identity,
    ...(await shrunkFailure(identity, operations, failure, options)),
  });
}

async function shrunkFailure(
  { profile, seed }: RunIdentity,
  operations: readonly Operation[],
  first: RunFailure,
  options: TryOptions,
): Promise<{ failure: RunFailure; operations: readonly Operation[] }> {
  const endMs = systemClock.monotonicMs() + (profile.world === 'simulated' ? options.shrinkMs : 0);
  const mayGoOn = (): boolean => systemClock.monotonicMs() < endMs;
  const { operation } = first;
  const needed =
    operation === null ? operations : operations.filter(({ id }) => id <= operation.id);
  let failure = first;
  const fails = async (items: readonly Operation[]): Promise<boolean> => {
    const found = await runOperations(profile, seed, observed(items, options));
    if (found !== null) failure = found;
    return found !== null;
  };
  if (!mayGoOn() || !(await fails(needed))) return { failure: first, operations };
  const shrunk = await shrink(needed, fails, mayGoOn);
  return { failure, operations: shrunk };
}

function* observed(
  operations: readonly Operation[],
  { onOperation }: TryOptions,
): Iterable<Operation> {
  for (const operation of operations) {
    onOperation?.(operation);
    yield operation;
  }
}
