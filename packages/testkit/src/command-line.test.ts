import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { numberFromZero, oneOf, seedWord, wholeNumber } from './command-line.js';

const ROOT = join(import.meta.dirname, '../../..');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Every program of the testkit and of the benchmarks that a script starts. */
const PROGRAMS = Object.entries(scripts).flatMap(([script, command]) => {
  const file = /node (?:--\S+ )?((?:packages\/testkit|benchmarks)\/dist\/\S+\.js)/.exec(
    command,
  )?.[1];
  return file === undefined ? [] : [{ script, file }];
});

function started(
  file: string,
  ...words: string[]
): { code: number | null; out: string; error: string } {
  const how = { cwd: ROOT, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...words], how);
  return { code: status, out: stdout, error: stderr };
}

describe('the programs behind the scripts', () => {
  test.each(PROGRAMS)('$script answers --help', ({ file, script }) => {
    const { code, out, error } = started(file, '--help');
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toContain(`Usage: pnpm ${script}`);
  });

  test.each(PROGRAMS)('$script refuses an option that it does not know', ({ file }) => {
    const { code, error } = started(file, '--no-such-option');
    expect(code).toBe(2);
    expect(error).toContain("unknown option '--no-such-option'");
    expect(error).not.toMatch(/^ +at /m);
  });
});

/** What programs of their own kind of words make of wrong ones. */
const WRONG_WORDS = [
  ['packages/testkit/dist/model-test/main.js', ['--seeds', 'many'], 'a whole number from 0 on'],
  ['packages/testkit/dist/kill-loop/main.js', ['--durability', 'none'], 'one of os, always'],
  ['packages/testkit/dist/tiers/nightly-main.js', ['--minutes', '-1'], 'a number from 0 on'],
  ['packages/testkit/dist/legs/main.js', ['--leg', 'none'], 'one of'],
  ['benchmarks/dist/main.js', ['--num', '0'], 'a whole number of at least 1'],
  ['benchmarks/dist/sustained.js', ['--share', '2'], 'a number from 0 to 1'],
  ['benchmarks/dist/micro/main.js', ['none'], 'Cannot find a microbenchmark named none'],
  ['benchmarks/dist/level/main.js', ['none'], "there is no call 'none'"],
] as const;

describe('programs given wrong words', () => {
  test.each(WRONG_WORDS)('%s %j: exit code 2, and what it must be', (file, words, wanted) => {
    const { code, out, error } = started(file, ...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(wanted);
    expect(error).not.toMatch(/^ +at /m);
  });
});

describe('words of command lines', () => {
  test('are read as what they are', () => {
    expect(wholeNumber('12')).toBe(12);
    expect(numberFromZero('0.5')).toBe(0.5);
    expect([seedWord('7'), seedWord('0x1F'), seedWord('fresh')]).toEqual([7, 31, 'fresh']);
    expect(oneOf(['a', 'b'])('b')).toBe('b');
  });

  test('are refused with what they must be', () => {
    expect(() => wholeNumber('-1')).toThrow('a whole number from 0 on');
    expect(() => wholeNumber('many')).toThrow('a whole number from 0 on');
    for (const word of ['', ' ', '-1', 'Infinity', 'NaN', 'x']) {
      expect(() => numberFromZero(word)).toThrow('a number from 0 on');
    }
    expect(() => seedWord('new')).toThrow("a whole number, or 'fresh'");
    expect(() => oneOf(['a', 'b'])('c')).toThrow('one of a, b');
  });
});
