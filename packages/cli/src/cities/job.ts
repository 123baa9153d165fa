// The main job, step by step; main.ts says what the steps are.

import { systemClock } from '@varve/base';
import { verify } from '../store/engine-api.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Answer, askQuestions } from './answers.js';
import { type CheckResult, checkEverything } from './checks.js';
import type { City } from './city.js';
import { CityReader } from './city-reader.js';
import {
  type CityStore,
  type CityStoreOptions,
  ENTRIES_PER_CITY,
  ingestCities,
  openCityStore,
} from './city-store.js';
import { type JobResult, renderAnswer, renderTree } from './report.js';
import type { Steps } from './steps.js';

/** What the job works with. */
export interface JobParts {
  readonly terminal: Terminal;
  readonly steps: Steps;
  /** Prints lines for people; does nothing when the answer is JSON. */
  readonly print: (text: string) => Promise<void>;
}

/** What the job works on. */
export interface JobPlan {
  /** Where the store goes; nothing may be there. */
  readonly directory: string;
  readonly load: () => Promise<readonly City[]>;
  readonly store: CityStoreOptions;
}

/** Runs all steps. Gives what was found out, also when the store is not what the source says. */
export async function runJob(parts: JobParts, plan: JobPlan): Promise<JobResult> {
  const { print, steps } = parts;
  const { directory } = plan;
  const startMs = systemClock.monotonicMs();
  await print(`Varve: the cities of GeoNames into nine keyspaces in ${directory}\n`);
  const cities = await steps.run({ id: 'load', title: 'Load the source' }, plan.load);
  const ingested = await ingest(steps, { cities, plan });
  const verified = await steps.run({ id: 'verify', title: 'Verify every checksum' }, () =>
    verify(directory),
  );
  const store = await steps.run({ id: 'reopen', title: 'Open it again' }, () =>
    openCityStore(directory, plan.store),
  );
  await using database = store.database;
  const reopened = database.stats();
  const { answers, checks } = await readBack(parts, { store, cities });
  const result: JobResult = {
    directory,
    cityCount: cities.length,
    entryCount: cities.length * ENTRIES_PER_CITY,
    timesMs: steps.timesMs,
    answers,
    checks,
    ingested,
    verified,
    reopened,
    totalMs: systemClock.monotonicMs() - startMs,
  };
  await print(renderTree(result, parts.terminal));
  return result;
}

/** Writes everything, lets compaction finish, closes. Gives the statistics from before closing. */
async function ingest(
  steps: Steps,
  job: { cities: readonly City[]; plan: JobPlan },
): Promise<JobResult['ingested']> {
  const { cities, plan } = job;
  const total = cities.length * ENTRIES_PER_CITY;
  const store = await openCityStore(plan.directory, plan.store);
  await using database = store.database;
  await steps.run({ id: 'ingest', title: 'Ingest', noun: 'entry', total }, (onProgress) =>
    ingestCities(store, cities, onProgress),
  );
  await steps.run({ id: 'flush', title: 'Flush and sync' }, () => database.flush());
  await steps.run({ id: 'settle', title: 'Let compaction finish' }, () => database.settle());
  const statistics = database.stats();
  await steps.run({ id: 'close', title: 'Close' }, () => database.close());
  return statistics;
}

async function readBack(
  { print, steps, terminal }: JobParts,
  job: { store: CityStore; cities: readonly City[] },
): Promise<{ answers: readonly Answer[]; checks: readonly CheckResult[] }> {
  const { cities, store } = job;
  const total = cities.length * ENTRIES_PER_CITY;
  await print('');
  const answers = await askQuestions(new CityReader(store), cities, systemClock.monotonicMs);
  for (const answer of answers) {
    await print(renderAnswer(answer, terminal));
  }
  const checks = await steps.run(
    { id: 'check', title: 'Compare with the source', noun: 'entry', total },
    (onProgress) => checkEverything(store, cities, onProgress),
  );
  await print('');
  return { answers, checks };
}
