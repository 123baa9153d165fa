import { describe, expect, test } from 'vitest';
import { RadixMemory } from './memory.js';
import {
  addVersion,
  entryOffsetOf,
  newestVersion,
  olderVersion,
  relativeSequenceOf,
  visibleVersion,
} from './version-chain.js';

/** A key whose versions have the sequences 10, 20, 30 … and lie at the offsets 1, 2, 3 … */
function keyWithVersions(count: number): { words: Int32Array; slot: number } {
  const memory = new RadixMemory(new SharedArrayBuffer(1 << 20), 0);
  const slot = memory.allocateRoot();
  memory.words[slot] = ~1;
  memory.words[slot + 1] = 10;
  for (let number = 2; number <= count; number++) addVersion(memory, slot, number, number * 10);
  return { words: memory.words, slot };
}

/** Counts how often its elements are read. */
function counting(words: Int32Array): { words: Int32Array; reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(words, {
    get(target, name) {
      reads++;
      return target[name as unknown as number];
    },
  });
  return { words: proxy, reads: () => reads };
}

describe('version chain', () => {
  test.each([1, 2, 3, 4, 17, 300])('lists %i versions, newest first', (count) => {
    const { words, slot } = keyWithVersions(count);
    let version = newestVersion(words, slot);
    for (let number = count; number >= 1; number--) {
      expect(entryOffsetOf(words, version)).toBe(number);
      expect(relativeSequenceOf(words, version)).toBe(number * 10);
      version = olderVersion(words, slot, version);
    }
    expect(version).toBe(0);
  });

  test.each([1, 2, 3, 4, 17, 300])('finds the newest visible of %i versions', (count) => {
    const { words, slot } = keyWithVersions(count);
    for (let limit = -1; limit <= count * 10 + 10; limit++) {
      const version = visibleVersion(words, slot, limit);
      const number = Math.min(Math.floor(limit / 10), count);
      if (number < 1) expect(version).toBe(0);
      else expect(entryOffsetOf(words, version)).toBe(number);
    }
  });

  test('takes a number of steps that grows with the logarithm of the versions', () => {
    const { words, slot } = keyWithVersions(40_000);
    for (let limit = -1; limit <= 400_000; limit += 997) {
      const counted = counting(words);
      visibleVersion(counted.words, slot, limit);
      // At most about 3 steps per doubling, and 4 reads per step.
      expect(counted.reads()).toBeLessThan(12 * Math.log2(40_000));
    }
  });
});
