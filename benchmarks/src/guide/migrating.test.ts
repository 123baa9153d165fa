// Approach: every block of the page about migrating runs, in order, in one directory; it must print what its comments say.
// The page shows code of classic-level and lmdb, which are native: it is skipped, with the reason, where one does not load.

import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import * as abstractLevel from '@varve/abstract-level';
import * as engine from '@varve/engine';
import { runVarve } from 'varve';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, packagesOf, promisedOutput, runBlock } from './page-code.js';

const BENCHMARKS = join(import.meta.dirname, '../..');
const PAGE = join(BENCHMARKS, '../docs/guide/migrating.md');

const modules: Record<string, unknown> = {
  '@varve/engine': engine,
  '@varve/abstract-level': abstractLevel,
};
const missing: string[] = [];
for (const name of ['classic-level', 'lmdb']) {
  try {
    modules[name] = await import(name);
  } catch (error) {
    missing.push(`${name} does not load: ${(error as Error).message.split('\n')[0]}`);
  }
}

const blocks = blocksOf(readFileSync(PAGE, 'utf8'));
const before = process.cwd();
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'varve-guide-'));
  // The directory of a program that has its packages installed.
  symlinkSync(join(BENCHMARKS, 'node_modules'), join(directory, 'node_modules'));
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

async function runCommands(code: string): Promise<void> {
  for (const line of code.trim().split('\n')) {
    const [program, ...words] = line.split(' ');
    expect(program).toBe('varve');
    let notices = '';
    const stderr = new Writable({
      write(chunk, _encoding, done) {
        notices += String(chunk);
        done();
      },
    });
    const streams = { stdin: new PassThrough().end(), stdout: new PassThrough(), stderr };
    const exitCode = await runVarve(words, {
      version: '0.0.0-test',
      streams: { ...streams, environment: {} },
      onInterruptible: () => {},
    });
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: expect.any(String) });
  }
}

describe('the guide to migrating', () => {
  test('has code, all of it in languages that are run', () => {
    expect(blocks.length).toBeGreaterThan(5);
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['js', 'sh']));
    const known = ['@varve/engine', '@varve/abstract-level', 'classic-level', 'lmdb'];
    for (const { code } of blocks) expect(known).toEqual(expect.arrayContaining(packagesOf(code)));
  });

  // A block builds on those before it, so one that cannot run takes all with it.
  const title = missing.length === 0 ? '' : ` - skipped: ${missing.join('; ')}`;
  const run = test.skipIf(missing.length > 0);
  run.each(blocks)(`line $lineNumber, $language${title}`, async ({ language, code }) => {
    if (language === 'sh') await runCommands(code);
    else expect(await runBlock(code, modules)).toEqual(promisedOutput(code));
  });
});
