// Keys and values from numbers.
//
// Texts whose characters are all below 256 stand for both: as bytes in binary keyspaces, as text in the others. Their
// order in JavaScript is that of the bytes in either encoding, so the model needs one comparison only.

import { createRandom } from '@varve/base';

/** What keys look like. */
export type KeyShape = 'short' | 'sequential' | 'wide';

/** Gives the key of a number: always the same one, and not a different one for every number. */
export type KeyMaker = (keyNumber: number) => string;

const SHORT_KEY_LENGTH_MAX = 9;
/** The ends of the byte range, the bytes beside them, and letters: prefixes of each other come about often. */
const SHORT_KEY_BYTES = [0x00, 0x01, 0x61, 0x61, 0x62, 0x63, 0x7f, 0x80, 0xfe, 0xff];
const WIDE_KEY_LENGTH_MAX = 3_000;
const LARGEST_KEY_LENGTH = 65_536;
/** One key in this many is as large as a key can be. */
const LARGEST_KEY_STRIDE = 97;

const makers: Readonly<Record<KeyShape, KeyMaker>> = {
  short: shortKey,
  sequential: (keyNumber) => `key/${String(keyNumber).padStart(7, '0')}`,
  wide: wideKey,
};

/** Gives the maker of keys of a shape. It remembers what it made. */
export function keyMakerOf(shape: KeyShape): KeyMaker {
  const make = makers[shape];
  const made = new Map<number, string>();
  return (keyNumber) => {
    const known = made.get(keyNumber);
    if (known !== undefined) return known;
    const key = make(keyNumber);
    made.set(keyNumber, key);
    return key;
  };
}

function shortKey(keyNumber: number): string {
  const random = createRandom(keyNumber);
  const length = random.below(SHORT_KEY_LENGTH_MAX + 1);
  const bytes = Array.from(
    { length },
    () => SHORT_KEY_BYTES[random.below(SHORT_KEY_BYTES.length)]!,
  );
  return String.fromCharCode(...bytes);
}

/** Long common starts, so that keys differ late, and a few of the largest size. */
function wideKey(keyNumber: number): string {
  const random = createRandom(keyNumber);
  const ending = `${String.fromCharCode(random.below(128))}${keyNumber}`;
  const isLargest = keyNumber % LARGEST_KEY_STRIDE === 1;
  const length = isLargest ? LARGEST_KEY_LENGTH : random.below(WIDE_KEY_LENGTH_MAX) + ending.length;
  const common = String.fromCharCode(0x61 + random.below(3)).repeat(length - ending.length);
  return common + ending;
}

const FILLER_LENGTH = 1 << 16;
const FIRST_PRINTABLE = 0x20;
const PRINTABLE_COUNT = 95;
const filler = makeFiller();
/** So that most values are a part of it. */
const twice = filler + filler;

function makeFiller(): string {
  const random = createRandom(0x76_61_72_76);
  const parts: string[] = [];
  for (let length = 0; length < FILLER_LENGTH; length++) {
    parts.push(String.fromCharCode(FIRST_PRINTABLE + random.below(PRINTABLE_COUNT)));
  }
  return parts.join('');
}

/**
 * Gives a value of a size: it begins with where it comes from, if there is room, and goes on with text that compresses
 * well (every other operation) or not at all.
 */
export function makeValue(operationId: number, entryIndex: number, sizeBytes: number): string {
  const start = `${operationId}.${entryIndex}:`;
  if (sizeBytes <= start.length) return start.slice(0, sizeBytes);
  const restLength = sizeBytes - start.length;
  if (operationId % 2 === 0) return start + '-'.repeat(restLength);
  const offset = (operationId * 31 + entryIndex) % FILLER_LENGTH;
  if (restLength <= FILLER_LENGTH) return start + twice.slice(offset, offset + restLength);
  const source = twice.slice(offset);
  return start + source.repeat(Math.ceil(restLength / source.length)).slice(0, restLength);
}

/** Gives a key or value as it is shown in reports: its start, escaped, and its length if it is long. */
export function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  const escaped = JSON.stringify(text.slice(0, 40));
  return text.length <= 40 ? escaped : `${escaped}… (${text.length} characters)`;
}
