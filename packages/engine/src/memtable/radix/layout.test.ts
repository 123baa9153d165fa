import { createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import {
  BODY_WORD,
  childCountOf,
  depthOf,
  findPackedByte,
  HEADER_ONE_CHILD,
  kindOf,
  makeHeader,
  NODE_256,
  NODE_CAPACITIES,
  NODE_WORD_COUNTS,
  packedByte,
  repeatByte,
  slotsWordOf,
} from './layout.js';

describe('node layout', () => {
  test.each([0, 1, 2, 3, 4])('has room in kind %i for what it may hold', (kind) => {
    const keyWordCount = kind === NODE_256 ? 0 : Math.ceil(NODE_CAPACITIES[kind] / 4);
    expect(slotsWordOf(kind)).toBe(BODY_WORD + keyWordCount);
    const end = slotsWordOf(kind) + 2 * NODE_CAPACITIES[kind];
    expect(end).toBeLessThanOrEqual(NODE_WORD_COUNTS[kind]);
    expect(NODE_WORD_COUNTS[kind] % 16).toBe(0);
  });

  test.each([
    [0, 0, 0],
    [3, 55, 65_535],
    [2, 17, 32_768],
    [NODE_256, 0, 1],
  ])('keeps kind %i, %i children and depth %i apart in a header', (kind, childCount, depth) => {
    const header = makeHeader(kind, childCount, depth);
    expect([kindOf(header), childCountOf(header), depthOf(header)]).toEqual([
      kind,
      childCount,
      depth,
    ]);
    const more = header + HEADER_ONE_CHILD;
    expect([kindOf(more), childCountOf(more), depthOf(more)]).toEqual([
      kind,
      childCount + 1,
      depth,
    ]);
  });
});

describe('findPackedByte()', () => {
  test('finds the lowest of equal bytes, in any word', () => {
    const random = createRandom(1);
    const words = new Int32Array(1);
    for (let round = 0; round < 4000; round++) {
      // Few values, and those around which borrows and signs go wrong.
      const bytes = Array.from(
        { length: 4 },
        () => [0, 1, 0x7f, 0x80, 0x81, 0xff][random.below(6)],
      );
      words[0] = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
      for (const byte of [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff]) {
        expect(findPackedByte(words[0], repeatByte(byte))).toBe(bytes.indexOf(byte));
      }
      expect([0, 1, 2, 3].map((index) => packedByte(words, 0, index))).toEqual(bytes);
    }
  });
});
