import { BugError, CursorStatus, createRandom, EntryKind, MAX_SEQUENCE } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { entrySize, writeDelete, writePut } from './entry-format.js';
import { Memtable } from './memtable.js';
import type { MemtableCursor } from './memtable-cursor.js';

const EMPTY = new Uint8Array(0);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function write(memtable: Memtable, kind: number, text: string): void {
  const { arena } = memtable;
  const key = bytesOf(text);
  const offset = arena.reserve(entrySize(kind, 0, key.length, 0));
  if (kind === EntryKind.put) writePut(arena.bytes, offset, 0, key, 0, key.length, EMPTY, 0, 0);
  else writeDelete(arena.bytes, offset, 0, key, 0, key.length);
  memtable.insert(offset, memtable.lastSequence + 1);
}

/** A memtable whose entries have the sequences 1, 2, 3 … ; `-key` is a delete. */
function memtableOf(...entries: string[]): Memtable {
  const memtable = new Memtable({ arenaSizeBytes: 1 << 20, firstSequence: 1 });
  insert(memtable, ...entries);
  return memtable;
}

function insert(memtable: Memtable, ...entries: string[]): void {
  for (const entry of entries) {
    if (entry.startsWith('-')) write(memtable, EntryKind.delete, entry.slice(1));
    else write(memtable, EntryKind.put, entry);
  }
}

/** `key@sequence`, a minus in front of a delete, `end` if there is no entry. */
function at(cursor: MemtableCursor): string {
  if (!cursor.valid) return 'end';
  const { keyBytes, keyOffset, keyLength } = cursor;
  const key = new TextDecoder().decode(keyBytes.slice(keyOffset, keyOffset + keyLength));
  return `${cursor.kind === EntryKind.delete ? '-' : ''}${key}@${cursor.sequence}`;
}

function seek(cursor: MemtableCursor, text: string): string {
  const key = bytesOf(text);
  cursor.seek(key, 0, key.length);
  return at(cursor);
}

function seekBackward(cursor: MemtableCursor, text: string): string {
  const key = bytesOf(text);
  cursor.seekBackward(key, 0, key.length);
  return at(cursor);
}

function step(cursor: MemtableCursor, ...moves: ('next' | 'previous')[]): string {
  for (const move of moves) cursor[move]();
  return at(cursor);
}

function scan(cursor: MemtableCursor): string {
  const entries: string[] = [];
  for (cursor.first(); cursor.valid; cursor.next()) entries.push(at(cursor));
  return entries.join(' ');
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, number) => String(number).padStart(4, '0'));
}

