// How far a long run has come, in a file that is replaced as a whole after every unit.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** How far one kind of test has come. */
export interface SourceState {
  /** Places done. */
  doneCount: number;
  /** Places there are; 0 while that is not known. */
  totalCount: number;
  checkedCount: number;
  elapsedMs: number;
}

/** How far a run has come, over all its starts. */
export interface TierState {
  readonly seed: number;
  readonly sources: Record<string, SourceState>;
  readonly violations: string[];
}

/** Gives the state in the file; a fresh one if there is none, or if it is of another seed. */
export function loadState(path: string, seed: number): TierState {
  const fresh: TierState = { seed, sources: {}, violations: [] };
  if (!existsSync(path)) return fresh;
  const found = JSON.parse(readFileSync(path, 'utf8')) as TierState;
  return found.seed === seed ? found : fresh;
}

/** Puts the state in the place of what the file says. */
export function saveState(path: string, state: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

/** The state of one kind of test, which begins if it has none. */
export function stateOf({ sources }: TierState, name: string): SourceState {
  sources[name] ??= { doneCount: 0, totalCount: 0, checkedCount: 0, elapsedMs: 0 };
  return sources[name];
}

/** The share of its places that is done, from 0 to 1. */
export function shareOf({ doneCount, totalCount }: SourceState): number {
  return totalCount === 0 ? 0 : Math.min(1, doneCount / totalCount);
}
