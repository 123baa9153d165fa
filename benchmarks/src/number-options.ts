/** Numbers on command lines: what they may be, and a helpful answer to anything else. */
import { InvalidArgumentError } from 'commander';

const KIB = 1024;
const MIB = 1024 * KIB;
const COUNT_FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6 };
const BYTE_FACTORS: Readonly<Record<string, number>> = { '': 1, k: KIB, m: MIB, g: 1024 * MIB };

/** A whole number with `k` for thousands or `m` for millions. */
export function count({ least }: { readonly least: number }): (word: string) => number {
  return (word) => scaled(word, COUNT_FACTORS, least);
}

/** Whole numbers as {@link count} takes them, separated by commas. */
export function counts({ least }: { readonly least: number }): (words: string) => number[] {
  return (words) => words.split(',').map((word) => scaled(word, COUNT_FACTORS, least));
}

/** A size with `k`, `m` or `g` for the binary units. */
export function bytes(least: number): (word: string) => number {
  return (word) => scaled(word, BYTE_FACTORS, least);
}

function scaled(word: string, factors: Readonly<Record<string, number>>, least: number): number {
  const [, digits, suffix] =
    /^(\d[\d_]*(?:\.\d+)?)([a-z]?)(?:i?b)?$/.exec(word.toLowerCase()) ?? [];
  const number = Number(digits?.replaceAll('_', '')) * (factors[suffix ?? ''] ?? Number.NaN);
  if (Number.isInteger(number) && number >= least) return number;
  const suffixes = Object.keys(factors).filter((factor) => factor !== '');
  throw new InvalidArgumentError(
    `It must be a whole number of at least ${least}; ${suffixes.join(', ')} may follow.`,
  );
}

/** A number from 0 to 1. */
export function share(word: string): number {
  const number = Number(word);
  if (number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
