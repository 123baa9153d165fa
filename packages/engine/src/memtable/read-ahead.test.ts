import { BugError, EntryKind } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { ReadAhead } from './read-ahead.js';

/** Adds entries until the batch is full; gives how many it took. */
function fill(batch: ReadAhead): number {
  while (!batch.isFull) batch.add(batch.count * 10, batch.count);
  return batch.count;
}

describe('ReadAhead', () => {
  test('reads one entry after a jump, then more and more', () => {
    const batch = new ReadAhead();
    batch.restart();
    const counts = [fill(batch)];
    for (let round = 0; round < 5; round++) {
      batch.goOn();
      counts.push(fill(batch));
    }
    expect(counts).toEqual([1, 4, 16, 32, 32, 32]);
    batch.restart();
    expect(fill(batch)).toBe(1);
  });

  test('keeps what was added, in order', () => {
    const batch = new ReadAhead();
    batch.goOn();
    fill(batch);
    const found = [0, 1, 2, 3].map((i) => [batch.entryOffsetAt(i), batch.relativeSequenceAt(i)]);
    expect(found).toEqual([
      [0, 0],
      [10, 1],
      [20, 2],
      [30, 3],
    ]);
  });

  test('notices an offset that no entry starts at', () => {
    const batch = new ReadAhead();
    batch.goOn();
    batch.add(0, 0);
    batch.add(1, 1);
    batch.touch(Uint8Array.of(EntryKind.put, EntryKind.delete));
    expect(() => batch.touch(Uint8Array.of(EntryKind.put, 0x61))).toThrow(BugError);
  });
});
