import {
  ByteWriter,
  type DecodeContext,
  isStorageError,
  MAX_KEY_SIZE_BYTES,
  MAX_SEQUENCE,
} from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EditTag } from './manifest-format.js';
import { DEFAULT_KEYSPACE, makeTable } from './testing/fixtures.js';
import type { VersionEdit } from './version-edit.js';
import { decodeEdit, encodeEdit } from './version-edit-codec.js';

fc.configureGlobal({ seed: 1_190_543, numRuns: 300 });

const CONTEXT: DecodeContext = { file: '/db/MANIFEST-000005', where: 'manifest', baseOffset: 100 };

function decode(bytes: Uint8Array): VersionEdit {
  return decodeEdit({ bytes, start: 0, end: bytes.length }, CONTEXT);
}

/** A field as a newer or a hostile writer could have written it. */
function field(tag: number, ...value: number[]): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(tag);
  writer.varint(value.length);
  writer.bytes(Uint8Array.from(value));
  return writer.toBytes();
}

function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const FULL: VersionEdit = {
  nextFileNumber: 21,
  nextKeyspaceId: 4,
  lastSequence: MAX_SEQUENCE,
  minimumLogNumber: 17,
  logsAdded: [18, 19],
  keyspacesAdded: [
    DEFAULT_KEYSPACE,
    { id: 3, name: 'Zürich ☃', keyEncoding: '', valueEncoding: 'msgpack', compression: 'lz4' },
  ],
  keyspacesDropped: [1, 2],
  tablesAdded: [
    { keyspaceId: 0, level: 0, table: makeTable({ fileNumber: 20, keys: 'ab-yz' }) },
    {
      keyspaceId: 3,
      level: 6,
      table: makeTable({ fileNumber: 16, keys: '-', tombstoneCount: 3, contentHash: 0xffff_ffff }),
    },
  ],
  tablesRemoved: [{ keyspaceId: 0, level: 6, fileNumber: 9 }],
};

const anyNumber = fc.oneof(fc.nat(300), fc.maxSafeNat());
const anyFileNumber = anyNumber.map((number) => Math.max(1, number));
const anyBytes = fc.uint8Array({ maxLength: 20 });
const anyTable = fc.record({
  fileNumber: anyFileNumber,
  tableId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sizeBytes: anyNumber,
  entryCount: anyNumber,
  tombstoneCount: anyNumber,
  smallestKey: anyBytes,
  largestKey: anyBytes,
  smallestSequence: anyNumber,
  largestSequence: anyNumber,
  rawKeyBytes: anyNumber,
  rawValueBytes: anyNumber,
  contentHash: fc.nat(0xffff_ffff),
});
const anyName = fc.string({ unit: 'grapheme', maxLength: 10 });
const anyEdit: fc.Arbitrary<VersionEdit> = fc.record(
  {
    nextFileNumber: anyNumber,
    nextKeyspaceId: anyNumber,
    lastSequence: anyNumber,
    minimumLogNumber: anyNumber,
    logsAdded: fc.array(anyFileNumber, { minLength: 1 }),
    keyspacesAdded: fc.array(
      fc.record({
        id: anyNumber,
        name: anyName,
        keyEncoding: anyName,
        valueEncoding: anyName,
        compression: fc.constantFrom('none', 'lz4'),
      }),
      { minLength: 1 },
    ),
    keyspacesDropped: fc.array(anyNumber, { minLength: 1 }),
    tablesAdded: fc.array(
      fc.record({ keyspaceId: anyNumber, level: fc.nat(255), table: anyTable }),
      { minLength: 1 },
    ),
    tablesRemoved: fc.array(
      fc.record({ keyspaceId: anyNumber, level: fc.nat(255), fileNumber: anyFileNumber }),
      { minLength: 1 },
    ),
  },
  { requiredKeys: [] },
);

