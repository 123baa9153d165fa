// Goal: what salvage says about the gaps of a table, in time that does not depend on how many there are.

import type { ScanFinding } from '@varve/sstable';
import { describe, expect, test } from 'vitest';
import { blocksBehind } from './salvage-table.js';

const CONTENT = new Uint8Array(0);

function block(offset: number): ScanFinding {
  return { kind: 'block', offset, end: offset + 10, content: CONTENT };
}

function gap(offset: number): ScanFinding {
  return { kind: 'gap', offset, end: offset + 10 };
}

describe('blocksBehind', () => {
  test('gives the first block behind each gap, and none behind the last block', () => {
    const other: ScanFinding = { kind: 'other', offset: 50, end: 60 };
    const found = [gap(0), block(10), gap(20), gap(30), block(40), other, gap(60)];
    const gaps = [gap(0), { offset: 20, end: 40 }, gap(60)];
    expect(blocksBehind(gaps, found)).toEqual([block(10), block(40), undefined]);
    expect(blocksBehind([], found)).toEqual([]);
    expect(blocksBehind(gaps, [])).toEqual([undefined, undefined, undefined]);
  });

  test('looks at each finding a few times, however many gaps there are', () => {
    const found = Array.from({ length: 20_000 }, (_, index) =>
      index % 2 === 0 ? gap(index * 10) : block(index * 10),
    );
    const gaps = found.filter(({ kind }) => kind === 'gap');
    let lookCount = 0;
    const counted = new Proxy(found, {
      get(target, property, receiver) {
        lookCount += 1;
        return Reflect.get(target, property, receiver);
      },
    });
    const next = blocksBehind(gaps, counted);
    expect(next.map((finding) => finding?.offset)).toEqual(gaps.map(({ end }) => end));
    expect(lookCount).toBeLessThan(10 * found.length);
  });
});
