// The only importer of msgpackr, and where its gaps are closed.
//
// The build replaces this module in dist by a bundle that contains msgpackr's plain JavaScript
// (tools/build), so that nobody who installs the engine also gets its optional native part, whose
// install script runs on their machine.
//
// Left to itself msgpackr writes a Set as an array, a Promise as an empty map and a Float64Array as
// bytes that are partly stale memory. `LossyObject` makes it refuse them instead. Everything that
// arrives here to be decoded has passed MessageScanner.

import { addExtension, Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import { describeType } from './encoding.js';
import { allocateBuffer } from './native-bytes.js';

const packr = new Packr({
  useRecords: false, // records are an extension of msgpackr's own, decoded by code made at run time
  variableMapSize: true, // the shortest header of a map, which saves two bytes for every small object
  encodeUndefinedAsNil: true,
  moreTypes: false,
  structuredClone: false,
});

const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  structuredClone: false,
  copyBuffers: true, // a byte string of its own instead of a view on the message
});

const LOSSY_CLASSES = [
  Set,
  Map, // reached for subclasses only: a plain Map with text as keys is written as a map
  WeakMap,
  WeakSet,
  Promise,
  Error,
  RegExp,
  ArrayBuffer,
  SharedArrayBuffer,
  String,
  Number,
  Boolean,
];

/** `value instanceof LossyObject` asks whether MessagePack would not give back what `value` is. */
const LossyObject = {
  [Symbol.hasInstance](value: object): boolean {
    if (value instanceof Uint8Array || value instanceof Date) return false;
    // What says how it wants to be stored is stored that way.
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false;
    if (typeof value === 'function' || ArrayBuffer.isView(value)) return true;
    return LOSSY_CLASSES.some((lossy) => value instanceof lossy);
  },
};

addExtension({
  Class: LossyObject as unknown as FunctionConstructor,
  write(value: object): never {
    const type = describeType(value);
    throw new TypeError(`Cannot encode as msgpack: a ${type} would not be read back as one`);
  },
});

/** A buffer of msgpackr's that has grown past this size is given up again. */
const KEPT_BUFFER_SIZE_BYTES_MAX = 1_048_576;
const FRESH_BUFFER_SIZE_BYTES = 8_192;

/** Messages under way: a getter or toJSON may encode another one. */
let depth = 0;

/**
 * Gives the message of `value`, in memory that no later message uses. Throws TypeError for what
 * MessagePack does not have, and whatever a getter or toJSON throws.
 */
export function packMessage(value: unknown): Uint8Array {
  depth += 1;
  try {
    const message = packr.pack(value);
    // Not within another message, which goes on in the buffer that it has.
    if (depth === 1 && message.buffer.byteLength > KEPT_BUFFER_SIZE_BYTES_MAX) {
      packr.useBuffer(allocateBuffer(FRESH_BUFFER_SIZE_BYTES));
    }
    return message;
  } catch (error) {
    const reason = reasonOf(error);
    throw reason === undefined ? error : new TypeError(`Cannot encode as msgpack: ${reason}`);
  } finally {
    depth -= 1;
  }
}

/** Gives the value of the message `bytes[0, end)`. Requires: it has passed MessageScanner. */
export function unpackMessage(bytes: Uint8Array, end: number): unknown {
  return unpackr.unpack(bytes, end);
}

/** What a failure of msgpackr itself means, or `undefined` for an error that is not its own. */
function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.startsWith('Unknown type: symbol')) return 'a symbol has no bytes';
  if (error.message.includes('MessagePack 64-bit integer')) return 'a bigint has more than 64 bits';
  if (error.message.startsWith('Maximum call stack'))
    return 'it is nested too deep, or holds itself';
  return undefined;
}
