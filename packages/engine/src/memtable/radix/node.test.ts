import { createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { depthOf, kindOf, NODE_CAPACITIES, SAMPLE_KEY_WORD, TERMINATOR_WORD } from './layout.js';
import { indexSizeBytesFor, RadixMemory } from './memory.js';
import {
  byteAt,
  END_POSITION,
  NO_POSITION,
  positionAfter,
  positionBefore,
  positionFromByte,
  slotAt,
} from './navigation.js';
import { addChild, createNode, findSlot } from './node.js';

const DEPTH = 5;
const SAMPLE_KEY = 77;

/** A node in the slot of a root, filled byte by byte; `reference(byte)` tells what each child must be. */
class Fixture {
  readonly memory = new RadixMemory(new SharedArrayBuffer(indexSizeBytesFor(1 << 16)), 0);
  readonly parentSlot = this.memory.allocateRoot();
  readonly bytes = new Set<number>();

  constructor() {
    this.memory.words[this.parentSlot] = createNode(this.memory, SAMPLE_KEY, DEPTH);
  }

  get words(): Int32Array {
    return this.memory.words;
  }

  get node(): number {
    return this.words[this.parentSlot];
  }

  add(byte: number): void {
    const slot = addChild(this.memory, this.parentSlot, byte);
    this.words[slot] = -1 - byte;
    this.words[slot + 1] = 1000 + byte;
    this.bytes.add(byte);
  }

  sortedBytes(): number[] {
    return [...this.bytes].sort((a, b) => a - b);
  }

  /** All positions, by stepping `step` from `start`. */
  positions(start: number, step: typeof positionAfter): number[] {
    const positions: number[] = [];
    let position = step(this.words, this.node, start);
    for (; position !== NO_POSITION; position = step(this.words, this.node, position)) {
      positions.push(position);
    }
    return positions;
  }

  check(): void {
    const { words, node } = this;
    const found: number[] = [];
    for (let byte = 0; byte < 256; byte++) {
      const slot = findSlot(words, node, words[node], byte);
      if (words[slot] === -1 - byte && words[slot + 1] === 1000 + byte) found.push(byte);
      else if (words[slot] !== 0) found.push(-byte);
    }
    const expected = this.sortedBytes();
    expect(found).toEqual(expected);
    const forward = this.positions(NO_POSITION, positionAfter).filter((position) => position > 0);
    expect(forward.map((position) => byteAt(words, node, position))).toEqual(expected);
    expect(forward.map((position) => words[slotAt(words, node, position)])).toEqual(
      expected.map((byte) => -1 - byte),
    );
    const backward = this.positions(END_POSITION, positionBefore).filter((p) => p > 0);
    expect(backward.reverse()).toEqual(forward);
    expect(depthOf(words[node])).toBe(DEPTH);
    expect(words[node + SAMPLE_KEY_WORD]).toBe(SAMPLE_KEY);
  }
}

function shuffledBytes(seed: number): number[] {
  const random = createRandom(seed);
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  for (let last = 255; last > 0; last--) {
    const other = random.below(last + 1);
    [bytes[last], bytes[other]] = [bytes[other], bytes[last]];
  }
  return bytes;
}

describe('addChild()', () => {
  test.each([1, 2, 3, 4, 5])(
    'keeps children in order through all kinds of node, seed %i',
    (seed) => {
      const fixture = new Fixture();
      fixture.check();
      for (const byte of shuffledBytes(seed)) {
        fixture.add(byte);
        const kind = NODE_CAPACITIES.findIndex((capacity) => capacity >= fixture.bytes.size);
        expect(kindOf(fixture.words[fixture.node])).toBe(kind);
        fixture.check();
      }
    },
  );

  test.each(['ascending', 'descending'])('takes children in %s order', (order) => {
    const fixture = new Fixture();
    for (let index = 0; index < 256; index++)
      fixture.add(order === 'ascending' ? index : 255 - index);
    fixture.check();
  });

  test('keeps the terminator through all kinds of node', () => {
    const fixture = new Fixture();
    fixture.words[fixture.node + TERMINATOR_WORD] = -500;
    fixture.words[fixture.node + TERMINATOR_WORD + 1] = 9;
    for (const byte of shuffledBytes(1)) {
      fixture.add(byte);
      const { words, node } = fixture;
      expect([words[node + TERMINATOR_WORD], words[node + TERMINATOR_WORD + 1]]).toEqual([-500, 9]);
      expect(fixture.positions(NO_POSITION, positionAfter)[0]).toBe(0);
      expect(fixture.positions(END_POSITION, positionBefore).at(-1)).toBe(0);
      fixture.check();
    }
  });

  test('uses the memory of replaced nodes again', () => {
    const { memory, parentSlot } = new Fixture();
    for (let byte = 0; byte < 56; byte++) addChild(memory, parentSlot, byte);
    const usedSizeBytes = memory.usedSizeBytes;
    // One node of each kind that was outgrown lies free.
    const root = memory.words[parentSlot];
    memory.words[parentSlot] = createNode(memory, 0, 0);
    for (let byte = 0; byte < 55; byte++) addChild(memory, parentSlot, byte);
    expect(memory.words[parentSlot]).not.toBe(root);
    expect(memory.usedSizeBytes).toBe(usedSizeBytes);
  });
});

describe('positionFromByte()', () => {
  test.each([0, 1, 5, 6, 40, 56, 255])(
    'finds the first child from any byte on among %i',
    (count) => {
      const fixture = new Fixture();
      for (const byte of shuffledBytes(count).slice(0, count)) fixture.add(byte);
      const { words, node } = fixture;
      for (let byte = 0; byte < 256; byte++) {
        const position = positionFromByte(words, node, byte);
        const found = position === NO_POSITION ? undefined : byteAt(words, node, position);
        expect(found).toBe(fixture.sortedBytes().find((other) => other >= byte));
      }
    },
  );
});
