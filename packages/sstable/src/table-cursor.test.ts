import {
  CursorStatus,
  compareWhole,
  createRandom,
  EntryKind,
  initializeChecksums,
  type Random,
} from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BlockBuffer, BlockSource } from './block-source.js';
import { DirectBlockSource } from './direct-block-source.js';
import { TableCursor } from './table-cursor.js';
import type { TableReader } from './table-reader.js';
import { type Entry, firstNotBefore, isSame, randomEntries, randomKey } from './testing/entries.js';
import { PendingSource } from './testing/pending-source.js';
import { ascii, buildTable, openTable } from './testing/tables.js';

beforeAll(initializeChecksums);

/** The entry a cursor is at, or `null`. */
function current(cursor: TableCursor): Entry | null {
  if (!cursor.valid) return null;
  const { keyOffset, keyLength, valueOffset, valueLength, sequence, kind } = cursor;
  return {
    key: cursor.keyBytes.slice(keyOffset, keyOffset + keyLength),
    value: cursor.valueBytes.slice(valueOffset, valueOffset + valueLength),
    sequence,
    kind,
  };
}

/** Waits for a move to complete. */
async function settle(cursor: TableCursor, status: number): Promise<void> {
  let answer = status;
  while (answer === CursorStatus.PENDING) {
    expect(cursor.valid).toBe(false);
    await cursor.load();
    answer = cursor.resume();
  }
  expect(answer).toBe(CursorStatus.READY);
}

/**
 * Moves at random and compares every stop with the position an array of the entries would be at.
 */
async function walkAtRandom(
  random: Random,
  entries: readonly Entry[],
  cursor: TableCursor,
): Promise<void> {
  let position = -1;
  for (let step = 0; step < 150; step++) {
    const move = cursor.valid ? random.below(12) : random.below(4);
    // In a buffer that changes after the call, as a caller's scratch memory does.
    const target =
      random.below(3) === 0 ? entries[random.below(entries.length)].key : randomKey(random);
    const buffer = Uint8Array.of(9, ...target, 9);
    let status: number;
    if (move === 0) {
      position = 0;
      status = cursor.first();
    } else if (move === 1) {
      position = entries.length - 1;
      status = cursor.last();
    } else if (move === 2) {
      position = firstNotBefore(entries, target);
      status = cursor.seek(buffer, 1, buffer.length - 1);
    } else if (move === 3) {
      position = firstNotBefore(entries, target) - 1;
      status = cursor.seekBackward(buffer, 1, buffer.length - 1);
    } else if (move < 8) {
      position++;
      status = cursor.next();
    } else {
      position--;
      status = cursor.previous();
    }
    buffer.fill(0);
    // Now and then another move replaces one that waits; only one to a place of its own can.
    if (status === CursorStatus.PENDING && random.below(4) === 0) continue;
    await settle(cursor, status);
    const expected = entries[position] ?? null;
    const actual = current(cursor);
    const same =
      expected === null || actual === null ? expected === actual : isSame(actual, expected);
    if (!same) expect.fail(`step ${step}, move ${move}, target ${target}: not at ${position}`);
  }
}

/** Tables with one version per key, several, and versions that fill whole blocks. */
const SHAPES = [
  { keyCount: 60, entryCount: 60 },
  { keyCount: 20, entryCount: 150 },
  { keyCount: 3, entryCount: 120 },
] as const;

