// Looks through a MessagePack message before msgpackr sees it.
//
// What msgpackr decodes goes far beyond data: extensions for regular expressions, errors,
// references and records whose reader is compiled at run time, recursion as deep as the message
// asks for. Stored bytes may come from an enemy, so a message passes only if it is made of what the
// encoding `msgpack` writes: null, booleans, numbers, text, byte strings, timestamps, arrays, and
// maps with different text keys. Every message is also scanned when it is written: what is accepted
// at a put can be read back.
//
// One pass, no recursion, no allocation per value. Containers that are not finished stand on a
// stack of fixed size.

import { equalBytes } from '@varve/base';
import {
  hasByteOrderMark,
  type MarkedText,
  SHORTENED_TEXT_SIZE_BYTES_MIN,
} from './byte-order-marks.js';
import { MessageKeys } from './message-keys.js';
import { isEncodedSurrogate, utf8FaultOffset } from './utf8-check.js';

/** Containers inside containers, at most. */
export const MESSAGE_DEPTH_MAX = 64;

/** Values in one message, at most: an empty map is one byte here and about 60 in memory. */
export const MESSAGE_VALUE_COUNT_MAX = 4_194_304;

/** Bytes of one text, at most: half of what the longest string of the host can hold. */
export const MESSAGE_TEXT_SIZE_BYTES_MAX = 2 ** 28;

/** The farthest a Date can be from 1970. */
const TIMESTAMP_MS_MAX = 8.64e15;
const NANOSECONDS_MAX = 999_999_999;
const TIMESTAMP_EXTENSION = 0xff;

/**
 * How many bytes follow the tokens C0 to DF, where that is always the same; -1 where it is not, or
 * nothing may follow.
 */
const SCALAR_SIZES_BYTES = [
  // nil, never used, false, true; byte strings, extensions, floats
  ...[0, -1, 0, 0, -1, -1, -1, -1, -1, -1, 4, 8],
  // unsigned and signed integers
  ...[1, 2, 4, 8, 1, 2, 4, 8],
  // extensions; texts, arrays, maps
  ...[-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1],
];

const NO_BYTES: Uint8Array = new Uint8Array(0);
const PROTOTYPE_KEY = Uint8Array.from('__proto__', (character) => character.charCodeAt(0));

/**
 * Why a message does not pass. Its text completes "Cannot encode as msgpack:" and "Cannot decode as
 * msgpack:".
 */
export class MessageFault extends Error {}

/**
 * What to do about a half of a surrogate pair that is written as a character, as msgpackr writes
 * some: refuse the message, or put U+FFFD in its place, which has the same size.
 */
export type SurrogateRule = 'refuse' | 'replace';

/** Scans one message after the other. */
export class MessageScanner {
  /** The texts of the last message that msgpackr would shorten: offset and header size of each. */
  readonly markedTexts: MarkedText[] = [];

  #bytes = NO_BYTES;
  #offset = 0;
  #end = 0;
  #surrogateRule: SurrogateRule = 'refuse';
  #valueCount = 0;

  /**
   * The container being read: how many values are to come, whether it is a map, and where its keys
   * begin.
   */
  #pending = 0;
  #isMap = 0;
  #keyBase = 0;

  /** The containers around it, outermost first. */
  #depth = 0;
  readonly #outerPending = new Int32Array(MESSAGE_DEPTH_MAX + 1);
  readonly #outerIsMap = new Uint8Array(MESSAGE_DEPTH_MAX + 1);
  readonly #outerKeyBase = new Int32Array(MESSAGE_DEPTH_MAX + 1);
  readonly #keys = new MessageKeys();

  /**
   * Throws {@link MessageFault} unless `bytes[start, end)` is one message that may be decoded.
   * O(bytes).
   */
  scan(bytes: Uint8Array, start: number, end: number, surrogateRule: SurrogateRule): void {
    this.markedTexts.length = 0;
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
    this.#surrogateRule = surrogateRule;
    this.#valueCount = 0;
    this.#pending = 1;
    this.#isMap = 0;
    this.#keyBase = 0;
    this.#depth = 0;
    this.#keys.clear();
    try {
      this.#run();
    } finally {
      this.#bytes = NO_BYTES; // a message may be large
    }
    if (this.#offset !== end) throw new MessageFault('there are bytes after the value');
  }

  #run(): void {
    while (this.#pending > 0 || this.#depth > 0) {
      if (this.#pending === 0) {
        this.#leave();
        continue;
      }
      this.#pending--;
      // A map of n entries is 2n values, so what is left after a key is odd.
      if (this.#isMap === 1 && this.#pending % 2 === 1) this.#key();
      else this.#value();
    }
  }

  #value(): void {
    if (++this.#valueCount > MESSAGE_VALUE_COUNT_MAX) {
      throw new MessageFault(`it has more than ${MESSAGE_VALUE_COUNT_MAX} values`);
    }
    const token = this.#unsigned(1);
    if (token <= 0x7f || token >= 0xe0) return; // a small integer
    if (token <= 0x8f) this.#enter(2 * (token & 0x0f), 1);
    else if (token <= 0x9f) this.#enter(token & 0x0f, 0);
    else if (token <= 0xbf) this.#text(token & 0x1f, 1);
    else this.#longValue(token);
  }

