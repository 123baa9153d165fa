// What an encoding is: the typed edge of an engine that knows nothing but bytes.
//
// `Encoding` is the inner form; a user may bring one too, where copies count. It writes straight into the memory where the bytes are to stay (the
// arena of a memtable), so that a put makes no copy and no view, and it reads a range of a larger
// buffer. `CustomEncoding` is the outer form, two functions that a user can write in a minute.
// Everything that can go wrong with an argument is a TypeError or RangeError thrown by
// `sizeBound()` or `write()`, before the engine has done anything; bytes that cannot be decoded are
// a StorageError. Messages name types, sizes and positions, never what a key or value holds: they
// end up in logs.

import { StorageError } from '@varve/base';

/**
 * Turns values of one type into bytes and back, in the engine's own memory: nothing is copied but the value itself. It is
 * trusted to keep its promises, since nothing is checked between it and the arena; `CustomEncoding` is checked, and easier.
 *
 * One object serves the keys or the values of a keyspace, not both, since the sizes of both are asked for before either is
 * written: make two.
 */
export interface Encoding<T> {
  /**
   * Is stored with the keyspace, so that it is not opened with another encoding by mistake. 1 to 64 characters, not the name
   * of a built-in encoding.
   */
  readonly name: string;
  /**
   * Gives how many bytes `write()` may touch, at most; it often needs fewer. Throws TypeError or
   * RangeError for a value that has no encoding. O(1) for `utf8` and `binary`; the others do their
   * work here.
   */
  sizeBound(value: T): number;
  /**
   * Writes `value` at `offset` and gives the offset after its last byte. Requires:
   * `sizeBound(value)` was the last call on this encoding, and `target` has that much room after
   * `offset`.
   */
  write(value: T, target: Uint8Array, offset: number): number;
  /**
   * Gives the value held by `bytes[start, end)`, sharing no memory with it. Throws `CORRUPTION`
   * where these are not bytes that `write()` makes.
   */
  read(bytes: Uint8Array, start: number, end: number): T;
  /**
   * As `read()`, of `length` bytes at `offset` of memory that belongs to the reader already, so that the value may share it.
   * Only encodings have it for which that spares a copy. The memory itself is given, because asking an array for its buffer
   * costs as much as a view.
   */
  readOwned?(memory: ArrayBuffer, offset: number, length: number): T;
}

/**
 * An encoding of your own: pass it where the name of a built-in one is expected. The functions are
 * called in the middle of a read or write, so they must not use the database themselves.
 */
export interface CustomEncoding<T> {
  /**
   * Is stored with the keyspace; opening that again with an encoding of another name is refused. 1
   * to 64 characters, not the name of a built-in encoding. Default: `'custom'`.
   */
  readonly name?: string;
  /**
   * Gives the bytes of `value`. They are copied before anything else happens, so the same buffer
   * may be used again.
   */
  encode(value: T): Uint8Array;
  /**
   * Gives the value of `bytes`, which are its own to keep. What it throws becomes the cause of a
   * `CORRUPTION`.
   */
  decode(bytes: Uint8Array): T;
}

/** The error for a value that has no encoding: what was wanted, and the type of what came. */
export function refusedType(encodingName: string, wanted: string, value: unknown): TypeError {
  return new TypeError(
    `Cannot encode as ${encodingName}: expected ${wanted}, received ${describeType(value)}`,
  );
}

/** The error for bytes that cannot be decoded. */
export function undecodable(encodingName: string, reason: string, cause?: unknown): StorageError {
  const message = `Cannot decode as ${encodingName}: ${reason}`;
  return new StorageError('CORRUPTION', message, { where: 'value', cause });
}

/** Names the type of `value` without showing what it holds. */
export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}
