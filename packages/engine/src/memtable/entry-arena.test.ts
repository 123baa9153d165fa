import { BugError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { ARENA_SIZE_BYTES_MAX, EntryArena } from './entry-arena.js';

describe('EntryArena', () => {
  test('hands out bytes one after the other until it is full', () => {
    const arena = new EntryArena(new SharedArrayBuffer(10), 0);
    expect(arena.reserve(4)).toBe(0);
    expect(arena.reserve(0)).toBe(4);
    expect(arena.reserve(7)).toBe(-1);
    expect(arena.reserve(6)).toBe(4);
    expect([arena.usedBytes, arena.freeBytes, arena.capacityBytes]).toEqual([10, 0, 10]);
    expect(arena.reserve(1)).toBe(-1);
  });

  test('hands out again what was released', () => {
    const arena = new EntryArena(new SharedArrayBuffer(10), 0);
    arena.reserve(4);
    const offset = arena.reserve(5);
    arena.release(offset);
    expect(arena.reserve(6)).toBe(4);
    expect(() => arena.release(11)).toThrow(BugError);
    expect(() => arena.release(-1)).toThrow(BugError);
  });

  test('shares its memory with an arena over the same buffer', () => {
    const arena = new EntryArena(new SharedArrayBuffer(10), 0);
    arena.bytes[arena.reserve(3) + 2] = 0x76;
    const other = new EntryArena(arena.buffer, arena.usedBytes);
    expect(other.bytes[2]).toBe(0x76);
    expect(other.reserve(1)).toBe(3);
  });

  test('refuses sizes that its offsets cannot express', () => {
    expect(ARENA_SIZE_BYTES_MAX + 1).toBe(2 ** 31);
    const tooLarge = { byteLength: 2 ** 31 } as SharedArrayBuffer;
    expect(() => new EntryArena(tooLarge, 0)).toThrow(BugError);
    expect(() => new EntryArena(new SharedArrayBuffer(10), 11)).toThrow(BugError);
    expect(() => new EntryArena(new SharedArrayBuffer(10), 0).reserve(-1)).toThrow(BugError);
  });
});
