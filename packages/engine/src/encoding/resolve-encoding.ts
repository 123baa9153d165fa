// From what a user says to an encoding, with the type of its values.

import { binaryEncoding } from './binary-encoding.js';
import { type CustomEncoding, describeType, type Encoding } from './encoding.js';
import { FunctionEncoding } from './function-encoding.js';
import { JsonEncoding } from './json-encoding.js';
import { MsgpackEncoding } from './msgpack-encoding.js';
import { type Tuple, TupleEncoding } from './tuple-encoding.js';
import { utf8Encoding } from './utf8-encoding.js';

/** The built-in encodings and the types of their values. */
export interface EncodingValues {
  /** Strings; they order by code point. */
  utf8: string;
  /** Bytes; what is read is a copy. */
  binary: Uint8Array;
  /** What JSON.stringify takes. */
  json: unknown;
  /** What MessagePack has: also bytes, dates and bigints of 64 bits. */
  msgpack: unknown;
  /** Arrays that order element by element. */
  tuple: Tuple;
}

/** The name of a built-in encoding. */
export type EncodingName = keyof EncodingValues;

/** What an option such as `keyEncoding` takes: a name, two functions, or an encoding that works in place. */
export type EncodingOption = EncodingName | CustomEncoding<unknown> | Encoding<unknown>;

/** The type of the values of an encoding: `ValueOf<'utf8'>` is `string`. */
export type ValueOf<Option extends EncodingOption> = Option extends EncodingName
  ? EncodingValues[Option]
  : Option extends CustomEncoding<infer T>
    ? T
    : Option extends Encoding<infer T>
      ? T
      : never;

const CUSTOM_NAME_DEFAULT = 'custom';
const CUSTOM_NAME_LENGTH_MAX = 64;

/** Makes the encoding; those with memory of their own must not be shared by keys and values. */
const BUILT_IN: { readonly [Name in EncodingName]: () => Encoding<EncodingValues[Name]> } = {
  utf8: () => utf8Encoding,
  binary: () => binaryEncoding,
  json: () => new JsonEncoding(),
  msgpack: () => new MsgpackEncoding(),
  tuple: () => new TupleEncoding(),
};

/** The built-in encodings without memory of their own, for composing encodings of one's own. */
export const encodings: {
  /** Strings. Reading bytes that are not UTF-8 throws CORRUPTION. */
  readonly utf8: Encoding<string>;
  /** Bytes. */
  readonly binary: Encoding<Uint8Array>;
} = { utf8: utf8Encoding, binary: binaryEncoding };

const STATELESS: ReadonlySet<unknown> = new Set(Object.values(encodings));

/**
 * Gives the encoding that `option` names or is. Call it once for keys and once for values. Throws
 * TypeError for what is neither a name nor two functions, RangeError for a name that is unknown,
 * too long or taken.
 */
export function resolveEncoding<const Option extends EncodingOption>(
  option: Option,
): Encoding<ValueOf<Option>> {
  const encoding: unknown =
    typeof option === 'string' ? builtInEncoding(option) : ownEncoding(option);
  return encoding as Encoding<ValueOf<Option>>;
}

/** What a keyspace reads and writes with. */
export interface EncodingPair {
  readonly key: Encoding<unknown>;
  readonly value: Encoding<unknown>;
}

/**
 * Gives the encodings of a keyspace. Throws what {@link resolveEncoding} throws, and TypeError where one object is to be
 * both.
 */
export function resolveEncodings(key: EncodingOption, value: EncodingOption): EncodingPair {
  return checkedPair({ key: resolveEncoding(key), value: resolveEncoding(value) });
}

/** Gives the pair back. Throws TypeError where one object with memory of its own is to be both. */
export function checkedPair(pair: EncodingPair): EncodingPair {
  const { key, value } = pair;
  // Whoever keeps what sizeBound() made for write() would write the value in place of the key.
  if (key !== value || STATELESS.has(key)) return pair;
  throw new TypeError(
    `Cannot use one encoding object, "${key.name}", for both keys and values: it is asked for the sizes of both before it writes either; give two objects`,
  );
}

function builtInEncoding(name: string): unknown {
  if (!isBuiltIn(name)) {
    const known = Object.keys(BUILT_IN).join(', ');
    throw new RangeError(`Cannot use an encoding named "${name}": there are ${known}`);
  }
  return BUILT_IN[name]();
}

function ownEncoding(option: CustomEncoding<unknown> | Encoding<unknown>): unknown {
  const { encode, decode } = Object(option) as Partial<CustomEncoding<unknown>>;
  if (isInPlace(option)) {
    checkName(option.name);
    return option;
  }
  if (typeof encode !== 'function' || typeof decode !== 'function') {
    const received = describeType(option);
    throw new TypeError(
      `Cannot use an encoding: expected a name or { encode, decode }, received ${received}`,
    );
  }
  const { name = CUSTOM_NAME_DEFAULT } = option;
  checkName(name);
  return new FunctionEncoding(name, option as CustomEncoding<unknown>);
}

function isInPlace(option: object): option is Encoding<unknown> {
  const { sizeBound, write, read } = Object(option) as Partial<Encoding<unknown>>;
  return (
    typeof sizeBound === 'function' && typeof write === 'function' && typeof read === 'function'
  );
}

function checkName(name: string): void {
  if (typeof name !== 'string') {
    throw new TypeError(
      `Cannot use an encoding: its name must be a string, received ${describeType(name)}`,
    );
  }
  if (name.length === 0 || name.length > CUSTOM_NAME_LENGTH_MAX || isBuiltIn(name)) {
    throw new RangeError(
      `Cannot use an encoding named "${name}": expected 1 to ${CUSTOM_NAME_LENGTH_MAX} characters and no built-in name`,
    );
  }
}

function isBuiltIn(name: string): name is EncodingName {
  return Object.hasOwn(BUILT_IN, name);
}
