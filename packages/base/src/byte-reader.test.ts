import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, type DecodeContext } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { isStorageError, StorageError } from './errors.js';

fc.configureGlobal({ seed: 1_784_204, numRuns: 300 });

const context: DecodeContext = { file: 'MANIFEST-000005', where: 'manifest', baseOffset: 100 };

/** One field of each kind, as written and as read: the script of the round-trip tests. */
type Field =
  | { kind: 'u8' | 'u16' | 'u32' | 'u53' | 'varint'; value: number }
  | { kind: 'u64'; value: bigint }
  | { kind: 'bytes'; value: Uint8Array }
  | { kind: 'text'; value: string };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffff_ffff) }),
  fc.record({ kind: fc.constantFrom('u53' as const, 'varint' as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('u64' as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ kind: fc.constant('text' as const), value: fc.string({ unit: 'binary' }) }),
);

function write(writer: ByteWriter, { kind, value }: Field): void {
  if (kind === 'u64') writer.u64(value);
  else if (kind === 'bytes') writer.bytes(value);
  else if (kind === 'text') writer.text(value);
  else writer[kind](value);
}

function read(reader: ByteReader, { kind, value }: Field): Field['value'] {
  if (kind === 'bytes') return reader.bytes(value.length);
  if (kind === 'text') return reader.text(Buffer.byteLength(value));
  return reader[kind]();
}

function corruption(run: () => unknown): StorageError {
  try {
    run();
  } catch (error) {
    if (isStorageError(error) && error.code === 'CORRUPTION') return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('ByteReader', () => {
  test.each([0, 1, 2, 3])('reads a column of numbers that lies at %i modulo 4', (offset) => {
    const memory = new Uint8Array(offset + 9);
    memory.set([1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 7], offset);
    const reader = new ByteReader(memory.subarray(offset), context);
    const column = reader.u32s(2);
    expect([...column]).toEqual([1, 0xffff_fffe]);
    expect(column.buffer === memory.buffer).toBe(offset === 0);
    expect(reader.u8()).toBe(7);
    expect(corruption(() => reader.u32s(1)).message).toContain('4 bytes expected, 0 left');
  });

  test('gives a view of the memory it reads', () => {
    const memory = Uint8Array.of(1, 2, 3);
    const reader = new ByteReader(memory, context);
    const view = reader.view(2);
    memory[0] = 9;
    expect(view).toEqual(Uint8Array.of(9, 2));
    expect(corruption(() => reader.view(2)).offset).toBe(102);
  });

  test('reads back what a ByteWriter wrote', () => {
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const writer = new ByteWriter();
        for (const each of fields) write(writer, each);
        const bytes = writer.toBytes();
        expect(writer.length).toBe(bytes.length);
        const reader = new ByteReader(bytes, context);
        for (const each of fields) expect(read(reader, each)).toEqual(each.value);
        reader.expectEnd();
      }),
    );
  });

  test('throws CORRUPTION wherever the bytes are cut short', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), (fields) => {
        const writer = new ByteWriter();
        for (const each of fields) write(writer, each);
        const bytes = writer.toBytes();
        for (let length = 0; length < bytes.length; length++) {
          // The rest of the buffer is there, but not in the range: it must not be read.
          const reader = new ByteReader(bytes, context, 0, length);
          corruption(() => {
            for (const each of fields) read(reader, each);
          });
        }
      }),
    );
  });

  test('keeps to its range', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4), context, 1, 3);
    expect(reader.remaining).toBe(2);
    expect(reader.u16()).toBe(0x0302);
    expect(reader.offset).toBe(3);
    reader.expectEnd();
    expect(() => new ByteReader(new Uint8Array(2), context, 0, 3)).toThrow('outside its buffer');
    expect(() => new ByteReader(new Uint8Array(2), context, 2, 1)).toThrow('outside its buffer');
  });

  test('says what is damaged, and where in the file', () => {
    const reader = new ByteReader(new Uint8Array(8), context, 1);
    reader.u16();
    const error = corruption(() => reader.u53());
    expect(error).toMatchObject({ file: 'MANIFEST-000005', where: 'manifest', offset: 103 });
    expect(error.message).toBe(
      'Cannot decode manifest at offset 103 of MANIFEST-000005: 8 bytes expected, 5 left',
    );
  });

  test('counts offsets from 0 without a base offset', () => {
    const reader = new ByteReader(new Uint8Array(0), { file: 'CURRENT', where: 'current' });
    expect(corruption(() => reader.u8()).offset).toBe(0);
  });

  test.each([2 ** 32 - 1, Number.MAX_SAFE_INTEGER])(
    'refuses a length of %d without allocating it',
    (length) => {
      const reader = new ByteReader(new Uint8Array(10), context);
      expect(corruption(() => reader.bytes(length)).message).toContain('10 left');
      expect(corruption(() => reader.text(length)).message).toContain('10 left');
      expect(reader.offset).toBe(0);
    },
  );

  test.each([-1, 0.5, Number.NaN])('takes a length of %d for a bug', (length) => {
    const reader = new ByteReader(new Uint8Array(10), context);
    expect(() => reader.bytes(length)).toThrow('length must be a whole number');
  });

  test.each([
    ['u53', '0000000000002000', 'number above 2^53 - 1'],
    ['varint', '8000', 'varint cut short, too large or not in its shortest form'],
    ['varint', 'ffffffffffffffff01', 'varint cut short, too large or not in its shortest form'],
  ] as const)('refuses the %s %s and stays where it was', (kind, hex, reason) => {
    const reader = new ByteReader(Buffer.from(hex, 'hex'), context);
    const error = corruption(() => reader[kind]());
    expect(error.message).toContain(reason);
    expect(error.offset).toBe(100);
    expect(reader.offset).toBe(0);
  });

  test('refuses text that is not UTF-8', () => {
    const reader = new ByteReader(Uint8Array.of(0x61, 0xff), context);
    const error = corruption(() => reader.text(2));
    expect(error.message).toContain('text is not valid UTF-8');
    expect(error.offset).toBe(100);
  });

  test('gives bytes that are a copy', () => {
    const source = Uint8Array.of(1, 2);
    const copy = new ByteReader(source, context).bytes(2);
    source[0] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2));
  });

  test('expectEnd refuses what is left over', () => {
    const reader = new ByteReader(new Uint8Array(3), context);
    reader.u8();
    expect(corruption(() => reader.expectEnd()).message).toContain('2 bytes too many');
  });

  test('throws nothing but StorageError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(field), (bytes, fields) => {
        const reader = new ByteReader(bytes, context);
        try {
          for (const each of fields) read(reader, each);
          reader.expectEnd();
        } catch (error) {
          expect(error).toBeInstanceOf(StorageError);
        }
        expect(reader.offset).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
