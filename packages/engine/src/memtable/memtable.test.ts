import {
  BugError,
  compareWhole,
  createRandom,
  EntryKind,
  MAX_KEY_SIZE_BYTES,
  MAX_SEQUENCE,
  type Random,
} from '@varve/base';
import { describe, expect, test } from 'vitest';
import { decodeEntry, EntrySlots, entrySize, writeDelete, writePut } from './entry-format.js';
import { Memtable } from './memtable.js';
import type { MemtableCursor } from './memtable-cursor.js';
import type { MemtableVersionCursor } from './memtable-version-cursor.js';

const FIRST_SEQUENCE = 1000;

interface Version {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly kind: number;
  readonly value: string;
}

/** Keeps every version in plain arrays. Whatever the memtable answers must be what follows from them. */
class Oracle {
  readonly #keyspaces = new Map<number, Map<string, Version[]>>();
  entryCount = 0;
  tombstoneCount = 0;

  add(keyspaceId: number, version: Version): void {
    const keys = this.#keyspaces.get(keyspaceId) ?? new Map<string, Version[]>();
    this.#keyspaces.set(keyspaceId, keys);
    const name = latin1(version.key);
    keys.set(name, [version, ...(keys.get(name) ?? [])]);
    this.entryCount++;
    if (version.kind === EntryKind.delete) this.tombstoneCount++;
  }

