import { BugError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { NODE_5, NODE_256, NODE_WORD_COUNTS } from './layout.js';
import { indexSizeBytesFor, RadixMemory } from './memory.js';

describe('RadixMemory', () => {
  test('hands out nodes that are zero, also used ones', () => {
    const memory = new RadixMemory(new SharedArrayBuffer(indexSizeBytesFor(1 << 16)), 0);
    const first = memory.allocateNode(NODE_5);
    const second = memory.allocateNode(NODE_5);
    memory.words.fill(-1, first, first + NODE_WORD_COUNTS[NODE_5]);
    memory.words.fill(-1, second, second + NODE_WORD_COUNTS[NODE_5]);
    memory.freeNode(NODE_5, first);
    memory.freeNode(NODE_5, second);
    expect(memory.allocateNode(NODE_5)).toBe(second);
    expect(memory.allocateNode(NODE_5)).toBe(first);
    for (let word = first; word < second + NODE_WORD_COUNTS[NODE_5]; word++) {
      expect(memory.words[word]).toBe(0);
    }
  });

  test('keeps nodes on cache lines whatever else is handed out', () => {
    const memory = new RadixMemory(new SharedArrayBuffer(1 << 20), 0);
    for (let count = 0; count < 200; count++) {
      memory.allocateRecord(count % 2 === 0 ? 3 : 5);
      if (count % 50 === 0) memory.allocateRoot();
      expect(memory.allocateNode(count % 5) % 16).toBe(0);
    }
  });

  test('moves to twice the size when an insert might not fit, with its content', () => {
    const memory = new RadixMemory(new SharedArrayBuffer(indexSizeBytesFor(0)), 0);
    const before = memory.words;
    memory.prepareInsert();
    expect(memory.words).toBe(before);
    const node = memory.allocateNode(NODE_256);
    memory.words[node + 9] = 4711;
    memory.prepareInsert();
    expect(memory.words.length).toBe(2 * before.length);
    expect(memory.words[node + 9]).toBe(4711);
  });

  test('begins again at the start when cleared', () => {
    const memory = new RadixMemory(new SharedArrayBuffer(1 << 16), 0);
    const handOut = () => [
      memory.allocateRoot(),
      memory.allocateRecord(3),
      memory.allocateNode(NODE_5),
      memory.allocateNode(NODE_256),
    ];
    const usedWhenEmpty = memory.usedSizeBytes;
    const first = handOut();
    memory.freeNode(NODE_5, first[2]);
    memory.clear();
    expect(memory.usedSizeBytes).toBe(usedWhenEmpty);
    expect(handOut()).toEqual(first);
  });

  test('takes only buffers that it can use', () => {
    expect(() => new RadixMemory(new SharedArrayBuffer(64), 0)).toThrow(BugError);
    expect(() => new RadixMemory(new SharedArrayBuffer((1 << 16) + 2), 0)).toThrow(BugError);
    expect(indexSizeBytesFor((1 << 16) + 1)).toBe((1 << 16) + 4);
    expect(indexSizeBytesFor(2 ** 40)).toBe(2 ** 31);
  });
});
