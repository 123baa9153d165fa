import { readFileSync } from 'node:fs';
import {
  createRandom,
  EntryKind,
  MAX_KEY_SIZE_BYTES,
  MAX_SEQUENCE,
  readU32,
  readU53,
  writeVarint,
} from '@varve/base';
import { describe, expect, test } from 'vitest';
import {
  BATCH_COUNT_OFFSET,
  decodeEntry,
  ENTRY_HEADER_SIZE_BYTES_MAX,
  EntrySlots,
  entrySize,
  MAX_KEYSPACE_ID,
  PAYLOAD_HEADER_SIZE_BYTES,
  writeDelete,
  writeEntryHeader,
  writePayloadHeader,
  writePut,
} from './entry-format.js';
import { walkPayload } from './payload-walk.js';

const SPECIFICATION = new URL('../../../../docs/format/write-batch.md', import.meta.url);
const NO_BYTES = new Uint8Array(0);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The bytes at the start of each line of the hex block; the rest of a line says what they mean. */
function workedExample(): Uint8Array {
  const block = /```hex\n([^`]*)```/.exec(readFileSync(SPECIFICATION, 'utf8'))?.[1] ?? '';
  const lines = block.trimEnd().split('\n');
  return Uint8Array.from(
    lines.flatMap((line) => line.split('   ')[0].split(' ')),
    (byte) => Number.parseInt(byte, 16),
  );
}

describe('entry format', () => {
  test('is what the worked example of the specification says', () => {
    const expected = workedExample();
    const bytes = new Uint8Array(expected.length);
    let offset = writePayloadHeader(bytes, 0, 300, 2);
    offset = writeVarint(bytes, offset, 2);
    offset = writePut(bytes, offset, 0, bytesOf('a'), 0, 1, bytesOf('ice'), 0, 3);
    offset = writeDelete(bytes, offset, 0, bytesOf('b'), 0, 1);
    offset = writeVarint(bytes, offset, 1);
    offset = writePut(bytes, offset, 200, NO_BYTES, 0, 0, NO_BYTES, 0, 0);
    expect(offset).toBe(expected.length);
    expect(bytes).toEqual(expected);
    const found: string[] = [];
    const slots = new EntrySlots();
    const context = { file: 'write-batch.md', where: 'wal' } as const;
    walkPayload(expected, 0, expected.length, context, (entryOffset, sequence) => {
      decodeEntry(expected, entryOffset, slots);
      const key = String.fromCharCode(...expected.subarray(slots.keyStart, slots.keyEnd));
      const value = String.fromCharCode(...expected.subarray(slots.valueStart, slots.valueEnd));
      found.push(`${sequence} kind ${slots.kind} in ${slots.keyspaceId}: "${key}" "${value}"`);
    });
    expect(found).toEqual([
      '300 kind 1 in 0: "a" "ice"',
      '301 kind 2 in 0: "b" ""',
      '302 kind 1 in 200: "" ""',
    ]);
  });

  // Lengths on both sides of every change in the length of a varint.
  const keyspaceIds = [0, 1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 28, MAX_KEYSPACE_ID];
  const keyLengths = [0, 1, 127, 128, 16_383, 16_384, MAX_KEY_SIZE_BYTES];
  const valueLengths = [0, 1, 127, 128, 16_384, 2 ** 21];

  test.each(keyspaceIds)(
    'round-trips entries of keyspace %i with keys and values of all sizes',
    (keyspaceId) => {
      const random = createRandom(1);
      const slots = new EntrySlots();
      const key = new Uint8Array(MAX_KEY_SIZE_BYTES + 5);
      const value = new Uint8Array(2 ** 21 + 5);
      random.fill(key);
      random.fill(value);
      const bytes = new Uint8Array(key.length + value.length + 100);
      for (const keyLength of keyLengths) {
        for (const valueLength of valueLengths) {
          const end = writePut(
            bytes,
            9,
            keyspaceId,
            key,
            5,
            5 + keyLength,
            value,
            3,
            3 + valueLength,
          );
          expect(end).toBe(9 + entrySize(EntryKind.put, keyspaceId, keyLength, valueLength));
          decodeEntry(bytes, 9, slots);
          expect([slots.kind, slots.keyspaceId]).toEqual([EntryKind.put, keyspaceId]);
          expect([slots.keyEnd - slots.keyStart, slots.valueEnd - slots.valueStart]).toEqual([
            keyLength,
            valueLength,
          ]);
          expect(slots.valueStart).toBe(slots.keyEnd);
          expect(slots.valueEnd).toBe(end);
          expect(
            Buffer.compare(
              bytes.subarray(slots.keyStart, slots.keyEnd),
              key.subarray(5, 5 + keyLength),
            ),
          ).toBe(0);
          expect(
            Buffer.compare(
              bytes.subarray(slots.valueStart, slots.valueEnd),
              value.subarray(3, 3 + valueLength),
            ),
          ).toBe(0);
        }
        const end = writeDelete(bytes, 9, keyspaceId, key, 5, 5 + keyLength);
        expect(end).toBe(9 + entrySize(EntryKind.delete, keyspaceId, keyLength, 0));
        decodeEntry(bytes, 9, slots);
        expect([slots.kind, slots.keyspaceId]).toEqual([EntryKind.delete, keyspaceId]);
        expect([slots.keyEnd, slots.valueStart, slots.valueEnd]).toEqual([end, end, end]);
        expect(
          Buffer.compare(
            bytes.subarray(slots.keyStart, slots.keyEnd),
            key.subarray(5, 5 + keyLength),
          ),
        ).toBe(0);
      }
    },
  );

  test('lets a caller encode key and value in place', () => {
    const inPlace = new Uint8Array(20);
    const keyOffset = writeEntryHeader(inPlace, 2, EntryKind.put, 3, 1, 2);
    inPlace.set(bytesOf('kvv'), keyOffset);
    const copied = new Uint8Array(20);
    writePut(copied, 2, 3, bytesOf('k'), 0, 1, bytesOf('vv'), 0, 2);
    expect(inPlace).toEqual(copied);
  });

  test('has room for the header of any entry', () => {
    const bytes = new Uint8Array(32);
    const longest = writeEntryHeader(
      bytes,
      0,
      EntryKind.put,
      MAX_KEYSPACE_ID,
      MAX_KEY_SIZE_BYTES,
      2 ** 30,
    );
    expect(longest).toBe(ENTRY_HEADER_SIZE_BYTES_MAX);
  });

  test('keeps the first sequence and the batch count where they can be patched', () => {
    const bytes = new Uint8Array(20);
    expect(writePayloadHeader(bytes, 3, MAX_SEQUENCE, 2 ** 32 - 1)).toBe(
      3 + PAYLOAD_HEADER_SIZE_BYTES,
    );
    expect(readU53(bytes, 3)).toBe(MAX_SEQUENCE);
    expect(readU32(bytes, 3 + BATCH_COUNT_OFFSET)).toBe(2 ** 32 - 1);
  });
});
