// What is printed about a failing run: where it failed, how little is needed for it, and how to see it again.

import { describeOperation, type Operation } from './operation.js';
import type { Profile } from './profiles.js';
import type { RunFailure } from './run.js';

/** Which run it was. */
export interface RunIdentity {
  readonly profile: Profile;
  readonly seed: number;
  readonly operationCount: number;
}

/** A failing run, and what was left of it when it was shrunk. */
export interface ShrunkFailure extends RunIdentity {
  readonly failure: RunFailure;
  readonly operations: readonly Operation[];
}

/** Operations shown at most. */
const SHOWN_COUNT_MAX = 60;
const SHOWN_LENGTH_MAX = 300;

/** Gives the seed as it is printed and read. */
export function seedText(seed: number): string {
  return `0x${seed.toString(16).padStart(8, '0')}`;
}

/** Names a run. */
export function identityText({ profile, seed, operationCount }: RunIdentity): string {
  return `profile=${profile.name} seed=${seedText(seed)} ops=${operationCount} node=${process.version}`;
}

/** Gives the report of a failure. */
export function reportOf(shrunk: ShrunkFailure): string {
  const { operationCount, failure, operations } = shrunk;
  const place = failure.operation === null ? 'at the end' : `at operation ${failure.operation.id}`;
  const lines = operations
    .slice(0, SHOWN_COUNT_MAX)
    .map(describeOperation)
    .map((line) => (line.length > SHOWN_LENGTH_MAX ? `${line.slice(0, SHOWN_LENGTH_MAX)}…` : line));
  return [
    `MODEL TEST FAILED  ${identityText(shrunk)}`,
    `  ${place}: ${failure.difference.message}`,
    `  shrunk: ${operationCount} -> ${operations.length} operations`,
    ...lines,
    `  replay: ${replayCommand(shrunk)}`,
  ].join('\n');
}

function replayCommand({ profile, seed, operationCount, operations }: ShrunkFailure): string {
  const kept = operations.map(({ id }) => id).join(',');
  const isWhole = operations.length === operationCount;
  return [
    'node packages/testkit/dist/model-test/main.js',
    `--profile ${profile.name} --seed ${seedText(seed)} --seeds 1 --ops ${operationCount}`,
    ...(isWhole ? [] : [`--keep ${kept === '' ? 'none' : kept}`]),
  ].join(' ');
}
