// The search for blocks, against what the index says, and against bytes that anyone may have chosen.

import { initializeChecksums } from '@varve/base';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { scanBlocks } from './block-scan.js';
import { TEST_IDENTITY, TEST_PATH } from './testing/tables.js';

const SEED = 20_261_122;
const TABLE = { tableId: TEST_IDENTITY.tableId, path: TEST_PATH };

beforeAll(initializeChecksums);

/** Each byte is in exactly one finding. */
function expectDivision(bytes: Uint8Array): void {
  let end = 0;
  for (const finding of scanBlocks(bytes, TABLE)) {
    expect(finding.offset).toBe(end);
    expect(finding.end).toBeGreaterThan(finding.offset);
    end = finding.end;
  }
  expect(end).toBe(bytes.length);
}

describe('scanBlocks', () => {
  test('divides any bytes into blocks and gaps, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => expectDivision(bytes)),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('divides bytes that are full of trailers', () => {
    const word = fc.constantFrom(0, 1, 2, 13, 40, 255);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 3000 }), (words) =>
        expectDivision(Uint8Array.from(words)),
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
