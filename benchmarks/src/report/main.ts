// The program that makes a report: `node benchmarks/dist/report/main.js results.jsonl -o report.html`.

import { stat } from 'node:fs/promises';
import { program } from '@varve/testkit/command-line';
import { readResults } from './data/read-results.js';
import { ResultsFileError } from './data/results-file-error.js';
import { writeReport } from './report.js';

interface Words {
  readonly output: string;
  readonly title?: string;
  readonly measuredAt?: string;
  readonly command?: string;
}

const command = program(
  'pnpm bench:report',
  'Makes one self-contained HTML file from results files (JSON lines).',
)
  .argument('<results...>', 'files that pnpm bench --json wrote')
  .option('-o, --output <file>', 'where the report goes', 'report.html')
  .option('--title <text>', 'its title')
  .option('--measured-at <text>', 'when that was (when the newest of the files was written)')
  .option('--command <text>', 'the command that was run')
  .parse();

try {
  await run(command.args);
} catch (error) {
  console.error(explained(error));
  process.exitCode = 1;
}

async function run(files: readonly string[]): Promise<void> {
  const values = command.opts<Words>();
  const results = (await Promise.all(files.map(readResults))).flat();
  await writeReport(results, values.output, {
    measuredAt: values.measuredAt ?? (await newestChangeOf(files)),
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
