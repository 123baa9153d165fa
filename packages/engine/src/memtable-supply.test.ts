import { describe, expect, test } from 'vitest';
import type { Memtable } from './memtable/index.js';
import { MemtableSupply } from './memtable-supply.js';

const ARENA_SIZE_BYTES = 4096;

function supplyOf(spareCountMax: number): MemtableSupply {
  return new MemtableSupply({ arenaSizeBytes: ARENA_SIZE_BYTES, spareCountMax });
}

describe('MemtableSupply', () => {
  test('makes no more memtables than were in use at once', () => {
    const supply = supplyOf(2);
    const made = new Set<Memtable>();
    const take = (): Memtable => {
      const memtable = supply.take(0, 1);
      made.add(memtable);
      return memtable;
    };
    let active = take();
    for (let round = 0; round < 5; round++) {
      const waiting = [active, take()];
      active = take();
      for (const memtable of waiting) supply.giveBack(memtable);
    }
    expect(made.size).toBe(3);
  });

  test('gives what was used before as an empty memtable', () => {
    const supply = supplyOf(1);
    const used = supply.take(0, 1);
    supply.giveBack(used);
    const again = supply.take(0, 17);
    expect(again).toBe(used);
    expect(again).toMatchObject({ entryCount: 0, firstSequence: 17, lastSequence: 16 });
  });

  test('keeps no more than it may, none of unusual size, and none once it is closed', () => {
    const supply = supplyOf(1);
    const [first, second] = [supply.take(0, 1), supply.take(0, 1)];
    const large = supply.take(ARENA_SIZE_BYTES * 2, 1);
    expect(large.arena.capacityBytes).toBe(ARENA_SIZE_BYTES * 2);
    for (const memtable of [large, first, second]) supply.giveBack(memtable);
    expect(supply.take(0, 1)).toBe(first);
    expect(supply.take(0, 1)).not.toBe(second);
    supply.close();
    supply.giveBack(first);
    expect(supply.take(0, 1)).not.toBe(first);
  });
});
