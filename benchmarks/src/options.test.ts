// Approach: the words of a command line in, options or a complaint out; nothing is run.

import { describe, expect, test } from 'vitest';
import { CommandLineExit, parseOptions } from './options.js';
import { WORKLOADS } from './workloads/index.js';

function parse(line: string) {
  const text = { out: '', error: '' };
  const parsed = () =>
    parseOptions(line.split(' ').filter(Boolean), {
      out: (part) => {
        text.out += part;
      },
      error: (part) => {
        text.error += part;
      },
    });
  return { text, parsed };
}

function exitOf(line: string) {
  const { text, parsed } = parse(line);
  try {
    parsed();
  } catch (error) {
    if (error instanceof CommandLineExit) return { exitCode: error.exitCode, ...text };
  }
  throw new Error('it was accepted');
}

describe('parseOptions', () => {
  test('has a default for everything', () => {
    expect(parse('').parsed()).toMatchObject({
      num: 1_000_000,
      keySizeBytes: 16,
      valueSizeBytes: 100,
      valueCompressibility: 0.5,
      cacheSizeBytes: 256 * 1024 * 1024,
      repeat: 3,
      durability: undefined,
      reads: undefined,
    });
  });

  test('reads suffixes', () => {
    const options = parse('--num 10m --cache 1g --value-size 4k --reads 500K').parsed();
    expect(options).toMatchObject({
      num: 10_000_000,
      cacheSizeBytes: 1024 ** 3,
      valueSizeBytes: 4096,
      reads: 500_000,
    });
  });

  test('takes several numbers of keys, of which the first comes first', () => {
    expect(parse('--num 100k,1m,10m').parsed()).toMatchObject({
      num: 100_000,
      nums: [100_000, 1_000_000, 10_000_000],
    });
  });

  test('takes workloads and engines in the order given', () => {
    const options = parse('readseq fillseq --engines lmdb,varve-sync').parsed();
    expect(options.workloads).toEqual(['readseq', 'fillseq']);
    expect(options.engines).toEqual(['lmdb', 'varve-sync']);
  });

  test('knows all workloads by one word', () => {
    expect(parse('all').parsed().workloads).toEqual(WORKLOADS.map(({ name }) => name));
  });

  test.each([
    ['fillsequential', 'fillseq, fillrandom'],
    ['--engines rocks', 'There are: varve-sync, varve-async, varve-level, db_bench'],
    ['--num many', 'whole number'],
    ['--num 0', 'at least 1'],
    ['--num 1k,', 'whole number'],
    ['--num _', 'whole number'],
    ['--value-compressibility 2', 'from 0 to 1'],
    ['--durability sometimes', 'always, os, none'],
    ['--nmu 5', '--num'],
  ])('refuses %s and says what there is', (line, help) => {
    const { exitCode, error } = exitOf(line);
    expect(exitCode).toBe(2);
    expect(error).toContain(help);
  });

  test('lists every workload in its help', () => {
    const { exitCode, out } = exitOf('--help');
    expect(exitCode).toBe(0);
    for (const { name } of WORKLOADS) expect(out).toContain(name);
  });
});