describe('encodeEdit and decodeEdit', () => {
  test('give back every field', () => {
    expect(decode(encodeEdit(FULL))).toEqual(FULL);
    expect(decode(encodeEdit({}))).toEqual({});
  });

  test('give back any edit', () => {
    fc.assert(
      fc.property(anyEdit, (edit) => {
        expect(decode(encodeEdit(edit))).toEqual(edit);
      }),
    );
  });

  test('read only their range of a buffer', () => {
    const bytes = encodeEdit(FULL);
    const around = concat(Uint8Array.of(1, 2, 3), bytes, Uint8Array.of(9, 9));
    expect(decodeEdit({ bytes: around, start: 3, end: 3 + bytes.length }, CONTEXT)).toEqual(FULL);
  });
});

describe('decodeEdit', () => {
  test('refuses an edit cut short anywhere but between two fields', () => {
    const bytes = encodeEdit(FULL);
    const boundaries = new Set<number>();
    for (let end = 0; end <= bytes.length; end++) {
      try {
        decode(bytes.subarray(0, end));
        boundaries.add(end);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPTION', where: 'manifest', file: CONTEXT.file });
      }
    }
    // Four numbers, two logs, two keyspaces, one removal, two additions, two drops, and nothing at all.
    expect(boundaries.size).toBe(14);
  });

  test('gives a value or a StorageError for every byte changed to every value', () => {
    const bytes = encodeEdit(FULL);
    for (let index = 0; index < bytes.length; index++) {
      const damaged = bytes.slice();
      for (let value = 0; value < 256; value++) {
        damaged[index] = value;
        try {
          decode(damaged);
        } catch (error) {
          if (!isStorageError(error)) throw error;
          expect(['CORRUPTION', 'UNSUPPORTED_FORMAT']).toContain(error.code);
        }
      }
    }
  });

  test('gives a value or a StorageError for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!isStorageError(error)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('M9: skips an optional field it does not know', () => {
    const bytes = concat(
      field(100, 1, 2, 3),
      encodeEdit({ lastSequence: 5 }),
      field(2),
      field(4, 9),
    );
    expect(decode(bytes)).toEqual({ lastSequence: 5 });
  });

  test('M9: refuses a required field it does not know', () => {
    expect(() => decode(concat(encodeEdit({ lastSequence: 5 }), field(101, 1)))).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_FORMAT',
        message: 'Cannot read /db/MANIFEST-000005: field 101 at offset 105 needs a newer release',
        offset: 105,
      }),
    );
  });

  test('M9: refuses a compression it does not know', () => {
    const bytes = field(EditTag.keyspaceAdded, 1, 0, 0, 0, 2);
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }));
  });

  test.each([
    ['a length beyond the end', Uint8Array.of(EditTag.logAdded, 0x7f, 1)],
    [
      'a huge length',
      Uint8Array.of(EditTag.logAdded, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
    ],
    ['bytes behind a value', field(EditTag.lastSequence, 1, 0)],
    ['an empty value', field(EditTag.lastSequence)],
    [
      'a number given twice',
      concat(field(EditTag.lastSequence, 1), field(EditTag.lastSequence, 1)),
    ],
    ['file number 0', field(EditTag.logAdded, 0)],
    ['a table with file number 0', field(EditTag.tableRemoved, 0, 0, 0)],
    ['a number in more bytes than it needs', field(EditTag.lastSequence, 0x81, 0)],
    ['a name that is not UTF-8', field(EditTag.keyspaceAdded, 1, 1, 0xff, 0, 0, 0)],
    ['a name longer than allowed', field(EditTag.keyspaceAdded, 1, 0x80, 0x02, 0, 0, 0)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
  });

  test('P8: takes keys up to the largest size, and refuses a longer one', () => {
    const withKey = (length: number): Uint8Array => {
      const table = {
        ...makeTable({ fileNumber: 1, keys: 'a-b' }),
        largestKey: new Uint8Array(length),
      };
      return encodeEdit({ tablesAdded: [{ keyspaceId: 0, level: 0, table }] });
    };
    for (const length of [0, MAX_KEY_SIZE_BYTES - 1, MAX_KEY_SIZE_BYTES]) {
      expect(decode(withKey(length)).tablesAdded?.[0].table.largestKey.length).toBe(length);
    }
    expect(() => decode(withKey(MAX_KEY_SIZE_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'CORRUPTION' }),
    );
  });
});
