// The main job as a program: its words, where the store goes, what is printed, the exit code.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ExitCode, NotSoError, UsageError } from '../failures.js';
import { createTemporaryDirectory, kindOfPath, removeTemporaryDirectory } from '../files.js';
import { printFailure } from '../terminal/print-failure.js';
import type { ProcessParts } from '../terminal/process-parts.js';
import { Terminal } from '../terminal/terminal.js';
import { type City, loadCities } from './city.js';
import type { CityStoreOptions } from './city-store.js';
import { runJob } from './job.js';
import { problemsOf, toJson, verifiedLine } from './report.js';
import { Steps } from './steps.js';

/** Small enough that the data does not fit the memtables, so that a tree grows. */
const MEMORY_BUDGET_BYTES = 64 * 1024 * 1024;

/** What a test can exchange. */
export interface CitiesSetting {
  /** Gives the source. Default: all cities of the package. */
  readonly load?: () => Promise<readonly City[]>;
  readonly store?: CityStoreOptions;
}

interface CitiesWords {
  /** Where to keep the store; undefined: nowhere. */
  readonly directory: string | undefined;
  readonly json: boolean;
}

/** Runs the main job with the words of its command line. Gives the exit code; never throws. */
export async function runCities(
  words: readonly string[],
  parts: ProcessParts,
  setting: CitiesSetting = {},
): Promise<number> {
  const terminal = new Terminal(parts.streams);
  parts.onInterruptible(() => terminal.interrupt());
  try {
    await runInDirectory(terminal, parseWords(words), setting);
    await terminal.output.flush();
    return ExitCode.done;
  } catch (error) {
    return await printFailure(terminal, error);
  }
}

function parseWords(words: readonly string[]): CitiesWords {
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

async function runInDirectory(
  terminal: Terminal,
  words: CitiesWords,
  setting: CitiesSetting,
): Promise<void> {
  const { directory, json } = words;
  if (directory !== undefined) {
    if (kindOfPath(directory) !== 'nothing') {
      throw new NotSoError(`Cannot put the store at ${directory}: there is something already`, {
        advice: 'Name a directory that does not exist yet, or remove that one.',
      });
    }
    await runAndReport(terminal, { directory, json, setting });
    return;
  }
  const parent = createTemporaryDirectory('varve-cities-');
  try {
    await runAndReport(terminal, { directory: join(parent, 'store'), json, setting });
  } finally {
    removeTemporaryDirectory(parent);
  }
}

async function runAndReport(
  terminal: Terminal,
  job: { directory: string; json: boolean; setting: CitiesSetting },
): Promise<void> {
  const { directory, json, setting } = job;
  const print = async (text: string) => {
    if (!json) {
      terminal.output.writeLine(text);
      await terminal.output.flush();
    }
  };
  const steps = new Steps(terminal, print);
  const result = await runJob(
    { terminal, print, steps },
    {
      directory,
      load: setting.load ?? loadCities,
      store: { memoryBudgetBytes: MEMORY_BUDGET_BYTES, ...setting.store },
    },
  );
  if (json) {
    terminal.output.writeLine(toJson(result));
  }
  const problems = problemsOf(result);
  if (problems.length > 0) {
    throw new NotSoError(`Not verified:\n${problems.join('\n')}`);
  }
  await print(terminal.outputPalette.good(verifiedLine(result)));
}
