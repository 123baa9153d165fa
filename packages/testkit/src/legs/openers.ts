// Processes that race for one directory, an opening that is refused, and one right after its holder was killed (B16).

import { isStorageError, systemClock } from '@varve/base';
import { open } from '@varve/engine';
import { LegChild } from './child.js';
import { count, emptyReport, type Leg, type LegReport, noteLargest, runRounds } from './leg.js';
import { makeScratch, removeScratch, SMALL_OPTIONS } from './scratch.js';

const RACER_COUNT = 8;
/** Openings that are refused, and timed, in every round. */
const REFUSAL_COUNT = 5;
const REFUSAL_MS_MAX = 100;
const RELEASE_MS_MAX = 100;
const RELEASE_PATIENCE_MS = 5_000;

/** See the head of this file. A round: one race, five refusals, one kill. */
export const openers: Leg = async (options) => {
  const report = emptyReport();
  const directory = makeScratch('openers');
  try {
    await runRounds(options, report, async () => {
      const winner = await race(directory, report);
      if (winner === null) return;
      for (let index = 0; index < REFUSAL_COUNT; index++) await beRefused(directory, report);
      await takeOver(directory, winner, report);
    });
  } finally {
    removeScratch(directory);
  }
  return report;
};

/** Gives the one that has the database open. */
async function race(directory: string, report: LegReport): Promise<LegChild | null> {
  const racers = Array.from({ length: RACER_COUNT }, () => new LegChild(['hold', directory]));
  const outcomes = await Promise.all(racers.map((racer) => racer.heard('open', 'refused')));
  const winners = racers.filter((_, index) => outcomes[index] === 'open');
  const others = outcomes.filter((outcome) => outcome?.startsWith('refused LOCKED') === true);
  count(report, 'races');
  if (winners.length === 1 && others.length === RACER_COUNT - 1) return winners[0]!;
  report.violations.push(`${winners.length} winners: ${outcomes.join(', ')}`);
  for (const racer of racers) racer.signal('SIGKILL');
  return null;
}

async function beRefused(directory: string, report: LegReport): Promise<void> {
  const startMs = systemClock.monotonicMs();
  const outcome = await tryToOpen(directory);
  const elapsedMs = systemClock.monotonicMs() - startMs;
  count(report, 'refusals');
  noteLargest(report, 'slowest refusal ms', elapsedMs);
  if (outcome !== 'LOCKED') report.violations.push(`a second opening was ${outcome}`);
  if (elapsedMs > REFUSAL_MS_MAX) report.violations.push(`it took ${elapsedMs} ms to refuse`);
}

async function takeOver(directory: string, holder: LegChild, report: LegReport): Promise<void> {
  holder.signal('SIGKILL');
  const startMs = systemClock.monotonicMs();
  let lockedMs = 0;
  while ((await tryToOpen(directory)) === 'LOCKED' && lockedMs < RELEASE_PATIENCE_MS) {
    lockedMs = systemClock.monotonicMs() - startMs;
  }
  count(report, 'take-overs');
  noteLargest(report, 'longest held after a kill ms', lockedMs);
  if (lockedMs > RELEASE_MS_MAX) {
    report.violations.push(`the lock of a killed process was held for ${lockedMs} ms`);
  }
  await holder.ended;
}

async function tryToOpen(directory: string): Promise<string> {
  try {
    const database = await open(directory, { ...SMALL_OPTIONS, backgroundThreads: 0 });
    await database.close();
    return 'open';
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return error.code;
  }
}
