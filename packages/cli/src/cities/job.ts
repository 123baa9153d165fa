// The main job, step by step; main.ts says what the steps are.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '@varve/base';
import { ExitCode, NotSoError, reportFailure, UsageError } from '../failures.js';
import { createTemporaryDirectory, removeTemporaryDirectory } from '../files.js';
import { Terminal, type TerminalStreams } from '../terminal/terminal.js';
import { askQuestions } from './answers.js';
import { checkEverything } from './checks.js';
import { type City, loadCities } from './city.js';
import { CityReader } from './city-reader.js';
import { type CityStore, ENTRIES_PER_CITY, ingestCities, openCityStore } from './city-store.js';
import { ORDERINGS } from './orderings.js';
import { JobReport } from './report.js';
import { Steps } from './steps.js';

interface JobWords {
  /** Where to keep the store; undefined: nowhere. */
  readonly directory: string | undefined;
  readonly json: boolean;
}

/** Runs the job with the words of the command line. Gives the exit code. */
export async function runCitiesJob(
  words: readonly string[],
  streams: TerminalStreams = process,
): Promise<number> {
  const terminal = new Terminal(streams);
  try {
    const jobWords = parseWords(words);
    const isTemporary = jobWords.directory === undefined;
    const directory = jobWords.directory ?? createTemporaryDirectory('varve-cities-');
    try {
      await runJob(terminal, join(directory, 'store'), jobWords);
    } finally {
      if (isTemporary) {
        removeTemporaryDirectory(directory);
      }
    }
    await terminal.output.flush();
    return ExitCode.done;
  } catch (error) {
    await terminal.output.flush();
    const report = reportFailure(error);
    await terminal.notice(report.stack ?? report.message);
    await terminal.notice(report.advice ?? '');
    return report.exitCode;
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
