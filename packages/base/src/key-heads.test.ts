import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareWhole } from './bytes.js';
import { KeyHeads } from './key-heads.js';

fc.configureGlobal({ seed: 27_118, numRuns: 2_000 });

const anyKey = fc
  .array(fc.constantFrom(0, 1, 0x30, 0x39, 0x7f, 0x80, 0xff), { maxLength: 10 })
  .map((bytes) => Uint8Array.from(bytes));

function headsOf(keys: readonly Uint8Array[]): KeyHeads {
  let end = 0;
  const ends = Uint32Array.from(keys, (key) => {
    end += key.length;
    return end;
  });
  const slab = new Uint8Array(Buffer.concat(keys));
  return KeyHeads.learn({ slab, ends, count: keys.length }, 0);
}

describe('KeyHeads', () => {
  test('never orders a key against one that it learnt from otherwise than their bytes do', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 20 }), anyKey, (keys, key) => {
        const heads = headsOf(keys);
        const head = heads.headOf(key, 0, key.length);
        for (const learnt of keys) {
          const difference = head - heads.headOf(learnt, 0, learnt.length);
          if (difference !== 0) {
            expect(Math.sign(difference)).toBe(Math.sign(compareWhole(key, learnt)));
          }
        }
      }),
    );
  });

  test('tells eight decimal digits apart when there are many keys', () => {
    const numbers: number[] = [];
    for (let number = 0; number < 1e8; number += 997) numbers.push(number);
    const keys = numbers.map((number) => Buffer.from(String(number).padStart(8, '0')));
    const heads = headsOf(keys);
    const found = keys.map((key) => heads.headOf(key, 0, key.length));
    expect(new Set(found).size).toBe(numbers.length);
  });

  test('gives 0 for every key when it learnt from none', () => {
    expect(headsOf([]).headOf(Uint8Array.of(1, 2), 0, 2)).toBe(0);
  });
});
