// What the search for blocks costs, on bytes made to cost the most: counted, not timed.

import { createRandom, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { BlockScan } from './block-scan-search.js';
import { ScanWork, WorkAllowance } from './block-scan-work.js';
import { randomBytes } from './testing/entries.js';
import { forgedBlocks } from './testing/forged-blocks.js';
import { buildTable, TEST_IDENTITY, TEST_PATH } from './testing/tables.js';

const TABLE = { tableId: TEST_IDENTITY.tableId, path: TEST_PATH };
const SIZE_BYTES = 1024 * 1024;

beforeAll(initializeChecksums);

function repeated(...pattern: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: SIZE_BYTES }, (_, index) => pattern[index % pattern.length]);
}

function spentOn(bytes: Uint8Array): number {
  const work = new ScanWork(bytes.length);
  new BlockScan(bytes, TABLE, { work }).run();
  return work.spent;
}

describe('ScanWork', () => {
  test.each([
    ['trailers of compressed blocks', repeated(1, 0, 0)],
    ['trailers that say one byte', repeated(0, 1, 0, 0)],
    ['sequences of one literal and a copy', repeated(0x10, 1, 1, 0)],
    ['sequences with long lengths', repeated(0x1f, 0, 1, 0, 0xff, 0xff, 1)],
    ['zeros', repeated(0)],
    ['ones', repeated(1)],
    ['random bytes', randomBytes(createRandom(1), SIZE_BYTES)],
    ['headers with trailers that fit', forgedBlocks(SIZE_BYTES)],
  ])('bounds what a file of %s costs', (_, bytes) => {
    const limit = ScanWork.FACTOR_MAX * bytes.length + ScanWork.CONSTANT_MAX;
    expect(spentOn(bytes)).toBeLessThanOrEqual(limit);
  });

  test.each([
    ['headers with trailers that fit', forgedBlocks(SIZE_BYTES)],
    ['sequences of one literal and a copy', repeated(0x10, 1, 1, 0)],
  ])('is used up by a file of %s, which could cost much more', (_, bytes) => {
    expect(spentOn(bytes)).toBeGreaterThan(10 * bytes.length);
  });

  test('is hardly touched by a whole table', () => {
    const entries = Array.from({ length: 5000 }, (_, index) => ({
      key: Uint8Array.of(index >> 8, index),
      value: new Uint8Array(new Uint32Array(64).fill(index % 250).buffer),
      sequence: index,
      kind: 1,
    }));
    const { bytes } = buildTable(entries);
    const work = new ScanWork(bytes.length);
    const { left } = work.anchor;
    new BlockScan(bytes, TABLE, { work }).run();
    expect(work.spent).toBeLessThan(2 * bytes.length);
    expect(left - work.anchor.left).toBeLessThan(bytes.length / 100);
  });
});

describe('WorkAllowance', () => {
  test('gives no more than there is left', () => {
    const allowance = new WorkAllowance(10);
    expect(allowance.take(6)).toBe(true);
    expect(allowance.take(6)).toBe(false);
    expect([allowance.left, allowance.spent]).toEqual([4, 6]);
    allowance.add(2);
    expect(allowance.take(6)).toBe(true);
    expect([allowance.left, allowance.spent]).toEqual([0, 12]);
  });
});
