/**
 * VarveLevel next to classic-level, through the same calls of abstract-level: `pnpm bench:level [call…]`.
 *
 * Exit code 1 when `--check` is given and a median ratio is below its bar.
 */
import { program } from '@varve/testkit/command-line';
import { InvalidArgumentError } from 'commander';
import { renderTable, significant } from '../micro/output.js';
import { count } from '../number-options.js';
import { LEVEL_CALLS } from './calls.js';
import { compareCall, type LevelFigure } from './compare.js';
import { type LevelEncoding, makeEntries, openContenders } from './contenders.js';

const command = program(
  'pnpm bench:level',
  'Compares VarveLevel with classic-level through the same calls of abstract-level.',
)
  .argument('[calls...]', `what to measure: ${LEVEL_CALLS.map(({ name }) => name).join(', ')}`)
  .option('--num <count>', 'entries of 16 + 100 bytes', count({ least: 1 }), 100_000)
  .option('--rounds <count>', 'rounds, each with both databases', count({ least: 1 }), 5)
  .option('--encoding <name>', 'utf8 or view', encodingName, 'utf8')
  .option('--check', 'exit code 1 if a median ratio is below its bar')
  .option('--json', 'print a line of JSON for each call')
  .parse();
const options = command.opts<{
  num: number;
  rounds: number;
  encoding: LevelEncoding;
  check?: true;
  json?: true;
}>();

const calls = command.args.length === 0 ? LEVEL_CALLS : LEVEL_CALLS.filter(isWanted);
const unknown = command.args.find((word) => !LEVEL_CALLS.some(({ name }) => name === word));
if (unknown !== undefined) command.error(`error: there is no call '${unknown}'`);

const figures = await measure();
if (options.json) for (const figure of figures) console.log(JSON.stringify(figure));
else console.log(tableOf(figures));
if (options.check && figures.some(({ ratio, bar }) => ratio < bar)) process.exitCode = 1;

async function measure(): Promise<LevelFigure[]> {
  const contenders = await openContenders(options.encoding);
  const entries = makeEntries(options.num, options.encoding);
  const measured: LevelFigure[] = [];
  try {
    // Reads are of everything, whatever was asked for.
    for (const { level } of contenders) await LEVEL_CALLS[1].run(level, entries);
    for (const [index, call] of calls.entries()) {
      process.stderr.write(`${index + 1} of ${calls.length}: ${call.name}\n`);
      measured.push(await compareCall(call, { contenders, entries, roundCount: options.rounds }));
    }
  } finally {
    for (const contender of contenders) await contender.close();
  }
  return measured;
}

function isWanted({ name }: { readonly name: string }): boolean {
  return command.args.includes(name);
}

function tableOf(measured: readonly LevelFigure[]): string {
  const head = ['call', 'Varve µs', 'classic-level µs', 'ratio', 'from', 'to', 'best', 'bar'];
  const rows = measured.map((figure) => [
    figure.call,
    ...[figure.varveMicroseconds, figure.classicMicroseconds].map(significant),
    ...[figure.ratio, figure.ratioLeast, figure.ratioMost, figure.ratioOfBest].map((ratio) =>
      ratio.toFixed(1),
    ),
    String(figure.bar),
  ]);
  return renderTable(head, { rows, textColumnCount: 1 });
}

function encodingName(word: string): LevelEncoding {
  if (word === 'utf8' || word === 'view') return word;
  throw new InvalidArgumentError("It must be 'utf8' or 'view'.");
}
