// The program that makes a report: `node benchmarks/dist/report/main.js results.jsonl -o report.html`.

import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readResults } from './data/read-results.js';
import { ResultsFileError } from './data/results-file-error.js';
import { writeReport } from './report.js';

const USAGE = `Usage: report RESULTS… -o FILE [--title TEXT] [--measured-at TEXT] [--command TEXT]
Makes one self-contained HTML file from results files (JSON lines).`;

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(explained(error));
  process.exitCode = 1;
}

async function run(words: string[]): Promise<void> {
  const { values, positionals: files } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o', default: 'report.html' },
      title: { type: 'string' },
      'measured-at': { type: 'string' },
      command: { type: 'string' },
    },
  });
  if (files.length === 0) throw new Error(USAGE);
  const results = (await Promise.all(files.map(readResults))).flat();
  await writeReport(results, values.output, {
    measuredAt: values['measured-at'] ?? (await newestChangeOf(files)),
    ...(values.title === undefined ? {} : { title: values.title }),
    ...(values.command === undefined ? {} : { commandLine: values.command }),
  });
  console.log(`${results.length} results: ${values.output}`);
}

/** When the last of the files was written, in UTC. */
async function newestChangeOf(files: readonly string[]): Promise<string> {
  const times = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
  return `${new Date(Math.max(...times)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function explained(error: unknown): string {
  if (error instanceof ResultsFileError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
