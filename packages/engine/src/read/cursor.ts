/**
 * The cursor: the cheapest way to walk entries in either direction. Nothing is allocated per step; keys and values are
 * decoded, or viewed, only when asked for.
 */
import { StorageError } from '@varve/base';
import type { ReadFormat } from './point-reader.js';
import { encodeKey, encodeRange, type RangeOptions } from './range.js';
import { RangeCursor, type RangeHost } from './range-cursor.js';

/** The range of a cursor: its direction and length are up to its moves. */
export type CursorOptions<K> = Omit<RangeOptions<K>, 'reverse' | 'limit'>;

/**
 * A position in a range of a keyspace, as of the moment the cursor was made. Close it when done (`using cursor = …`):
 * until then it keeps the files and memory it may read. All methods are synchronous.
 *
 * Errors of every move: ITERATOR_CLOSED after closing; CORRUPTION, IO from reading.
 */
export class Cursor<K, V> {
  readonly #range: RangeCursor;
  readonly #format: ReadFormat<K, V>;

  /** Made by `cursor()` of a database or keyspace. */
  constructor(host: RangeHost, format: ReadFormat<K, V>, options: CursorOptions<K>) {
    const bounds = encodeRange(format.key, options);
    const { snapshot, signal } = bounds;
    this.#format = format;
    this.#range = new RangeCursor(host, {
      keyspaceId: format.keyspaceId,
      bounds,
      snapshot,
      signal,
      wait: 'sync',
    });
    host.handles.watch(this, this.#range, 'cursor');
  }

  /** Whether the cursor stands on an entry. */
  get valid(): boolean {
    return this.#range.isOpen && this.#range.inner.valid;
  }

  /** To the first entry of the range. */
  first(): boolean {
    this.#range.assertOpen();
    this.#range.inner.first();
    return this.#range.inner.valid;
  }

  /** To the last entry of the range. */
  last(): boolean {
    this.#range.assertOpen();
    this.#range.inner.last();
    return this.#range.inner.valid;
  }

  /** To the first entry of the range whose key is at or after `key`. */
  seek(key: K): boolean {
    this.#range.assertOpen();
    const bytes = encodeKey(this.#format.key, key);
    this.#range.inner.seek(bytes, 0, bytes.length);
    return this.#range.inner.valid;
  }

  /** To the last entry of the range whose key is before `key`. */
  seekBefore(key: K): boolean {
    this.#range.assertOpen();
    const bytes = encodeKey(this.#format.key, key);
    this.#range.inner.seekBackward(bytes, 0, bytes.length);
    return this.#range.inner.valid;
  }

  /** To the next entry. Requires: `valid`. */
  next(): boolean {
    this.#assertValid();
    this.#range.inner.next();
    return this.#range.inner.valid;
  }

  /** To the entry before. Requires: `valid`. */
  previous(): boolean {
    this.#assertValid();
    this.#range.inner.previous();
    return this.#range.inner.valid;
  }

  /** The key, decoded: the caller's own. */
  get key(): K {
    this.#assertValid();
    const { keyBytes, keyOffset, keyLength } = this.#range.inner;
    return this.#format.key.read(keyBytes, keyOffset, keyOffset + keyLength);
  }

  /** The value, decoded: the caller's own. */
  get value(): V {
    this.#assertValid();
    const { valueBytes, valueOffset, valueLength } = this.#range.inner;
    return this.#format.value.read(valueBytes, valueOffset, valueOffset + valueLength);
  }

  /** The encoded key: a view into the engine's memory, valid until the next move. Do not write to it. */
  get keyBytes(): Uint8Array {
    this.#assertValid();
    const { keyBytes, keyOffset, keyLength } = this.#range.inner;
    return keyBytes.subarray(keyOffset, keyOffset + keyLength);
  }

  /** The encoded value: a view into the engine's memory, valid until the next move. Do not write to it. */
  get valueBytes(): Uint8Array {
    this.#assertValid();
    const { valueBytes, valueOffset, valueLength } = this.#range.inner;
    return valueBytes.subarray(valueOffset, valueOffset + valueLength);
  }

  /** Gives back what the cursor holds. May be called more than once. */
  close(): void {
    this.#range.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertValid(): void {
    this.#range.assertOpen();
    if (this.#range.inner.valid) return;
    throw new StorageError(
      'INVALID_ARGUMENT',
      'Cannot use this cursor: it stands on no entry; call first(), last() or seek() and check valid',
    );
  }
}