  #longValue(token: number): void {
    const scalarSize = SCALAR_SIZES_BYTES[token - 0xc0];
    if (scalarSize >= 0) this.#skip(scalarSize);
    else if (token >= 0xc4 && token <= 0xc6) this.#skip(this.#unsigned(1 << (token - 0xc4)));
    else if (token >= 0xd9 && token <= 0xdb) this.#longText(1 << (token - 0xd9));
    else if (token === 0xdc || token === 0xdd) this.#enter(this.#unsigned(2 << (token - 0xdc)), 0);
    else if (token >= 0xde) this.#enter(2 * this.#unsigned(2 << (token - 0xde)), 1);
    else this.#timestamp(token);
  }

  /** The one extension that is let through: 32, 64 or 96 bits, as MessagePack defines it. */
  #timestamp(token: number): void {
    const size = token === 0xd6 ? 4 : token === 0xd7 ? 8 : token === 0xc7 ? this.#unsigned(1) : 0;
    const isSize = token === 0xc7 ? size === 12 : size > 0;
    if (!isSize || this.#unsigned(1) !== TIMESTAMP_EXTENSION) {
      throw new MessageFault(`it has a value that is not data (type 0x${token.toString(16)})`);
    }
    const high = this.#unsigned(4);
    if (size === 4) return;
    const nanoseconds = size === 8 ? high >>> 2 : high;
    const seconds = size === 8 ? this.#unsigned(4) : this.#signed64();
    // Fractions of the last second there is lie beyond it.
    const ms = seconds * 1000 + nanoseconds / 1e6;
    if (nanoseconds > NANOSECONDS_MAX || Math.abs(ms) > TIMESTAMP_MS_MAX) {
      throw new MessageFault('it has a date out of range');
    }
  }

  #key(): void {
    const token = this.#unsigned(1);
    let start = this.#offset;
    if (token >= 0xa0 && token <= 0xbf) {
      this.#text(token & 0x1f, 1);
    } else if (token >= 0xd9 && token <= 0xdb) {
      start += 1 << (token - 0xd9);
      this.#longText(1 << (token - 0xd9));
    } else {
      throw new MessageFault('it has a map key that is not text');
    }
    if (equalBytes(this.#bytes, start, this.#offset, PROTOTYPE_KEY, 0, PROTOTYPE_KEY.length)) {
      throw new MessageFault('it has a map key named __proto__');
    }
    if (!this.#keys.add(this.#bytes, start, this.#offset, this.#keyBase)) {
      throw new MessageFault('it has a map key that comes twice');
    }
  }

  #longText(lengthSizeBytes: number): void {
    this.#text(this.#unsigned(lengthSizeBytes), 1 + lengthSizeBytes);
  }

  #text(length: number, headerSizeBytes: number): void {
    if (length > MESSAGE_TEXT_SIZE_BYTES_MAX)
      throw new MessageFault('it has a text that is too long');
    const bytes = this.#bytes;
    const start = this.#offset;
    this.#skip(length);
    let fault = utf8FaultOffset(bytes, start, this.#offset);
    while (fault >= 0) {
      if (this.#surrogateRule === 'refuse' || !isEncodedSurrogate(bytes, fault, this.#offset)) {
        throw new MessageFault('it has a text that is not valid UTF-8');
      }
      bytes[fault] = 0xef;
      bytes[fault + 1] = 0xbf;
      bytes[fault + 2] = 0xbd;
      fault = utf8FaultOffset(bytes, fault + 3, this.#offset);
    }
    if (length >= SHORTENED_TEXT_SIZE_BYTES_MIN && hasByteOrderMark(bytes, start)) {
      this.markedTexts.push({ offset: start, length, headerSizeBytes });
    }
  }

  /**
   * Begins a container of `count` values. Each takes a byte at least, so a count is checked before
   * it is believed.
   */
  #enter(count: number, isMap: number): void {
    if (count > this.#end - this.#offset) throw new MessageFault('it ends too early');
    if (this.#depth === MESSAGE_DEPTH_MAX) {
      throw new MessageFault(`it is nested more than ${MESSAGE_DEPTH_MAX} deep`);
    }
    this.#outerPending[this.#depth] = this.#pending;
    this.#outerIsMap[this.#depth] = this.#isMap;
    this.#outerKeyBase[this.#depth] = this.#keyBase;
    this.#depth++;
    this.#pending = count;
    this.#isMap = isMap;
    this.#keyBase = this.#keys.count;
  }

  #leave(): void {
    this.#keys.dropFrom(this.#keyBase);
    this.#depth--;
    this.#pending = this.#outerPending[this.#depth];
    this.#isMap = this.#outerIsMap[this.#depth];
    this.#keyBase = this.#outerKeyBase[this.#depth];
  }

  #skip(length: number): void {
    if (length > this.#end - this.#offset) throw new MessageFault('it ends too early');
    this.#offset += length;
  }

  /** Reads a big-endian integer of 1, 2 or 4 bytes. */
  #unsigned(sizeBytes: number): number {
    const start = this.#offset;
    this.#skip(sizeBytes);
    let value = this.#bytes[start];
    for (let index = 1; index < sizeBytes; index++) {
      value = value * 256 + this.#bytes[start + index];
    }
    return value;
  }

  /** Reads a big-endian integer of 8 bytes, rounded if it is large. */
  #signed64(): number {
    const high = this.#unsigned(4) | 0;
    return high * 2 ** 32 + this.#unsigned(4);
  }
}
