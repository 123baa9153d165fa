// The key bounds of the tables of a level, packed for searching: see SortedKeys of @varve/base.
//
//   slab    | largest key 0 | largest key 1 | ... | smallest key 0 | smallest key 1 | ... |

import { assert, compareBytes, SortedKeys } from '@varve/base';
import type { TableMetadata } from './table-metadata.js';

/** See the head of this file. Tables are named by their index. */
export class PackedKeys {
  readonly #slab: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #largest: SortedKeys;

  /** Copies the keys of `tables`. Requires: they are ordered by their largest keys, to be searched. */
  constructor(tables: readonly TableMetadata[]) {
    const keys = [
      ...tables.map(({ largestKey }) => largestKey),
      ...tables.map(({ smallestKey }) => smallestKey),
    ];
    const sizeBytes = keys.reduce((sum, key) => sum + key.length, 0);
    assert(keys.length === tables.length * 2, 'every table has two key bounds');
    assert(sizeBytes <= 0xffff_ffff, 'the key bounds of a level fit 32-bit offsets');
    this.#slab = new Uint8Array(sizeBytes);
    this.#ends = new Uint32Array(keys.length);
    let offset = 0;
    for (const [keyIndex, key] of keys.entries()) {
      this.#slab.set(key, offset);
      offset += key.length;
      this.#ends[keyIndex] = offset;
    }
    assert(offset === sizeBytes, 'the slab is filled to its last byte');
    this.#largest = SortedKeys.of(this.#slab, this.#ends, tables.length);
    assert(this.#largest.count === tables.length, 'the largest key of every table is searched');
  }

  /** The first table whose largest key is at or after `key[start, end)`; the table count if none is. */
  firstAtOrAfter(key: Uint8Array, start: number, end: number): number {
    assert(start <= end, 'a key ends at or after its start');
    assert(end <= key.length, 'a key lies in its buffer');
    return this.#largest.firstAtOrAfter(key, start, end);
  }

  /** Whether the largest key of the table at `index` is at or after the key. */
  endsAtOrAfter(index: number, key: Uint8Array, start: number, end: number): boolean {
    assert(index >= 0, 'tables are counted from 0 on');
    assert(index < this.#largest.count, 'a key is compared with a table that is there');
    return this.#largest.compare(index, key, start, end) >= 0;
  }

  /** Whether the smallest key of the table at `index` is at or before the key. */
  startsAtOrBefore(index: number, key: Uint8Array, start: number, end: number): boolean {
    const ends = this.#ends;
    const keyIndex = this.#largest.count + index;
    assert(keyIndex > 0, 'the smallest keys stand behind the largest key of a table');
    assert(keyIndex < ends.length, 'a key is compared with a table that is there');
    return compareBytes(this.#slab, ends[keyIndex - 1], ends[keyIndex], key, start, end) <= 0;
  }
}
