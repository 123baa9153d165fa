/**
 * Microbenchmarks: one question about one structure of the engine each, so that a regression names its room.
 *
 *   node benchmarks/dist/micro/main.js [name…] [--json] [--quick] [--list]
 *
 * The first parts of a name mean all those that begin with them: `memtable`, `encoding-json`. Each is measured in a
 * fresh process. `--json` prints one line per microbenchmark (see `MicroFigure`); `--quick` measures for a tenth of the
 * time; `--list` only tells the questions.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { program } from '@varve/testkit/command-line';
import type { MicroFigure } from './measure.js';
import { renderFigures, renderQuestions } from './output.js';
import { loadMicrobenchmark, matchingNames } from './registry.js';

const ONE = join(import.meta.dirname, 'one.js');

const command = program(
  'pnpm bench:micro',
  'Measures one structure of the engine at a time, each in a process of its own.',
)
  .argument(
    '[names...]',
    'what to measure; the first parts of a name mean all that begin with them',
  )
  .option('--json', 'print a line of JSON for each')
  .option('--quick', 'measure for a tenth of the time')
  .option('--list', 'only tell the questions')
  .parse();
const words = command.opts<{ json?: true; quick?: true; list?: true }>();
const names = wantedNames();

if (words.list) await listQuestions();
else if (words.json) for (const name of names) console.log(JSON.stringify(figureOf(name)));
else printTable();

function wantedNames(): string[] {
  try {
    return matchingNames(command.args);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return command.error(`error: ${error.message}`);
  }
}

async function listQuestions(): Promise<void> {
  const rows = await Promise.all(
    names.map(async (name) => ({ name, question: (await loadMicrobenchmark(name)).question })),
  );
  console.log(renderQuestions(rows));
}

function printTable(): void {
  const figures: MicroFigure[] = [];
  for (const name of names) {
    process.stderr.write(`${name}\n`);
    figures.push(figureOf(name));
  }
  console.log(renderFigures(figures));
}

function figureOf(name: string): MicroFigure {
  const wordsOfOne = [ONE, name, ...(words.quick ? ['--quick'] : [])];
  const output = execFileSync(process.execPath, wordsOfOne, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}