describe('MemtableCursor', () => {
  test('shows of each key the newest version up to its sequence, deletes included', () => {
    const memtable = memtableOf('b', 'a', 'b', '-a', 'c', 'b');
    expect(scan(memtable.cursor(0, 0))).toBe('');
    expect(scan(memtable.cursor(0, 1))).toBe('b@1');
    expect(scan(memtable.cursor(0, 3))).toBe('a@2 b@3');
    expect(scan(memtable.cursor(0, 4))).toBe('-a@4 b@3');
    expect(scan(memtable.cursor(0, MAX_SEQUENCE))).toBe('-a@4 b@6 c@5');
    expect(scan(memtable.cursor(1, MAX_SEQUENCE))).toBe('');
  });

  test('skips keys that are not visible, both ways', () => {
    const memtable = memtableOf('b', 'd', 'a', 'c', 'e');
    const cursor = memtable.cursor(0, 2);
    expect(seek(cursor, 'a')).toBe('b@1');
    expect(seek(cursor, 'c')).toBe('d@2');
    expect(seek(cursor, 'e')).toBe('end');
    expect(seekBackward(cursor, 'd')).toBe('b@1');
    expect(seekBackward(cursor, 'z')).toBe('d@2');
    expect(seekBackward(cursor, 'b')).toBe('end');
  });

  test('turns around anywhere', () => {
    const keys = numbered(200);
    const memtable = memtableOf(...keys);
    const cursor = memtable.cursor(0, MAX_SEQUENCE);
    const random = createRandom(1);
    let position = 100;
    seek(cursor, keys[position]);
    for (let round = 0; round < 3000; round++) {
      // Runs of different lengths, so that turns fall inside batches and on their edges.
      const move = random.below(2) === 0 ? 'next' : 'previous';
      for (let count = random.below(40); count > 0; count--) {
        const next = position + (move === 'next' ? 1 : -1);
        if (next < 0 || next >= keys.length) break;
        position = next;
        expect(step(cursor, move)).toBe(`${keys[position]}@${position + 1}`);
      }
    }
  });

  test('ends at both ends, and starts again after that', () => {
    const cursor = memtableOf('a', 'b').cursor(0, MAX_SEQUENCE);
    expect(seek(cursor, 'b')).toBe('b@2');
    expect(step(cursor, 'next')).toBe('end');
    expect(seek(cursor, 'a')).toBe('a@1');
    expect(step(cursor, 'previous')).toBe('end');
    cursor.last();
    expect(at(cursor)).toBe('b@2');
  });

  test('does not see what is inserted after it was made', () => {
    const memtable = memtableOf('b', 'd');
    const cursor = memtable.cursor(0, MAX_SEQUENCE);
    cursor.first();
    insert(memtable, 'a', 'b', 'c', '-d', 'e');
    expect(step(cursor, 'next')).toBe('d@2');
    expect(scan(cursor)).toBe('b@1 d@2');
    expect(scan(memtable.cursor(0, MAX_SEQUENCE))).toBe('a@3 b@4 c@5 -d@6 e@7');
  });

  test.each([1, 2, 3])('keeps its place while inserts go on, seed %i', (seed) => {
    const random = createRandom(seed);
    const key = () =>
      String.fromCharCode(
        ...Array.from({ length: 1 + random.below(4) }, () => 97 + random.below(26)),
      );
    const memtable = memtableOf(...Array.from({ length: 300 }, key));
    const expected = scan(memtable.cursor(0, MAX_SEQUENCE)).split(' ');
    const cursor = memtable.cursor(0, MAX_SEQUENCE);
    const forward: string[] = [];
    for (cursor.first(); cursor.valid; cursor.next()) {
      forward.push(at(cursor));
      if (random.below(3) === 0) insert(memtable, key(), key());
    }
    expect(forward).toEqual(expected);
    const backward: string[] = [];
    for (cursor.last(); cursor.valid; cursor.previous()) {
      backward.push(at(cursor));
      if (random.below(3) === 0) insert(memtable, key(), key());
    }
    expect(backward.reverse()).toEqual(expected);
  });

  test('keeps its place while the index moves to a larger buffer', () => {
    const memtable = new Memtable({ arenaSizeBytes: 1 << 20, firstSequence: 1, indexSizeBytes: 0 });
    insert(memtable, ...numbered(10));
    const cursor = memtable.cursor(0, MAX_SEQUENCE);
    cursor.first();
    const memoryBytes = memtable.memoryBytes;
    insert(memtable, ...numbered(5000));
    expect(memtable.memoryBytes).toBeGreaterThan(memoryBytes);
    const entries: string[] = [];
    for (; cursor.valid; cursor.next()) entries.push(at(cursor));
    expect(entries).toEqual(numbered(10).map((key, index) => `${key}@${index + 1}`));
  });

  test('is always ready and needs a current entry to step', async () => {
    const cursor = memtableOf('a').cursor(0, MAX_SEQUENCE);
    expect(() => cursor.next()).toThrow(BugError);
    expect(() => cursor.previous()).toThrow(BugError);
    expect(cursor.first()).toBe(CursorStatus.READY);
    expect(cursor.next()).toBe(CursorStatus.READY);
    expect(() => cursor.next()).toThrow(BugError);
    expect(cursor.resume()).toBe(CursorStatus.READY);
    await cursor.load();
    cursor.first();
    cursor.close();
    expect(cursor.valid).toBe(false);
  });
});

describe('MemtableVersionCursor', () => {
  test('shows all versions of all keys, the newest of a key first', () => {
    const memtable = memtableOf('b', 'a', 'b', '-a', 'c', 'b');
    const cursor = memtable.versions(0);
    const found: string[] = [];
    for (cursor.first(); cursor.valid; cursor.next()) {
      found.push(`${String.fromCharCode(cursor.keyBytes[cursor.keyOffset])}@${cursor.sequence}`);
    }
    expect(found.join(' ')).toBe('a@4 a@2 b@6 b@3 b@1 c@5');
    expect(() => cursor.next()).toThrow(BugError);
  });

  test('starts over in the middle of the versions of a key', () => {
    const cursor = memtableOf('a', 'a', 'a').versions(0);
    cursor.first();
    expect(cursor.sequence).toBe(3);
    cursor.first();
    expect(cursor.sequence).toBe(3);
    cursor.next();
    expect(cursor.sequence).toBe(2);
  });

  test('shows nothing of a keyspace without entries', () => {
    const cursor = memtableOf('a').versions(5);
    expect(cursor.first()).toBe(CursorStatus.READY);
    expect(cursor.valid).toBe(false);
  });
});
