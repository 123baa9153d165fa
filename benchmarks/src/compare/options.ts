/** The command line of the comparison of two revisions. */
import { program } from '@varve/testkit/command-line';
import { InvalidArgumentError } from 'commander';

const REPEAT_COUNT = 5;

/** What was asked for. */
export interface CompareOptions {
  readonly revision: string;
  readonly benches: readonly string[];
  readonly repeatCount: number;
  readonly format: 'table' | 'json';
  readonly pace: 'full' | 'quick';
  /** The exit code is 1 if something is slower by more than this ratio; null: never. */
  readonly failAbove: number | null;
  /** Words handed on to workloads and costs. */
  readonly words: readonly string[];
}

/** Reads the words after the name of the program. A wrong one, or `--help`, ends the process with a text. */
export function parseOptions(words: readonly string[]): CompareOptions {
  const command = program(
    'pnpm bench:compare',
    'Measures a revision and the working tree in turn, and says what became faster or slower.',
  )
    .argument('<revision>', 'what to compare with: a commit, a branch, a tag')
    .argument('[words...]', 'after --: options for workloads and costs, such as --num 100k')
    .option(
      '--bench <names...>',
      'microbenchmarks (or first parts of names), `costs`, workloads',
      [],
    )
    .option('--repeat <count>', 'runs with each revision', wholeNumber, REPEAT_COUNT)
    .option('--quick', 'microbenchmarks take a tenth of the time and are less exact')
    .option('--json', 'print a line of JSON for each figure')
    .option('--fail-above <ratio>', 'exit code 1 if something is slower by more', ratio)
    .parse([...words], { from: 'user' });
  const given = command.opts();
  return {
    revision: command.args[0],
    words: command.args.slice(1),
    benches: given['bench'],
    repeatCount: given['repeat'],
    format: given['json'] ? 'json' : 'table',
    pace: given['quick'] ? 'quick' : 'full',
    failAbove: given['failAbove'] ?? null,
  };
}

function wholeNumber(word: string): number {
  const number = Number(word);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function ratio(word: string): number {
  const number = Number(word);
  if (number >= 1) return number;
  throw new InvalidArgumentError('It must be a number of at least 1.');
}
