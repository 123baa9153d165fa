// Changes bytes in the ways that break parsers: single bits, numbers at their limits, lengths, cuts, copies and noise.

import {
  type Random,
  VARINT_SIZE_BYTES_MAX,
  writeU32,
  writeVarint,
} from '../../packages/base/src/index.js';

const LIMITS_32 = [
  ...[0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x1_0001],
  ...[0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_fffe, 0xffff_ffff],
];
const LIMITS_53 = [0x1_0000_0000, 2 ** 40, 2 ** 52, 2 ** 53 - 2, 2 ** 53 - 1];
const INSERTED_SIZE_BYTES_MAX = 40;
const CHANGE_COUNT_MAX = 3;

/** One of `items`. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

/** True once in `count` times. */
export function oneIn(random: Random, count: number): boolean {
  return random.below(count) === 0;
}

/** A number of up to 32 bits that parsers get wrong, some near `near`. */
export function oddU32(random: Random, near: number): number {
  if (oneIn(random, 3)) return (near + random.below(5) - 2) >>> 0;
  return oneIn(random, 4) ? random.u32() : pick(random, LIMITS_32);
}

/** A number of up to 53 bits that parsers get wrong. */
export function oddU53(random: Random, near: number): number {
  return oneIn(random, 3) ? pick(random, LIMITS_53) : oddU32(random, near);
}

/** Any bytes. */
export function noise(random: Random, sizeBytesMax: number): Uint8Array {
  const bytes = new Uint8Array(random.below(sizeBytesMax + 1));
  random.fill(bytes);
  return bytes;
}

type Change = (random: Random, bytes: Uint8Array) => Uint8Array;

/** Changes in place: `bytes` is not empty. */
const IN_PLACE: readonly Change[] = [
  (random, bytes) => {
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
    return bytes;
  },
  (random, bytes) => {
    bytes[random.below(bytes.length)] = pick(random, [0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    return bytes;
  },
  (random, bytes) => {
    const offset = random.below(bytes.length);
    if (offset + 4 <= bytes.length) writeU32(bytes, offset, oddU32(random, bytes.length));
    return bytes;
  },
  (random, bytes) => {
    const offset = random.below(bytes.length);
    const varint = new Uint8Array(VARINT_SIZE_BYTES_MAX);
    const end = writeVarint(varint, 0, oddU53(random, bytes.length));
    bytes.set(varint.subarray(0, Math.min(end, bytes.length - offset)), offset);
    return bytes;
  },
  (random, bytes) => {
    const [start, end] = rangeIn(random, bytes.length);
    return bytes.fill(pick(random, [0, 0xff, 0x80]), start, end);
  },
  (random, bytes) => {
    const [start, end] = rangeIn(random, bytes.length);
    random.fill(bytes.subarray(start, end));
    return bytes;
  },
  (random, bytes) => {
    const [start, end] = rangeIn(random, bytes.length);
    return bytes.copyWithin(random.below(bytes.length), start, end);
  },
];

const OF_LENGTH: readonly Change[] = [
  (random, bytes) => bytes.slice(0, random.below(bytes.length + 1)),
  (random, bytes) => {
    const [start, end] = rangeIn(random, bytes.length);
    return joined([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  (random, bytes) => {
    const offset = random.below(bytes.length + 1);
    const inserted = noise(random, INSERTED_SIZE_BYTES_MAX);
    return joined([bytes.subarray(0, offset), inserted, bytes.subarray(offset)]);
  },
  (random, bytes) => {
    const [start, end] = rangeIn(random, bytes.length);
    return joined([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  (random, bytes) => joined([bytes, new Uint8Array(random.below(INSERTED_SIZE_BYTES_MAX))]),
];

/** A changed copy of `bytes`; with `length: 'kept'` as long as they are. */
export function mutated(
  random: Random,
  bytes: Uint8Array,
  { length = 'any' }: { readonly length?: 'kept' | 'any' } = {},
): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let count = 1 + random.below(CHANGE_COUNT_MAX); count > 0; count--) {
    const ofLength = length === 'any' && oneIn(random, 3);
    if (result.length === 0) return length === 'kept' ? result : noise(random, 64);
    result = pick(random, ofLength ? OF_LENGTH : IN_PLACE)(random, result);
  }
  return result;
}

/** Bytes end to end. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function rangeIn(random: Random, length: number): [number, number] {
  const start = random.below(length);
  const size = 1 + random.below(Math.min(length - start, oneIn(random, 4) ? length : 16));
  return [start, start + size];
}
