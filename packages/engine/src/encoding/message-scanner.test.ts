// The scanner against hostile messages, and against a decoder written plainly: whatever passes is
// decoded by msgpackr to the same value, so the two never disagree about where a value ends.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MESSAGE_DEPTH_MAX,
  MESSAGE_VALUE_COUNT_MAX,
  MessageFault,
  MessageScanner,
} from './message-scanner.js';
import { packMessage, unpackMessage } from './msgpack-library.js';

const SEED = 20_260_304;
const scanner = new MessageScanner();

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

function faultOf(bytes: Uint8Array): string | undefined {
  try {
    scanner.scan(bytes, 0, bytes.length, 'refuse');
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(MessageFault);
    return (error as MessageFault).message;
  }
}

/** Decodes by the book, with the host's own readers. Throws RangeError at the end of the bytes. */
class PlainDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  value(): unknown {
    const token = this.#unsigned(1);
    if (token <= 0x7f) return token;
    if (token <= 0x8f) return this.#map(token & 0x0f);
    if (token <= 0x9f) return this.#array(token & 0x0f);
    if (token <= 0xbf) return this.#text(token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    const readers: Record<number, () => unknown> = {
      192: () => null,
      194: () => false,
      195: () => true,
      196: () => this.#take(this.#unsigned(1)),
      197: () => this.#take(this.#unsigned(2)),
      198: () => this.#take(this.#unsigned(4)),
      199: () => this.#date(this.#unsigned(1)),
      202: () => this.#view.getFloat32(this.#step(4)),
      203: () => this.#view.getFloat64(this.#step(8)),
      204: () => this.#unsigned(1),
      205: () => this.#unsigned(2),
      206: () => this.#unsigned(4),
      207: () => this.#view.getBigUint64(this.#step(8)),
      208: () => this.#view.getInt8(this.#step(1)),
      209: () => this.#view.getInt16(this.#step(2)),
      210: () => this.#view.getInt32(this.#step(4)),
      211: () => this.#view.getBigInt64(this.#step(8)),
      214: () => this.#date(4),
      215: () => this.#date(8),
      217: () => this.#text(this.#unsigned(1)),
      218: () => this.#text(this.#unsigned(2)),
      219: () => this.#text(this.#unsigned(4)),
      220: () => this.#array(this.#unsigned(2)),
      221: () => this.#array(this.#unsigned(4)),
      222: () => this.#map(this.#unsigned(2)),
      223: () => this.#map(this.#unsigned(4)),
    };
    return readers[token]();
  }

  #map(count: number): unknown {
    const entries = Array.from({ length: count }, () => [this.value(), this.value()]);
    return Object.fromEntries(entries) as unknown;
  }

  #array(count: number): unknown[] {
    return Array.from({ length: count }, () => this.value());
  }

  #date(size: number): Date {
    this.#step(1);
    const start = this.#step(size);
    if (size === 4) return new Date(this.#view.getUint32(start) * 1000);
    const high = this.#view.getUint32(start);
    if (size === 12) return new Date(Number(this.#view.getBigInt64(start + 4)) * 1000 + high / 1e6);
    const seconds = (high & 3) * 2 ** 32 + this.#view.getUint32(start + 4);
    return new Date(seconds * 1000 + (high >>> 2) / 1e6);
  }

  #text(length: number): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(length));
  }

  #take(length: number): Uint8Array {
    const start = this.#step(length);
    return this.#bytes.slice(start, start + length);
  }

  #unsigned(size: 1 | 2 | 4): number {
    const start = this.#step(size);
    if (size === 1) return this.#view.getUint8(start);
    return size === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #step(size: number): number {
    const start = this.#offset;
    this.#offset += size;
    return start;
  }
}

/**
 * Messages close to valid ones: pieces of MessagePack in any order, and real messages with a few
 * bytes changed.
 */
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '80',
        '81',
        '82',
        '90',
        '91',
        '92',
        'a0',
        'a161',
        'a162',
        'a9',
        'c0',
        'c1',
        'c3',
        'c403',
        'c70cff',
      ),
      fc.constantFrom(
        'd47200',
        'd572',
        'd6ff',
        'd669',
        'd7ff',
        'd941',
        'da0003',
        'db00000002',
        'dc0002',
        'dd00000001',
      ),
      fc.constantFrom(
        'de0001',
        'df00000001',
        'cb',
        'cf',
        'd3',
        'ca',
        '40',
        '7f',
        'e0',
        'efbbbf',
        'eda080',
        'c3a4',
        '72',
      ),
    ),
    { maxLength: 12 },
  )
  .map((list) => bytesOf(list.join('')));
