// The keys of the maps of a MessagePack message that are still being read, to find one that comes
// twice.
//
// Two equal keys in a map would be two values of which a reader sees one. The keys are ranges of
// the message; those of inner maps stand above those of outer ones and are dropped when the map
// ends. Small maps compare each key with those before it, large ones use a set, so that a message
// cannot ask for quadratic time.

import { equalBytes } from '@varve/base';
import { readUtf8 } from './native-bytes.js';

/** Keys of one map that are compared one with another. */
const COMPARED_KEY_COUNT_MAX = 16;

/** The keys of all open maps, innermost last. */
export class MessageKeys {
  /** How many keys there are. A map that begins now has its keys from here on. */
  count = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  /** The keys of large maps, by where they begin. */
  readonly #sets = new Map<number, Set<string>>();

  /** Forgets everything. */
  clear(): void {
    this.count = 0;
    this.#sets.clear();
  }

  /** Ends the map whose keys are from `base` on. */
  dropFrom(base: number): void {
    if (this.count - base > COMPARED_KEY_COUNT_MAX) this.#sets.delete(base);
    this.count = base;
  }

  /**
   * Adds the key `bytes[start, end)` to the map whose keys are from `base` on, and says whether it
   * is new there. Requires: the bytes are valid UTF-8.
   */
  add(bytes: Uint8Array, start: number, end: number, base: number): boolean {
    const isNew =
      this.count - base < COMPARED_KEY_COUNT_MAX
        ? !this.#isAmong(bytes, start, end, base)
        : this.#addToSet(bytes, start, end, base);
    this.#starts[this.count] = start;
    this.#ends[this.count] = end;
    this.count++;
    return isNew;
  }

  #isAmong(bytes: Uint8Array, start: number, end: number, base: number): boolean {
    for (let index = base; index < this.count; index++) {
      if (equalBytes(bytes, start, end, bytes, this.#starts[index], this.#ends[index])) return true;
    }
    return false;
  }

  #addToSet(bytes: Uint8Array, start: number, end: number, base: number): boolean {
    let keys = this.#sets.get(base);
    if (keys === undefined) {
      keys = new Set();
      for (let index = base; index < this.count; index++) {
        keys.add(textOf(bytes, this.#starts[index], this.#ends[index]));
      }
      this.#sets.set(base, keys);
    }
    return keys.size !== keys.add(textOf(bytes, start, end)).size;
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return readUtf8(bytes, start, end) ?? '';
}
