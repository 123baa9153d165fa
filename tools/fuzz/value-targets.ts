// Keys and values as their encodings read them, and the integers everything is made of.

import {
  type Random,
  readVarint,
  varintLength,
  writeVarint,
} from '../../packages/base/src/index.js';
import type { Encoding } from '../../packages/engine/src/encoding/encoding.js';
import { JsonEncoding } from '../../packages/engine/src/encoding/json-encoding.js';
import { MsgpackEncoding } from '../../packages/engine/src/encoding/msgpack-encoding.js';
import { type Tuple, TupleEncoding } from '../../packages/engine/src/encoding/tuple-encoding.js';
import { utf8Encoding } from '../../packages/engine/src/encoding/utf8-encoding.js';
import { joined, mutated, noise, oddU53, oneIn, pick } from './mutate.js';
import { bytesOf, type Decoder, expectThat, type FuzzTarget } from './target.js';

/** Values of every type, nested and repeated. */
const VALUES: readonly unknown[] = [
  null,
  ['a', 1, -1.5, true, null, ['inner', ['deep', 2 ** 40]], ''],
  { id: 7, name: 'Ada', tags: ['x', 'y'], nested: { list: [1, 2, { three: 3 }] } },
  Array.from({ length: 40 }, (_, index) => ({ [`key ${index}`]: index * 1000 })),
  { text: 'ä€😀'.repeat(30), large: 'x'.repeat(300) },
];
const BINARY_VALUES: readonly unknown[] = [
  { when: new Date(1_700_000_000_123), bytes: Uint8Array.of(0, 1, 2, 255), big: 2n ** 60n },
  [new Date(-1), new Date(8.64e15), -(2n ** 62n), new Uint8Array(70)],
];
const TUPLES: readonly Tuple[] = [
  [],
  ['users', 17, null, true, false],
  [-0.5, 2n ** 300n, -(2n ** 64n), 0n, new Date(5)],
  [Uint8Array.of(0, 1, 1, 0, 255), 'a\0b\u0001c', ['in', ['deep', []]]],
];

/** Tokens that MessagePack begins something with, among them every extension msgpackr knows. */
const TOKENS = [
  ...[0x80, 0x81, 0x8f, 0x90, 0x91, 0x9f, 0xa0, 0xa1, 0xbf, 0xc0, 0xc1, 0xc4, 0xc6, 0xc7, 0xc9],
  ...[0xca, 0xcb, 0xcf, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf],
];
const EXTENSIONS = [0xff, 0x72, 0x62, 0x65, 0x69, 0x70, 0x73, 0x74, 0x78, 0x42, 0x00];

function encoded<T>(encoding: Encoding<T>, value: T): Uint8Array {
  const target = new Uint8Array(encoding.sizeBound(value));
  return target.slice(0, encoding.write(value, target, 0));
}

/** A decoder of an encoding: what it reads can be written and is read as the same again. */
function encodingDecoder<T>(
  encoding: Encoding<T>,
  values: readonly T[],
  change: (random: Random, bytes: Uint8Array) => Uint8Array = mutated,
): Decoder {
  const messages = values.map((value) => encoded(encoding, value));
  return {
    mutate(random) {
      const bytes = pick(random, messages);
      const input = oneIn(random, 15) ? noise(random, 200) : change(random, bytes);
      return { input, isSealed: true };
    },
    decode(input) {
      const bytes = bytesOf(input);
      const value = encoding.read(bytes, 0, bytes.length);
      expectThat(Object.getPrototypeOf({}) === Object.prototype, 'prototypes are left alone');
      expectThat(!('polluted' in {}), 'prototypes are left alone');
      checkAgain(encoding, value, bytes);
    },
  };
}

function checkAgain<T>(encoding: Encoding<T>, value: T, bytes: Uint8Array): void {
  const again = encoded(encoding, value);
  // A tuple and a text have one form; the other two have several.
  const isCanonical = encoding.name === 'tuple' || encoding.name === 'utf8';
  if (isCanonical) expectThat(Buffer.from(again).equals(bytes), 'it is written as it was read');
  else encoding.read(again, 0, again.length);
}

function mutatedMessage(random: Random, bytes: Uint8Array): Uint8Array {
  if (oneIn(random, 2)) return mutated(random, bytes);
  const at = random.below(bytes.length + 1);
  const token = Uint8Array.of(pick(random, TOKENS), pick(random, EXTENSIONS));
  const count = random.below(4);
  const inserted = joined(Array.from({ length: count }, () => token));
  return joined([bytes.subarray(0, at), inserted, bytes.subarray(at + random.below(3))]);
}

const varintDecoder: Decoder = {
  mutate(random) {
    const bytes = new Uint8Array(12);
    const end = writeVarint(bytes, 0, oddU53(random, random.u32()));
    const input = oneIn(random, 3) ? noise(random, 12) : mutated(random, bytes.subarray(0, end));
    return { input, isSealed: true };
  },
  decode(input) {
    const bytes = bytesOf(input);
    const value = readVarint(bytes, 0, bytes.length);
    if (value < 0) return;
    expectThat(Number.isSafeInteger(value), 'a varint is a safe integer');
    const again = new Uint8Array(8);
    const end = writeVarint(again, 0, value);
    expectThat(end === varintLength(value), 'its length follows from its value');
    const read = Buffer.from(bytes.subarray(0, end));
    expectThat(read.equals(again.subarray(0, end)), 'a varint has one form');
  },
};

/** See the head of this file. */
export const VALUE_TARGETS: readonly FuzzTarget[] = [
  { name: 'varint', prepare: () => varintDecoder },
  { name: 'tuple', prepare: () => encodingDecoder(new TupleEncoding(), TUPLES) },
  {
    name: 'msgpack',
    prepare: () =>
      encodingDecoder(new MsgpackEncoding(), [...VALUES, ...BINARY_VALUES], mutatedMessage),
  },
  { name: 'json', prepare: () => encodingDecoder(new JsonEncoding(), VALUES) },
  { name: 'utf8', prepare: () => encodingDecoder(utf8Encoding, ['', 'abc', 'ä€😀\u{10ffff}']) },
];
