// Approach: every block of the page about VarveLevel runs in a directory of its own; it must print what its comments say.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as abstractLevel from '@varve/abstract-level';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, promisedOutput, runBlock } from './page-code.js';

const PAGE = join(import.meta.dirname, '../../../docs/guide/abstract-level.md');

const blocks = blocksOf(readFileSync(PAGE, 'utf8'));
const before = process.cwd();
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'varve-guide-'));
  process.chdir(directory);
});
afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

describe('the guide to VarveLevel', () => {
  test('has code, all of it in JavaScript', () => {
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['js']));
  });

  test.each(blocks)('line $lineNumber', async ({ code }) => {
    const promised = promisedOutput(code);
    expect(promised.length).toBeGreaterThan(0);
    expect(await runBlock(code, { '@varve/abstract-level': abstractLevel })).toEqual(promised);
  });
});
