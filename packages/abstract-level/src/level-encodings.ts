/**
 * What abstract-level hands to a database, as encodings of the engine: strings and bytes, in any mixture.
 *
 * A database declares the formats it takes natively; for keys and values in one of them abstract-level does nothing, so a
 * string goes from the user straight into the memtable. Which format is wanted is known per call, and every combination reads
 * the same entries: text is stored as its UTF-8.
 */
import { copyBytes } from '@varve/base';
import { type Encoding, encodings } from '@varve/engine';

/** A key or value in one of the formats `'utf8'`, `'buffer'` and `'view'`. */
export type LevelData = string | Uint8Array;

const { utf8, binary } = encodings;

function sizeBound(data: LevelData): number {
  return typeof data === 'string' ? utf8.sizeBound(data) : binary.sizeBound(data);
}

function write(data: LevelData, target: Uint8Array, offset: number): number {
  return typeof data === 'string'
    ? utf8.write(data, target, offset)
    : binary.write(data, target, offset);
}

/** Takes either, reads strings; as in every other database of Level, what is not UTF-8 reads as U+FFFD. */
export const textEncoding: Encoding<LevelData> = {
  name: 'level-text',
  sizeBound,
  write,
  read(bytes, start, end) {
    try {
      return utf8.read(bytes, start, end);
    } catch {
      return readBuffer(bytes, start, end).toString('utf8');
    }
  },
};

/** Takes either, reads Buffers, which are also the Uint8Arrays that `'view'` promises. */
export const bufferEncoding: Encoding<LevelData> = {
  name: 'level-buffer',
  sizeBound,
  write,
  read: readBuffer,
  readOwned: viewOf,
};

/** Takes either, reads nothing: for the part of entries that an iterator was not asked for. */
export const unwantedEncoding = {
  name: 'level-unwanted',
  sizeBound,
  write,
  read: () => undefined,
} as unknown as Encoding<LevelData>;

/** The encoding that reads what a format of abstract-level promises. */
export function encodingOf(format: string | undefined): Encoding<LevelData> {
  return format === 'utf8' ? textEncoding : bufferEncoding;
}

/** The engine wants two objects for keys and values, also where they hold nothing between two calls, as here. */
const valueEncodings = new Map(
  [textEncoding, bufferEncoding, unwantedEncoding].map((encoding) => [encoding, { ...encoding }]),
);

/** The same encoding as another object, for values. */
export function valueEncodingOf(encoding: Encoding<LevelData>): Encoding<LevelData> {
  return valueEncodings.get(encoding)!;
}

function viewOf(memory: ArrayBuffer, offset: number, length: number): Buffer {
  return Buffer.from(memory, offset, length);
}

function readBuffer(bytes: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}
