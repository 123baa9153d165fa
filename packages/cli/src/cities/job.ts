// The main job, step by step; main.ts says what the steps are.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '@varve/base';
import { ExitCode, NotSoError, reportFailure, UsageError } from '../failures.js';
import { createTemporaryDirectory, kindOfPath, removeTemporaryDirectory } from '../files.js';
import { verify } from '../store/engine-api.js';
import type { ProcessParts } from '../terminal/process-parts.js';
import { Terminal } from '../terminal/terminal.js';
import { askQuestions } from './answers.js';
import { checkEverything } from './checks.js';
import { type City, loadCities } from './city.js';
import { CityReader } from './city-reader.js';
import { ENTRIES_PER_CITY, ingestCities, openCityStore } from './city-store.js';
import {
  type JobResult,
  problemsOf,
  renderAnswer,
  renderTree,
  toJson,
  verifiedLine,
} from './report.js';
import { Steps } from './steps.js';

/** Small enough that the data does not fit the memtables, so that a tree grows. */
const MEMORY_BUDGET_BYTES = 64 * 1024 * 1024;

interface JobWords {
  /** Where to keep the store; undefined: nowhere. */
  readonly directory: string | undefined;
  readonly json: boolean;
}

interface JobParts {
  readonly terminal: Terminal;
  readonly steps: Steps;
  /** Prints lines for people; does nothing when the answer is JSON. */
  readonly print: (text: string) => Promise<void>;
}

/** Runs the job with the words of the command line. Gives the exit code; never throws. */
export async function runCitiesJob(
  words: readonly string[],
  process: ProcessParts,
): Promise<number> {
  const terminal = new Terminal(process.streams);
  process.onInterruptible(() => terminal.interrupt());
  try {
    await runWithDirectory(terminal, parseWords(words));
    await terminal.output.flush();
    return ExitCode.done;
  } catch (error) {
    await terminal.output.flush().catch(() => {});
    const { advice, exitCode, message, stack } = reportFailure(error);
    await terminal.notice(`${terminal.noticePalette.bad('error:')} ${stack ?? message}`);
    if (advice !== undefined) {
      await terminal.notice(advice);
    }
    return exitCode;
  }
}

function parseWords(words: readonly string[]): JobWords {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { directory: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    return { directory: values.directory, json: values.json };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function runWithDirectory(terminal: Terminal, words: JobWords): Promise<void> {
  if (words.directory !== undefined) {
    if (kindOfPath(words.directory) !== 'nothing') {
      throw new NotSoError(
        `Cannot put the store at ${words.directory}: there is something already`,
        {
          advice: 'Name a directory that does not exist yet, or remove that one.',
        },
      );
    }
    await runAndReport(terminal, { ...words, directory: words.directory });
    return;
  }
  const parent = createTemporaryDirectory('varve-cities-');
  try {
    await runAndReport(terminal, { ...words, directory: join(parent, 'store') });
  } finally {
    removeTemporaryDirectory(parent);
  }
}

async function runAndReport(
  terminal: Terminal,
  words: { directory: string; json: boolean },
): Promise<void> {
  const print = async (text: string) => {
    if (!words.json) {
      terminal.output.writeLine(text);
      await terminal.output.flush();
    }
  };
  const parts = { terminal, print, steps: new Steps(terminal, print) };
  const result = await runJob(parts, words.directory);
  if (words.json) {
    terminal.output.writeLine(toJson(result));
  }
  const problems = problemsOf(result);
  if (problems.length > 0) {
    throw new NotSoError(`Not verified:\n${problems.join('\n')}`);
  }
  await print(terminal.outputPalette.good(verifiedLine(result)));
}

async function runJob(parts: JobParts, directory: string): Promise<JobResult> {
  const { print, steps, terminal } = parts;
  const startMs = systemClock.monotonicMs();
  await print(`Varve ingests the cities of GeoNames, nine keyspaces, into ${directory}\n`);
  const cities = await steps.run({ id: 'load', title: 'Load the source' }, loadCities);
  const entryCount = cities.length * ENTRIES_PER_CITY;
  const ingested = await ingest(parts, { cities, directory });
  const verified = await steps.run({ id: 'verify', title: 'Verify every checksum' }, () =>
    verify(directory),
  );
  const store = await steps.run({ id: 'reopen', title: 'Open it again' }, () =>
    openCityStore(directory, { memoryBudgetBytes: MEMORY_BUDGET_BYTES }),
  );
  await using database = store.database;
  const reopened = database.stats();
  await print('');
  const answers = await askQuestions(new CityReader(store), cities, systemClock.monotonicMs);
  for (const answer of answers) {
    await print(renderAnswer(answer, terminal));
  }
  const checks = await steps.run(
    { id: 'check', title: 'Compare with the source', noun: 'entry', total: entryCount },
    (onProgress) => checkEverything(store, cities, onProgress),
  );
  await print('');
  const result: JobResult = {
    directory,
    cityCount: cities.length,
    entryCount,
    timesMs: steps.timesMs,
    answers,
    checks,
    ingested,
    verified,
    reopened,
    totalMs: systemClock.monotonicMs() - startMs,
  };
  await print(renderTree(result, terminal));
  return result;
}

/** Writes everything, lets compaction finish, closes. Gives the statistics from before closing. */
async function ingest(
  { steps }: JobParts,
  job: { cities: readonly City[]; directory: string },
): Promise<JobResult['ingested']> {
  const { cities, directory } = job;
  const store = await openCityStore(directory, { memoryBudgetBytes: MEMORY_BUDGET_BYTES });
  await using database = store.database;
  await steps.run(
    { id: 'ingest', title: 'Ingest', noun: 'entry', total: cities.length * ENTRIES_PER_CITY },
    (onProgress) => ingestCities(store, cities, onProgress),
  );
  await steps.run({ id: 'flush', title: 'Flush and sync' }, () => database.flush());
  await steps.run({ id: 'settle', title: 'Let compaction finish' }, () => database.settle());
  const statistics = database.stats();
  await steps.run({ id: 'close', title: 'Close' }, () => database.close());
  return statistics;
}
