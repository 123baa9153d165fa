// 'msgpack': MessagePack, with nothing in it but data.
//
// Read back as they were: null, booleans, numbers (-0 as 0), bigints of 64 bits, strings, Date,
// Uint8Array, arrays, and objects by their own fields. `undefined` becomes null, a Map with text
// keys an object, an object of a class with toJSON what that gives. What would come back as
// something else is refused at the put: other collections and typed arrays, functions, references
// in a circle, more than 64 levels or about four million values.

import { copyBytes } from '@varve/base';
import { doubleByteOrderMarks } from './byte-order-marks.js';
import { refusedType, undecodable } from './encoding.js';
import { MessageFault, MessageScanner } from './message-scanner.js';
import { packMessage, unpackMessage } from './msgpack-library.js';
import { StagedEncoding } from './staged-encoding.js';

/** Messages up to this size are decoded from a buffer that is used again and again. */
const SCRATCH_SIZE_BYTES = 65_536;

/** The encoding `'msgpack'`. */
export class MsgpackEncoding extends StagedEncoding<unknown, Uint8Array> {
  readonly name = 'msgpack';
  readonly #scanner = new MessageScanner();
  readonly #scratch = new Uint8Array(SCRATCH_SIZE_BYTES);

  read(bytes: Uint8Array, start: number, end: number): unknown {
    // The copy is never shared memory, which msgpackr's decoder of text does not take, and starts
    // at 0, for which it is fastest.
    const length = end - start;
    const message = length <= SCRATCH_SIZE_BYTES ? this.#scratch : new Uint8Array(length);
    copyBytes(bytes, start, end, message, 0);
    const { markedTexts } = this.#scanner;
    try {
      this.#scanner.scan(message, 0, length, 'refuse');
      if (markedTexts.length === 0) return unpackMessage(message, length);
      const doubled = doubleByteOrderMarks(message, 0, length, markedTexts);
      return unpackMessage(doubled, doubled.length);
    } catch (error) {
      // Any failure means damage, also a RangeError. An error of msgpackr may quote the value, so
      // it is not kept as the cause.
      throw undecodable('msgpack', error instanceof MessageFault ? error.message : 'unreadable');
    }
  }

  protected stage(value: unknown): Uint8Array {
    if (value === undefined) throw refusedType('msgpack', 'a value that MessagePack has', value);
    const message = packMessage(value);
    try {
      this.#scanner.scan(message, 0, message.length, 'replace');
    } catch (error) {
      if (!(error instanceof MessageFault)) throw error;
      throw new TypeError(`Cannot encode as msgpack: ${error.message}`);
    }
    return message;
  }

  protected stagedSizeBound(message: Uint8Array): number {
    return message.length;
  }

  protected writeStaged(message: Uint8Array, target: Uint8Array, offset: number): number {
    copyBytes(message, 0, message.length, target, offset);
    return offset + message.length;
  }
}
