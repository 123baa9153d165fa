// Command lines of the programs: help, and exit code 2 with a line that says what is wrong with them.

import { Command, InvalidArgumentError } from 'commander';

const CALLED_WRONGLY = 2;

/** A program that is started as `name`. Ends the process for `--help` and for a command line that it does not take. */
export function program(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .showHelpAfterError('Run with --help to see every option.')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : CALLED_WRONGLY));
}

/** Reads a whole number from 0 on. */
export function wholeNumber(word: string): number {
  if (/^\d{1,15}$/.test(word)) return Number(word);
  throw new InvalidArgumentError('It must be a whole number from 0 on.');
}

/** Reads a number from 0 on. */
export function numberFromZero(word: string): number {
  const number = Number(word);
  if (word.trim() !== '' && number >= 0 && number < Number.POSITIVE_INFINITY) return number;
  throw new InvalidArgumentError('It must be a number from 0 on.');
}

/** Reads the seed of everything random: a whole number, decimal or as `0x1f`, or `fresh` for one that is drawn. */
export function seedWord(word: string): number | 'fresh' {
  if (word === 'fresh') return word;
  if (/^(?:\d{1,10}|0x[\da-f]{1,8})$/i.test(word)) return Number(word);
  throw new InvalidArgumentError("It must be a whole number, or 'fresh'.");
}

/** Reads one of `names`. */
export function oneOf<Name extends string>(names: readonly Name[]): (word: string) => Name {
  return (word) => {
    const name = names.find((one) => one === word);
    if (name !== undefined) return name;
    throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`);
  };
}