const changed = fc
  .tuple(
    fc.jsonValue({ stringUnit: 'binary' }),
    fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
  )
  .map(([value, changes]) => {
    const bytes = Uint8Array.from(packMessage(value));
    for (const [offset, byte] of changes) bytes[offset % bytes.length] = byte;
    return bytes;
  });

describe('MessageScanner', () => {
  test.each([
    ['', 'it ends too early'],
    ['c0 c0', 'there are bytes after the value'],
    ['dd ff ff ff ff', 'it ends too early'],
    ['df ff ff ff ff', 'it ends too early'],
    ['df 80 00 00 01 a1 61 90', 'it ends too early'], // twice the count is 2^32 + 2
    ['db ff ff ff ff 00', 'it has a text that is too long'],
    ['c6 ff ff ff ff 00', 'it ends too early'],
    ['c1', 'not data (type 0xc1)'],
    ['d4 72 40 91 a1 61 01', 'not data (type 0xd4)'], // a record, whose reader would be compiled
    ['d5 72 40 01 91 a1 61 01', 'not data (type 0xd5)'],
    ['d4 78 00 92 a1 61 a1 67', 'not data (type 0xd4)'], // a regular expression
    ['d4 65 00 93 a5 45 72 72 6f 72 a0 c0', 'not data (type 0xd4)'], // an error
    ['d4 73 00 91 01', 'not data (type 0xd4)'], // a set
    ['d6 69 00 00 00 01 91 01', 'not data (type 0xd6)'], // an object that is referred to
    ['d6 70 00 00 00 01', 'not data (type 0xd6)'], // a reference
    ['d6 62 00 00 00 01 a0 a0', 'not data (type 0xd6)'], // text kept elsewhere
    ['c7 09 74 08 00 00 00 00 00 00 00 00', 'not data (type 0xc7)'], // a typed array
    ['c7 02 42 01 00', 'not data (type 0xc7)'], // a large bigint
    ['d4 00 00', 'not data (type 0xd4)'], // undefined
    ['d4 ff ff', 'not data (type 0xd4)'], // an invalid date
    ['d8 ff 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00', 'not data (type 0xd8)'],
    ['c8 00 0c ff', 'not data (type 0xc8)'],
    ['c7 04 ff 00 00 00 00', 'not data (type 0xc7)'],
    ['d7 ff ff ff ff ff 00 00 00 00', 'it has a date out of range'],
    ['c7 0c ff 00 00 00 00 7f 00 00 00 00 00 00 00', 'it has a date out of range'],
    ['c7 0c ff 3b 9a ca 00 00 00 00 00 00 00 00 00', 'it has a date out of range'],
    // 13 milliseconds behind the last second of a Date: would be read as an invalid one
    ['c7 0c ff 00 c7 73 00 00 00 07 db a8 21 80 00', 'it has a date out of range'],
    ['d6 ff 00 00', 'it ends too early'],
    ['81 01 02', 'it has a map key that is not text'],
    ['81 c4 01 61 02', 'it has a map key that is not text'],
    ['81 90 02', 'it has a map key that is not text'],
    ['82 a1 61 01 a1 61 02', 'it has a map key that comes twice'],
    ['82 a1 61 01 d9 01 61 02', 'it has a map key that comes twice'],
    ['81 a9 5f 5f 70 72 6f 74 6f 5f 5f 80', 'it has a map key named __proto__'],
    ['81 da 00 09 5f 5f 70 72 6f 74 6f 5f 5f 80', 'it has a map key named __proto__'],
    ['a1 80', 'it has a text that is not valid UTF-8'],
    ['a3 ed a0 80', 'it has a text that is not valid UTF-8'],
    ['92 a1 c3 a4', 'it has a text that is not valid UTF-8'],
    ['91', 'it ends too early'],
    ['81 a1 61', 'it ends too early'],
  ])('refuses %s: %s', (hex, reason) => {
    expect(faultOf(bytesOf(hex))).toContain(reason);
  });

  test.each([
    ['7f', 127],
    ['82 a1 61 81 a1 61 01 a1 62 81 a1 61 02', { a: { a: 1 }, b: { a: 2 } }],
    ['92 81 a1 61 01 81 a1 61 02', [{ a: 1 }, { a: 2 }]],
    ['82 a1 61 81 a1 62 01 a1 62 02', { a: { b: 1 }, b: 2 }],
    ['81 ab 63 6f 6e 73 74 72 75 63 74 6f 72 01', { constructor: 1 }],
    ['d6 ff 00 00 00 01', new Date(1_000)],
    ['c7 0c ff 00 00 00 00 ff ff ff ff ff ff ff ff', new Date(-1_000)],
    ['c7 0c ff 00 00 00 00 00 00 07 db a8 21 80 00', new Date(8.64e15)],
    ['dd 00 00 00 01 df 00 00 00 00', [{}]],
  ])('lets %s through', (hex, value) => {
    const bytes = bytesOf(hex);
    expect(faultOf(bytes)).toBeUndefined();
    expect(unpackMessage(bytes, bytes.length)).toEqual(value);
  });

  test('lets through only what msgpackr decodes to what it says', () => {
    let passedCount = 0;
    const property = fc.property(fc.oneof(pieces, changed), (bytes) => {
      if (faultOf(bytes) !== undefined || scanner.markedTexts.length > 0) return;
      passedCount++;
      expect(unpackMessage(bytes, bytes.length)).toEqual(new PlainDecoder(bytes).value());
    });
    fc.assert(property, { seed: SEED, numRuns: 20_000 });
    expect(passedCount).toBeGreaterThan(2_000);
  });

  test('bounds the nesting without recursion', () => {
    const nested = (depth: number): Uint8Array =>
      new Uint8Array(depth + 1).fill(0x91).fill(0xc0, depth);
    expect(faultOf(nested(MESSAGE_DEPTH_MAX))).toBeUndefined();
    expect(faultOf(nested(MESSAGE_DEPTH_MAX + 1))).toContain('nested more than 64 deep');
    expect(faultOf(nested(1_000_000))).toContain('nested more than 64 deep');
  });

  test('bounds the number of values', () => {
    const wide = (count: number): Uint8Array => {
      const bytes = new Uint8Array(count + 5).fill(0x80);
      new DataView(bytes.buffer).setUint32(1, count);
      bytes[0] = 0xdd;
      return bytes;
    };
    expect(faultOf(wide(MESSAGE_VALUE_COUNT_MAX - 1))).toBeUndefined();
    expect(faultOf(wide(MESSAGE_VALUE_COUNT_MAX))).toContain('more than 4194304 values');
  });

  test('finds a key that comes twice in large maps, in any order, also after inner maps', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`);
    const map = (names: string[]): Uint8Array => {
      const parts = names.flatMap((name) => [
        Uint8Array.from(packMessage(name)),
        bytesOf('81 a1 6b 01'),
      ]);
      return Uint8Array.from(Buffer.concat([Uint8Array.of(0xde, 0, names.length), ...parts]));
    };
    expect(faultOf(map(keys))).toBeUndefined();
    for (const name of keys) {
      expect(faultOf(map([...keys, name]))).toContain('comes twice');
      expect(faultOf(map([name, ...keys]))).toContain('comes twice');
    }
    expect(faultOf(Uint8Array.of(0x92, ...map(keys), ...map(keys)))).toBeUndefined();
  });

  test('replaces lone surrogates in place when asked to', () => {
    const bytes = bytesOf('92 a5 61 ed a0 80 62 a3 ed bf bf');
    scanner.scan(bytes, 0, bytes.length, 'replace');
    expect(unpackMessage(bytes, bytes.length)).toEqual(['a\ufffdb', '\ufffd']);
    const broken = bytesOf('a2 ed a0');
    expect(() => scanner.scan(broken, 0, broken.length, 'replace')).toThrow('not valid UTF-8');
  });
});
