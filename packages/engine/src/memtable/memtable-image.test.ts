import { BugError, createRandom, EntryKind, MAX_SEQUENCE } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { entrySize, writePut } from './entry-format.js';
import { Memtable } from './memtable.js';

const VALUE = new Uint8Array(10).fill(0x76);

function insertRandomKeys(memtable: Memtable, keyspaceId: number, count: number): void {
  const random = createRandom(keyspaceId);
  const key = new Uint8Array(16);
  for (let number = 0; number < count; number++) {
    random.fill(key);
    const offset = memtable.arena.reserve(entrySize(EntryKind.put, keyspaceId, 16, 10));
    writePut(memtable.arena.bytes, offset, keyspaceId, key, 0, 16, VALUE, 0, 10);
    memtable.insert(offset, memtable.lastSequence + 1);
  }
}

function filledMemtable(): Memtable {
  const memtable = new Memtable({ arenaSizeBytes: 1 << 17, firstSequence: 50, indexSizeBytes: 0 });
  insertRandomKeys(memtable, 0, 1000);
  insertRandomKeys(memtable, 9, 500);
  insertRandomKeys(memtable, 0, 200);
  return memtable;
}

/** All versions as `offset@sequence`, by keyspace. */
function content(memtable: Memtable): Record<number, string[]> {
  const content: Record<number, string[]> = {};
  for (const keyspaceId of memtable.keyspaceIds()) {
    const entries: string[] = [];
    const cursor = memtable.versions(keyspaceId);
    for (cursor.first(); cursor.valid; cursor.next()) {
      entries.push(`${cursor.keyOffset}@${cursor.sequence}`);
    }
    content[keyspaceId] = entries;
  }
  return content;
}

describe('MemtableImage', () => {
  test('gives the same memtable after structuredClone, in the same memory', () => {
    const memtable = filledMemtable();
    const copy = Memtable.fromImage(structuredClone(memtable.image()));
    expect(content(copy)).toEqual(content(memtable));
    expect(copy.keyspaceIds()).toEqual([0, 9]);
    expect([copy.entryCount, copy.tombstoneCount]).toEqual([1700, 0]);
    expect([copy.firstSequence, copy.lastSequence]).toEqual([50, 1749]);
    expect([copy.usedBytes, copy.memoryBytes]).toEqual([memtable.usedBytes, memtable.memoryBytes]);
    expect(copy.image()).toEqual(memtable.image());
    // Shared, not copied: what one writes, the other reads.
    memtable.arena.bytes[memtable.arena.capacityBytes - 1] = 0x61;
    expect(copy.arena.bytes[copy.arena.capacityBytes - 1]).toBe(0x61);
  });

  test('freezes the memtable, and a memtable from an image is frozen', () => {
    const memtable = filledMemtable();
    const copy = Memtable.fromImage(memtable.image());
    for (const frozen of [memtable, copy]) {
      expect(() => insertRandomKeys(frozen, 0, 1)).toThrow(BugError);
    }
    memtable.reset(2000);
    insertRandomKeys(memtable, 0, 1);
    expect(memtable.lastSequence).toBe(2000);
  });

  test('is read without a write to the shared memory', () => {
    const image = filledMemtable().image();
    const snapshot = () =>
      [image.arenaBuffer, image.indexBuffer].map((b) => Buffer.from(new Uint8Array(b)));
    const before = snapshot();
    const copy = Memtable.fromImage(image);
    const cursor = copy.cursor(0, MAX_SEQUENCE);
    for (cursor.first(); cursor.valid; cursor.next()) {
      const end = cursor.keyOffset + cursor.keyLength;
      expect(copy.find(0, cursor.keyBytes, cursor.keyOffset, end, 700)).toBeGreaterThanOrEqual(-1);
    }
    for (cursor.last(); cursor.valid; cursor.previous());
    for (const keyspaceId of [0, 9, 10]) cursor.seek(Uint8Array.of(keyspaceId), 0, 1);
    content(copy);
    expect(snapshot()).toEqual(before);
  });
});