describe('TableCursor', () => {
  describe.each([1, 64, 200, 4096])('in blocks of %i bytes', (blockSizeBytes) => {
    test.each([0, 30, 90])(
      'moves like an array of entries, %i of 100 fetches pending',
      async (percent) => {
        const random = createRandom(blockSizeBytes + percent);
        let pendingCount = 0;
        // Every other round goes on with the cursor of the round before, wherever that stopped.
        let cursor: TableCursor | null = null;
        for (let round = 0; round < 12; round++) {
          const entries = randomEntries(random, {
            ...SHAPES[round % SHAPES.length],
            valueSizeBytesMax: 20,
            sequenceSpan: round % 2 === 0 ? 200 : 2 ** 45,
          });
          const reader = openTable(buildTable(entries, { blockSizeBytes }).bytes);
          const source =
            percent === 0 ? new DirectBlockSource() : new PendingSource(random, percent);
          if (cursor === null || round % 2 === 0) cursor = new TableCursor(reader, source);
          else cursor.retarget(reader, source);
          expect(cursor.valid).toBe(false);
          await walkAtRandom(random, entries, cursor);
          if (source instanceof PendingSource) pendingCount += source.pendingCount;
        }
        expect(pendingCount > 0).toBe(percent > 0);
      },
    );
  });

  test.each(['none', 'lz4'] as const)('walks the whole table both ways, codec %s', (codec) => {
    const entries = randomEntries(createRandom(1), {
      entryCount: 3000,
      keyCount: 2000,
      valueSizeBytesMax: 400,
    });
    const reader = openTable(buildTable(entries, { codec }).bytes);
    const cursor = new TableCursor(reader, new DirectBlockSource());
    let position = 0;
    for (cursor.first(); cursor.valid; cursor.next(), position++) {
      if (!isSame(current(cursor)!, entries[position])) expect.fail(`entry ${position} differs`);
    }
    expect(position).toBe(entries.length);
    for (cursor.last(); cursor.valid; cursor.previous()) {
      position--;
      if (!isSame(current(cursor)!, entries[position])) expect.fail(`entry ${position} differs`);
    }
    expect(position).toBe(0);
  });

  const entries: Entry[] = ['b', 'd', 'f'].map((key) => ({
    key: ascii(key),
    value: ascii(`value of ${key}`),
    sequence: 1,
    kind: EntryKind.put,
  }));

  /** A cursor over b, d, f, each in its own block. */
  function cursorOver(source: BlockSource): TableCursor {
    return new TableCursor(openTable(buildTable(entries, { blockSizeBytes: 1 }).bytes), source);
  }

  test('has no current entry before the first move and past either end', () => {
    const cursor = cursorOver(new DirectBlockSource());
    expect(cursor.valid).toBe(false);
    expect(() => cursor.next()).toThrow('without a current entry');
    expect(() => cursor.previous()).toThrow('without a current entry');
    cursor.seek(ascii('g'), 0, 1);
    expect(cursor.valid).toBe(false);
    cursor.seekBackward(ascii('b'), 0, 1);
    expect(cursor.valid).toBe(false);
    cursor.seekBackward(ascii('g'), 0, 1);
    expect(current(cursor)).toEqual(entries[2]);
    cursor.next();
    expect(cursor.valid).toBe(false);
  });

  test('keeps the block it has while moves stay inside', () => {
    let fetchCount = 0;
    const direct = new DirectBlockSource();
    const counting: BlockSource = {
      fetch(...call) {
        fetchCount++;
        return direct.fetch(...call);
      },
    };
    const reader = openTable(buildTable(entries).bytes);
    const cursor = new TableCursor(reader, counting);
    cursor.first();
    cursor.last();
    cursor.seek(ascii('c'), 0, 1);
    cursor.seekBackward(ascii('c'), 0, 1);
    expect(current(cursor)).toEqual(entries[0]);
    expect(fetchCount).toBe(1);
  });

  test('P9: gives the block it has as another object when it goes back into it, and only then', () => {
    const cursor = new TableCursor(openTable(buildTable(entries).bytes), new DirectBlockSource());
    const moves = [
      () => cursor.first(),
      () => cursor.last(),
      () => cursor.seek(ascii('c'), 0, 1),
      () => cursor.seekBackward(ascii('e'), 0, 1),
    ];
    const blocks = new Set<Uint8Array>();
    for (const [index, move] of moves.entries()) {
      move();
      expect(current(cursor)).toEqual(entries[[0, 2, 1, 1][index]]);
      expect(cursor.valueBytes).toBe(cursor.keyBytes);
      blocks.add(cursor.keyBytes);
    }
    cursor.next();
    blocks.add(cursor.keyBytes);
    expect(blocks.size).toBe(moves.length);
  });

  /** A source that is pending until told otherwise. */
  class GateSource implements BlockSource {
    open = false;
    loading = (): Promise<void> => Promise.resolve();
    readonly #direct = new DirectBlockSource();

    fetch(reader: TableReader, blockIndex: number, buffer: BlockBuffer, direction: 1 | -1): number {
      if (this.open) return this.#direct.fetch(reader, blockIndex, buffer, direction);
      buffer.loading = this.loading();
      return CursorStatus.PENDING;
    }
  }

  test('lets a new move replace the one that waits', async () => {
    const source = new GateSource();
    const cursor = cursorOver(source);
    expect(cursor.seek(ascii('d'), 0, 1)).toBe(CursorStatus.PENDING);
    expect(() => cursor.next()).toThrow('without a current entry');
    expect(cursor.last()).toBe(CursorStatus.PENDING);
    await cursor.load();
    source.open = true;
    expect(cursor.resume()).toBe(CursorStatus.READY);
    expect(current(cursor)).toEqual(entries[2]);
    expect(() => cursor.resume()).toThrow('without a pending move');
  });

  test('rejects load() with what the source failed with, and can be moved again', async () => {
    const source = new GateSource();
    const cursor = cursorOver(source);
    source.loading = () => Promise.reject(new Error('disk on fire'));
    expect(cursor.first()).toBe(CursorStatus.PENDING);
    await expect(cursor.load()).rejects.toThrow('disk on fire');
    source.open = true;
    expect(cursor.first()).toBe(CursorStatus.READY);
    expect(current(cursor)).toEqual(entries[0]);
  });

  test('lets a failure pass that nobody waits for any more', async () => {
    const source = new GateSource();
    const cursor = cursorOver(source);
    source.loading = () => Promise.reject(new Error('would be an unhandled rejection'));
    expect(cursor.first()).toBe(CursorStatus.PENDING);
    expect(cursor.last()).toBe(CursorStatus.PENDING);
    cursor.close();
    await new Promise((resolve) => setImmediate(resolve));
  });

  test('stops at a damaged block and does not skip it', () => {
    const { bytes } = buildTable(entries, { blockSizeBytes: 1 });
    const clean = openTable(bytes);
    const damaged = bytes.slice();
    damaged[clean.storedOffset(1) + 20] ^= 1;
    const cursor = new TableCursor(openTable(damaged), new DirectBlockSource());
    cursor.first();
    expect(current(cursor)).toEqual(entries[0]);
    const expected = expect.objectContaining({ code: 'CORRUPTION', where: 'sst.data' });
    expect(() => cursor.next()).toThrow(expected);
    expect(cursor.valid).toBe(false);
    expect(() => cursor.next()).toThrow('without a current entry');
    expect(() => cursor.seek(ascii('d'), 0, 1)).toThrow(expected);
    cursor.last();
    expect(current(cursor)).toEqual(entries[2]);
    expect(() => cursor.previous()).toThrow(expected);
    cursor.first();
    expect(compareWhole(current(cursor)!.key, entries[0].key)).toBe(0);
  });

  test('allows no move after close(), which may be repeated', () => {
    const cursor = cursorOver(new DirectBlockSource());
    cursor.first();
    cursor.close();
    cursor.close();
    expect(cursor.valid).toBe(false);
    expect(() => cursor.first()).toThrow('closed');
    expect(() => cursor.seek(ascii('d'), 0, 1)).toThrow('closed');
  });
});
