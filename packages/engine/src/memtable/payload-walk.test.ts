import {
  BugError,
  EntryKind,
  isStorageError,
  MAX_KEY_SIZE_BYTES,
  MAX_SEQUENCE,
  type StorageError,
  writeVarint,
} from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeEntry,
  EntrySlots,
  writeDelete,
  writePayloadHeader,
  writePut,
} from './entry-format.js';
import { type PayloadSummary, walkPayload } from './payload-walk.js';

const CONTEXT = { file: '000012.log', where: 'wal' } as const;

interface Entry {
  readonly keyspaceId: number;
  readonly key: Uint8Array;
  /** Undefined: a delete. */
  readonly value: Uint8Array | undefined;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function encodePayload(firstSequence: number, batches: readonly (readonly Entry[])[]): Uint8Array {
  const bytes = new Uint8Array(1 << 20);
  let offset = writePayloadHeader(bytes, 0, firstSequence, batches.length);
  for (const batch of batches) {
    offset = writeVarint(bytes, offset, batch.length);
    for (const { keyspaceId, key, value } of batch) {
      offset =
        value === undefined
          ? writeDelete(bytes, offset, keyspaceId, key, 0, key.length)
          : writePut(bytes, offset, keyspaceId, key, 0, key.length, value, 0, value.length);
    }
  }
  return bytes.slice(0, offset);
}

/** Two batches with puts and deletes, short and long keys: what damage is done to below. */
function examplePayload(): Uint8Array {
  return encodePayload(7, [
    [
      { keyspaceId: 0, key: bytesOf('key'), value: bytesOf('value') },
      { keyspaceId: 300, key: bytesOf(''), value: bytesOf('') },
    ],
    [],
    [
      { keyspaceId: 0, key: bytesOf('k'.repeat(200)), value: undefined },
      { keyspaceId: 1, key: bytesOf('b'), value: bytesOf('v'.repeat(130)) },
    ],
  ]);
}

/** Walks and checks that whatever is visited lies inside the payload. */
function walkSafely(bytes: Uint8Array, start = 0, end = bytes.length): PayloadSummary {
  const slots = new EntrySlots();
  let sequenceBefore = -1;
  return walkPayload(bytes, start, end, CONTEXT, (entryOffset, sequence) => {
    decodeEntry(bytes, entryOffset, slots);
    expect([EntryKind.put, EntryKind.delete]).toContain(slots.kind);
    expect(slots.keyStart).toBeGreaterThan(start);
    expect(slots.keyEnd - slots.keyStart).toBeLessThanOrEqual(MAX_KEY_SIZE_BYTES);
    expect(slots.valueEnd).toBeLessThanOrEqual(end);
    expect(sequence).toBeGreaterThan(sequenceBefore);
    sequenceBefore = sequence;
  });
}

function errorOf(run: () => unknown): StorageError {
  try {
    run();
  } catch (error) {
    if (isStorageError(error)) return error;
    throw error;
  }
  throw new BugError('nothing was thrown');
}

/** A payload of one batch that says it has one entry, which starts with `entry`. */
function payloadWithEntry(...entry: number[]): Uint8Array {
  const bytes = new Uint8Array(13 + entry.length);
  writePayloadHeader(bytes, 0, 7, 1);
  bytes[12] = 1;
  bytes.set(entry, 13);
  return bytes;
}

describe('walkPayload', () => {
  test('visits the entries of all batches in order', () => {
    const bytes = examplePayload();
    const sequences: number[] = [];
    const summary = walkPayload(bytes, 0, bytes.length, CONTEXT, (_, sequence) => {
      sequences.push(sequence);
    });
    expect(sequences).toEqual([7, 8, 9, 10]);
    expect(summary).toEqual({ firstSequence: 7, batchCount: 3, entryCount: 4 });
  });

  test('visits what was encoded, whatever it is', () => {
    const bytesArbitrary = fc.uint8Array({ maxLength: 300 });
    const entry = fc.record({
      keyspaceId: fc.nat(),
      key: bytesArbitrary,
      value: fc.option(bytesArbitrary, { nil: undefined }),
    });
    const batches = fc.array(fc.array(entry, { maxLength: 5 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.maxSafeNat(), batches, (sequence, expected) => {
        const firstSequence = Math.min(sequence, MAX_SEQUENCE - 20);
        const bytes = encodePayload(firstSequence, expected);
        const found: Entry[] = [];
        walkPayload(bytes, 0, bytes.length, CONTEXT, (entryOffset, entrySequence) => {
          expect(entrySequence).toBe(firstSequence + found.length);
          const slots = new EntrySlots();
          decodeEntry(bytes, entryOffset, slots);
          const value = bytes.slice(slots.valueStart, slots.valueEnd);
          found.push({
            keyspaceId: slots.keyspaceId,
            key: bytes.slice(slots.keyStart, slots.keyEnd),
            value: slots.kind === EntryKind.put ? value : undefined,
          });
        });
        expect(found).toEqual(expected.flat());
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('reads only its range', () => {
    const payload = examplePayload();
    const bytes = new Uint8Array(payload.length + 20).fill(0xff);
    bytes.set(payload, 10);
    expect(walkSafely(bytes, 10, 10 + payload.length).entryCount).toBe(4);
  });

  test('refuses a payload that is cut short anywhere', () => {
    const bytes = examplePayload();
    for (let end = 0; end < bytes.length; end++) {
      const error = errorOf(() => walkSafely(bytes, 0, end));
      expect(error).toMatchObject({ code: 'CORRUPTION', where: 'wal', file: '000012.log' });
      expect(error.offset).toBeLessThanOrEqual(end);
    }
  });

  test('refuses bytes after the last entry', () => {
    const bytes = Uint8Array.of(...examplePayload(), 0);
    expect(errorOf(() => walkSafely(bytes)).code).toBe('CORRUPTION');
  });

  test('accepts or refuses every change of a byte without losing its footing', () => {
    const original = examplePayload();
    for (let offset = 0; offset < original.length; offset++) {
      for (const change of [0x01, 0x02, 0x40, 0x80, 0xff]) {
        const bytes = original.slice();
        bytes[offset] ^= change;
        try {
          walkSafely(bytes);
        } catch (error) {
          if (!isStorageError(error)) throw error;
          expect(['CORRUPTION', 'UNSUPPORTED_FORMAT']).toContain(error.code);
        }
      }
    }
  });

  test('accepts or refuses arbitrary bytes without losing its footing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        const bytes = payloadWithEntry(...tail);
        try {
          walkSafely(bytes);
        } catch (error) {
          if (!isStorageError(error)) throw error;
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  test.each([3, 4, 5, 6])('asks for a newer version at reserved kind %i', (kind) => {
    const bytes = payloadWithEntry(kind, 0, 1, 0x61);
    const error = errorOf(() =>
      walkPayload(bytes, 0, bytes.length, { ...CONTEXT, baseOffset: 100 }, () => {}),
    );
    expect(error).toMatchObject({ code: 'UNSUPPORTED_FORMAT', file: '000012.log', offset: 113 });
    expect(error.message).toBe(
      `Cannot read entry at offset 113 of 000012.log: kind ${kind} needs a newer version`,
    );
  });

  test.each([
    ['kind 0', [0, 0, 1, 0x61], 'unknown entry kind 0', 13],
    ['a kind that was never assigned', [7, 0, 1, 0x61], 'unknown entry kind 7', 13],
    [
      'a keyspace id above the limit',
      [2, 0x80, 0x80, 0x80, 0x80, 0x08, 0],
      'keyspace id 2147483648 above 2147483647',
      14,
    ],
    ['a key above the limit', [2, 0, 0x81, 0x80, 0x04], 'key length 65537 above 65536', 15],
    [
      'a value above the limit',
      [1, 0, 0, 0x81, 0x80, 0x80, 0x80, 0x04],
      'value length 1073741825 above 1073741824',
      16,
    ],
    [
      'a number not in its shortest form',
      [2, 0, 0x81, 0x00, 0x61],
      'varint cut short, too large or not in its shortest form',
      15,
    ],
    [
      'a key that reaches past the end',
      [2, 0, 2, 0x61],
      'key and value of 2 bytes expected, 1 left',
      16,
    ],
    [
      'a value that reaches past the end',
      [1, 0, 1, 4, 0x61, 0x76],
      'key and value of 5 bytes expected, 2 left',
      17,
    ],
  ])('refuses %s', (_, entry, reason, offset) => {
    const error = errorOf(() => walkSafely(payloadWithEntry(...entry)));
    expect(error).toMatchObject({ code: 'CORRUPTION', where: 'wal', offset });
    expect(error.message).toContain(reason);
  });

  test('refuses counts that the payload cannot hold, without trying', () => {
    const manyBatches = new Uint8Array(13);
    writePayloadHeader(manyBatches, 0, 7, 2 ** 32 - 1);
    expect(errorOf(() => walkSafely(manyBatches)).code).toBe('CORRUPTION');
    const manyEntries = new Uint8Array(20);
    writePayloadHeader(manyEntries, 0, 7, 1);
    writeVarint(manyEntries, 12, Number.MAX_SAFE_INTEGER);
    expect(errorOf(() => walkSafely(manyEntries)).code).toBe('CORRUPTION');
  });

  test('refuses sequences above 2^53 - 1', () => {
    const entry = { keyspaceId: 0, key: bytesOf('k'), value: undefined };
    expect(walkSafely(encodePayload(MAX_SEQUENCE - 1, [[entry, entry]])).entryCount).toBe(2);
    const beyond = encodePayload(MAX_SEQUENCE, [[entry, entry]]);
    expect(errorOf(() => walkSafely(beyond)).message).toContain('sequence above 2^53 - 1');
  });
});
