/** Measures a call on both databases in turn, round by round: what slows the machine down meets both. */
import type { LevelCall, LevelEntries } from './calls.js';
import type { Contender } from './contenders.js';

/** What one call came to. */
export interface LevelFigure {
  readonly call: string;
  readonly varveMicroseconds: number;
  readonly classicMicroseconds: number;
  /** Median over the rounds of how many times as fast Varve was, with the least and the most. */
  readonly ratio: number;
  readonly ratioLeast: number;
  readonly ratioMost: number;
  /** The same of the best round of each: what is left where the machine is busy with something else. */
  readonly ratioOfBest: number;
  readonly bar: number;
}

/** What is measured, and how often. */
export interface LevelComparison {
  readonly contenders: readonly Contender[];
  readonly entries: LevelEntries;
  readonly roundCount: number;
}

/** Runs a round that is not counted, then the others. */
export async function compareCall(
  call: LevelCall,
  { contenders, entries, roundCount }: LevelComparison,
): Promise<LevelFigure> {
  if (call.store === 'settled') for (const contender of contenders) await contender.settle();
  const times: Record<Contender['name'], number[]> = { varve: [], 'classic-level': [] };
  for (let round = -1; round < roundCount; round++) {
    for (const { name, level } of contenders) {
      const startMs = performance.now();
      const count = await call.run(level, entries);
      const microseconds = ((performance.now() - startMs) * 1000) / count;
      if (round >= 0) times[name].push(microseconds);
    }
  }
  const ratios = times.varve.map((time, round) => times['classic-level'][round] / time);
  return {
    call: call.name,
    varveMicroseconds: median(times.varve),
    classicMicroseconds: median(times['classic-level']),
    ratio: median(ratios),
    ratioLeast: Math.min(...ratios),
    ratioMost: Math.max(...ratios),
    ratioOfBest: Math.min(...times['classic-level']) / Math.min(...times.varve),
    bar: call.bar,
  };
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
