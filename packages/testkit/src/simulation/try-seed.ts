// One seed: draws its case, runs it, runs it again if it is to be seen that it repeats itself, and shrinks it if it fails.

import { systemClock } from '@varve/base';
import { type RunResult, runCase, Violation } from './run.js';
import { type FailingCase, shrinkCase } from './shrink-case.js';
import { type CaseIdentity, generateCase, type SimulationCase } from './simulation-case.js';

/** How a case is tried. */
export interface TryOptions {
  /** How long a failing case is made smaller. */
  readonly shrinkMs: number;
  /** Whether it is run twice, which must come to the same. */
  readonly runs: 'once' | 'twice';
  /** Is told before every further run. */
  readonly onRun?: () => void;
}

/** A case that failed, before and after it was made smaller. */
export interface Failure {
  readonly original: FailingCase;
  readonly shrunk: FailingCase;
}

/** What a case came to; `failure` null if all was well. */
export interface Outcome {
  readonly result: RunResult;
  readonly failure: Failure | null;
}

/** Draws a case from a seed and tries it. */
export function trySeed(identity: CaseIdentity, options: TryOptions): Promise<Outcome> {
  return tryCase(generateCase(identity), options);
}

/** Tries a case. */
export async function tryCase(
  simulation: SimulationCase,
  { shrinkMs, runs, onRun }: TryOptions,
): Promise<Outcome> {
  const result = await runCase(simulation);
  const violation =
    result.violation ?? (runs === 'twice' ? await refuteRepetition(simulation, result) : null);
  if (violation === null) return { result, failure: null };
  const original = { simulation, result: { ...result, violation } };
  const endMs = systemClock.monotonicMs() + (result.violation === null ? 0 : shrinkMs);
  const mayGoOn = (): boolean => {
    onRun?.();
    return systemClock.monotonicMs() < endMs;
  };
  const shrunk = await shrinkCase(original, mayGoOn);
  return { result, failure: { original, shrunk } };
}

async function refuteRepetition(
  simulation: SimulationCase,
  first: RunResult,
): Promise<Violation | null> {
  const second = await runCase(simulation);
  if (second.traceHash === first.traceHash) return null;
  return new Violation(
    `the same seed gave another run: trace ${first.traceHash} (${first.stepCount} steps), then ${second.traceHash} (${second.stepCount} steps)`,
  );
}