  keyspaceIds(): number[] {
    return [...this.#keyspaces.keys()];
  }

  find(keyspaceId: number, key: Uint8Array, sequence: number): Version | undefined {
    const versions = this.#keyspaces.get(keyspaceId)?.get(latin1(key)) ?? [];
    return versions.find((version) => version.sequence <= sequence);
  }

  /** All versions, by key and newest first. */
  versions(keyspaceId: number): Version[] {
    const keys = [...(this.#keyspaces.get(keyspaceId)?.values() ?? [])];
    return keys.sort((a, b) => compareWhole(a[0].key, b[0].key)).flat();
  }

  /** Of each key the newest version up to `sequence`, in key order. */
  visible(keyspaceId: number, sequence: number): Version[] {
    const upToSequence = this.versions(keyspaceId).filter((v) => v.sequence <= sequence);
    return upToSequence.filter((v, i) => i === 0 || compareWhole(upToSequence[i - 1].key, v.key));
  }
}

/** Writes to a memtable and to the oracle, and compares. */
class Harness {
  readonly memtable: Memtable;
  readonly oracle = new Oracle();

  constructor(memtable: Memtable) {
    this.memtable = memtable;
  }

  write(keyspaceId: number, kind: number, key: Uint8Array): void {
    const sequence = this.memtable.lastSequence + 1;
    const value = kind === EntryKind.put ? `value ${sequence}` : '';
    const offset = encode(this.memtable, keyspaceId, kind, key, value);
    this.memtable.insert(offset, sequence);
    this.oracle.add(keyspaceId, { key: key.slice(), sequence, kind, value });
  }

  checkFind(keyspaceId: number, key: Uint8Array, sequence: number): void {
    // The key is searched inside a larger buffer, so that offsets matter.
    const padded = new Uint8Array(key.length + 7).fill(0x55);
    padded.set(key, 3);
    const offset = this.memtable.find(keyspaceId, padded, 3, 3 + key.length, sequence);
    const expected = this.oracle.find(keyspaceId, key, sequence);
    expect(offset < 0 ? undefined : decoded(this.memtable, offset)).toEqual(
      expected && { key: latin1(expected.key), kind: expected.kind, value: expected.value },
    );
  }

  checkSeeks(keyspaceId: number, key: Uint8Array, sequence: number): void {
    const expected = this.oracle.visible(keyspaceId, sequence);
    const cursor = this.memtable.cursor(keyspaceId, sequence);
    const at = expected.findIndex((version) => compareWhole(version.key, key) >= 0);
    const split = at < 0 ? expected.length : at;
    cursor.seek(key, 0, key.length);
    expect(walk(cursor, 'next', 3)).toEqual(summaries(expected.slice(split, split + 3)));
    cursor.seekBackward(key, 0, key.length);
    expect(walk(cursor, 'previous', 3)).toEqual(
      summaries(expected.slice(Math.max(0, split - 3), split).reverse()),
    );
  }

  checkScans(keyspaceId: number, sequence: number): void {
    const expected = summaries(this.oracle.visible(keyspaceId, sequence));
    const cursor = this.memtable.cursor(keyspaceId, sequence);
    cursor.first();
    expect(walk(cursor, 'next', Infinity)).toEqual(expected);
    cursor.last();
    expect(walk(cursor, 'previous', Infinity)).toEqual(expected.reverse());
  }

  checkEverything(): void {
    const { memtable, oracle } = this;
    expect(memtable.entryCount).toBe(oracle.entryCount);
    expect(memtable.tombstoneCount).toBe(oracle.tombstoneCount);
    expect(memtable.keyspaceIds()).toEqual(oracle.keyspaceIds());
    const middle = FIRST_SEQUENCE + (oracle.entryCount >>> 1);
    for (const keyspaceId of oracle.keyspaceIds()) {
      for (const sequence of [FIRST_SEQUENCE - 1, middle, MAX_SEQUENCE]) {
        this.checkScans(keyspaceId, sequence);
        for (const { key } of oracle.visible(keyspaceId, MAX_SEQUENCE)) {
          this.checkFind(keyspaceId, key, sequence);
        }
      }
      const versions = memtable.versions(keyspaceId);
      versions.first();
      expect(walkVersions(versions)).toEqual(summaries(oracle.versions(keyspaceId)));
    }
  }
}

function encode(
  memtable: Memtable,
  keyspaceId: number,
  kind: number,
  key: Uint8Array,
  text: string,
): number {
  const { arena } = memtable;
  const value = new TextEncoder().encode(text);
  const offset = arena.reserve(entrySize(kind, keyspaceId, key.length, value.length));
  expect(offset).toBeGreaterThanOrEqual(0);
  if (kind === EntryKind.put) {
    writePut(arena.bytes, offset, keyspaceId, key, 0, key.length, value, 0, value.length);
  } else {
    writeDelete(arena.bytes, offset, keyspaceId, key, 0, key.length);
  }
  return offset;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function decoded(memtable: Memtable, offset: number) {
  const slots = new EntrySlots();
  const { bytes } = memtable.arena;
  decodeEntry(bytes, offset, slots);
  return {
    key: latin1(bytes.slice(slots.keyStart, slots.keyEnd)),
    kind: slots.kind,
    value: latin1(bytes.slice(slots.valueStart, slots.valueEnd)),
  };
}

/** One line per entry. A key is named by its length and a part of it: 64 KiB would drown a failure's message. */
function summary(key: string, version: Pick<Version, 'sequence' | 'kind' | 'value'>): string {
  const hex = Buffer.from(key.length > 40 ? key.slice(-40) : key, 'latin1').toString('hex');
  return `${key.length}:${hex} ${version.sequence} ${version.kind} ${version.value}`;
}

function summaries(versions: Version[]): string[] {
  return versions.map((version) => summary(latin1(version.key), version));
}

function current(cursor: MemtableCursor | MemtableVersionCursor): string {
  const { keyBytes, keyOffset, keyLength, valueBytes, valueOffset, valueLength } = cursor;
  const key = latin1(keyBytes.slice(keyOffset, keyOffset + keyLength));
  const value = latin1(valueBytes.slice(valueOffset, valueOffset + valueLength));
  return summary(key, { sequence: cursor.sequence, kind: cursor.kind, value });
}

function walk(cursor: MemtableCursor, move: 'next' | 'previous', count: number): string[] {
  const entries: string[] = [];
  for (; cursor.valid && entries.length < count; cursor[move]()) entries.push(current(cursor));
  return entries;
}

function walkVersions(cursor: MemtableVersionCursor): string[] {
  const entries: string[] = [];
  for (; cursor.valid; cursor.next()) entries.push(current(cursor));
  return entries;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

function harnessWith(options: { arenaSizeBytes?: number; indexSizeBytes?: number } = {}): Harness {
  const { arenaSizeBytes = 1 << 20, indexSizeBytes = 0 } = options;
  return new Harness(
    new Memtable({ arenaSizeBytes, indexSizeBytes, firstSequence: FIRST_SEQUENCE }),
  );
}

/** A key close to `key`, which may be in no memtable: one byte changed, cut short, or longer. */
function neighbourOf(random: Random, key: Uint8Array): Uint8Array {
  const change = random.below(4);
  if (change === 0) return key.slice(0, random.below(key.length + 1));
  if (change === 1 && key.length < MAX_KEY_SIZE_BYTES) {
    const longer = filled(key.length + 1, random.below(256));
    longer.set(key);
    return longer;
  }
  const neighbour = key.slice();
  if (key.length > 0) neighbour[random.below(key.length)] += change === 2 ? 1 : -1;
  return neighbour;
}

interface KeyShape {
  readonly name: string;
  readonly operationCount: number;
  make(random: Random): Uint8Array;
}

/** Most give few different keys, so that versions pile up; each strains another part of the tree. */
const KEY_SHAPES: readonly KeyShape[] = [
  {
    name: 'short keys of extreme bytes',
    operationCount: 1500,
    make: (random) =>
      filled(random.below(6), 0).map(() => [0, 1, 0x7f, 0x80, 0xff][random.below(5)]),
  },
  {
    name: 'a chain of prefixes',
    operationCount: 800,
    make: (random) => filled(random.below(300), 0x61),
  },
  {
    name: 'all bytes at two levels',
    operationCount: 1500,
    make: (random) => Uint8Array.of(random.below(256), random.below(256) & 0xf3),
  },
  {
    name: 'all bytes at one level, and below some',
    operationCount: 1500,
    make: (random) =>
      Uint8Array.of(random.below(256), random.below(256)).subarray(0, 1 + (random.below(9) >> 3)),
  },
  {
    name: 'long shared prefixes',
    operationCount: 600,
    make(random) {
      const key = filled(700, 0x78);
      for (const offset of [100, 400, 699]) key[offset] = random.below(4) * 80;
      return key.subarray(0, [50, 101, 400, 700][random.below(4)]);
    },
  },
  {
    name: 'keys of 64 KiB',
    operationCount: 60,
    make(random) {
      const key = filled(MAX_KEY_SIZE_BYTES - random.below(2), 0x6b);
      key[[0, 30_000, key.length - 1][random.below(3)]] = random.below(3);
      return key;
    },
  },
  {
    name: 'sequential numbers',
    operationCount: 1200,
    make(random) {
      const key = filled(8, 0);
      new DataView(key.buffer).setUint32(4, random.below(700));
      return key;
    },
  },
  {
    name: 'random bytes',
    operationCount: 1500,
    make(random) {
      const key = filled(16, 0);
      random.fill(key);
      return key;
    },
  },
];

describe('Memtable', () => {
  for (const { name, operationCount, make } of KEY_SHAPES) {
    for (const seed of [1, 2]) {
      test(`agrees with an oracle: ${name}, seed ${seed}`, () => {
        const random = createRandom(seed);
        const harness = harnessWith({ arenaSizeBytes: 8 << 20 });
        for (let operation = 0; operation < operationCount; operation++) {
          const keyspaceId = [0, 0, 7, 300][random.below(4)];
          const sequence = FIRST_SEQUENCE - 2 + random.below(harness.oracle.entryCount + 4);
          const key = make(random);
          const choice = random.below(20);
          if (choice < 14) harness.write(keyspaceId, EntryKind.put, key);
          else if (choice < 16) harness.write(keyspaceId, EntryKind.delete, key);
          else if (choice < 17) harness.checkFind(keyspaceId, key, sequence);
          else if (choice < 18) harness.checkFind(keyspaceId, neighbourOf(random, key), sequence);
          else if (choice < 19) harness.checkSeeks(keyspaceId, key, sequence);
          else harness.checkSeeks(keyspaceId, neighbourOf(random, key), sequence);
        }
        harness.checkEverything();
      });
    }
  }

  test('holds the empty key beside others', () => {
    const harness = harnessWith();
    for (const key of ['', 'a', '', 'ab', '\0']) harness.write(0, EntryKind.put, bytesOf(key));
    harness.checkFind(0, bytesOf(''), FIRST_SEQUENCE);
    harness.checkSeeks(0, bytesOf(''), MAX_SEQUENCE);
    harness.checkEverything();
  });

  test('holds every byte as a key, whatever the order they come in', () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed);
      const harness = harnessWith();
      const bytes = Array.from({ length: 256 }, (_, byte) => byte);
      while (bytes.length > 0) {
        const [byte] = bytes.splice(random.below(bytes.length), 1);
        harness.write(0, EntryKind.put, Uint8Array.of(0x70, byte));
        if (bytes.length % 16 === 0) harness.checkScans(0, MAX_SEQUENCE);
      }
      for (let byte = 0; byte < 256; byte++) {
        harness.checkSeeks(0, Uint8Array.of(0x70, byte, 0), MAX_SEQUENCE);
      }
      harness.checkEverything();
    }
  });

  test('finds any of many versions of one key', () => {
    const harness = harnessWith();
    for (let count = 0; count < 2000; count++) harness.write(0, EntryKind.put, bytesOf('counter'));
    for (let sequence = FIRST_SEQUENCE - 1; sequence < FIRST_SEQUENCE + 2001; sequence += 7) {
      harness.checkFind(0, bytesOf('counter'), sequence);
    }
    harness.checkEverything();
  });

  test('finds nothing when empty', () => {
    const { memtable } = harnessWith();
    expect(memtable.find(0, bytesOf('key'), 0, 3, MAX_SEQUENCE)).toBe(-1);
    const cursor = memtable.cursor(0, MAX_SEQUENCE);
    for (const move of ['first', 'last'] as const) {
      cursor[move]();
      expect(cursor.valid).toBe(false);
    }
    cursor.seek(bytesOf('key'), 0, 3);
    expect(cursor.valid).toBe(false);
    cursor.seekBackward(bytesOf('key'), 0, 3);
    expect(cursor.valid).toBe(false);
    expect(memtable.keyspaceIds()).toEqual([]);
    expect(memtable.lastSequence).toBe(FIRST_SEQUENCE - 1);
  });

  test('accounts for the bytes of entries and index', () => {
    const { memtable, ...harness } = harnessWith({ arenaSizeBytes: 1 << 16 });
    const before = memtable.usedBytes;
    const memoryBefore = memtable.memoryBytes;
    const random = createRandom(1);
    for (let count = 0; count < 1000; count++) {
      const key = filled(16, 0);
      random.fill(key);
      const offset = encode(memtable, 0, EntryKind.put, key, 'value');
      memtable.insert(offset, FIRST_SEQUENCE + count);
    }
    expect(harness.oracle.entryCount).toBe(0);
    expect(memtable.arena.usedBytes).toBe(1000 * entrySize(EntryKind.put, 0, 16, 5));
    expect(memtable.usedBytes).toBe(memtable.arena.usedBytes + memtable.indexUsedBytes);
    expect(memtable.usedBytes).toBeGreaterThan(before);
    expect(memtable.memoryBytes).toBeGreaterThan(memoryBefore);
    expect(memtable.memoryBytes).toBeGreaterThan(memtable.usedBytes);
  });

  test('starts with a quarter of the arena for the index', () => {
    const memtable = new Memtable({ arenaSizeBytes: 1 << 20, firstSequence: 1 });
    expect(memtable.memoryBytes).toBe((1 << 20) + (1 << 18));
  });

  test('is empty and usable again after a reset', () => {
    const harness = harnessWith({ arenaSizeBytes: 1 << 16 });
    for (let count = 0; count < 700; count++) {
      harness.write(count % 3, EntryKind.put, Uint8Array.of(count >> 8, count));
    }
    harness.memtable.image();
    const { memoryBytes } = harness.memtable;
    harness.memtable.reset(FIRST_SEQUENCE);
    expect(harness.memtable.entryCount).toBe(0);
    expect(harness.memtable.arena.usedBytes).toBe(0);
    const again = new Harness(harness.memtable);
    again.checkFind(0, Uint8Array.of(0, 0), MAX_SEQUENCE);
    for (let count = 0; count < 700; count++) {
      again.write((count % 2) * 9, EntryKind.put, Uint8Array.of(count, count >> 8));
    }
    again.checkEverything();
    expect(harness.memtable.memoryBytes).toBe(memoryBytes);
  });

  test('refuses entries out of sequence, of reserved kinds and far from the first', () => {
    const { memtable } = harnessWith();
    const put = encode(memtable, 0, EntryKind.put, bytesOf('key'), 'value');
    expect(() => memtable.insert(put, FIRST_SEQUENCE - 1)).toThrow(BugError);
    expect(() => memtable.insert(put, FIRST_SEQUENCE + 2 ** 31)).toThrow(BugError);
    memtable.insert(put, FIRST_SEQUENCE + 5);
    expect(() => memtable.insert(put, FIRST_SEQUENCE + 5)).toThrow(BugError);
    const merge = encode(memtable, 0, EntryKind.delete, bytesOf('key'), '');
    memtable.arena.bytes[merge] = EntryKind.merge;
    expect(() => memtable.insert(merge, FIRST_SEQUENCE + 6)).toThrow(BugError);
    expect(memtable.entryCount).toBe(1);
    memtable.insert(put, FIRST_SEQUENCE + 2 ** 31 - 1);
    expect(memtable.find(0, bytesOf('key'), 0, 3, MAX_SEQUENCE)).toBe(put);
  });
});
