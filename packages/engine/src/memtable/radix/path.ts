// A place in a radix tree: the explicit stack of nodes from the root to one key, which moves both ways in key order.
//
// The stack holds a node and a position in it per level, so a step to the next key mostly stays in one node. It is only
// right as long as no key is inserted: who uses it compares the modification count of the tree and seeks again.
// `words` is given to every call and not kept, because the array is replaced when it grows.

import { commonPrefixLength, compareBytes } from '@varve/base';
import { decodeEntry, EntrySlots } from '../entry-format.js';
import { depthOf, SAMPLE_KEY_WORD } from './layout.js';
import {
  byteAt,
  END_POSITION,
  keySlotAfter,
  NO_POSITION,
  positionAfter,
  positionBefore,
  positionFromByte,
  slotAt,
} from './navigation.js';
import { entryOffsetOf, newestVersion } from './version-chain.js';

/** The lone key that a seek meets; reused, because a seek never runs inside another. */
const lone = new EntrySlots();

/** Moves over the keys of one tree. */
export class RadixPath {
  /** The slot of the current key, or 0 if there is none. */
  slot = 0;
  readonly #nodes: number[] = [];
  readonly #positions: number[] = [];
  #top = -1;

  /** Moves to the first key of the tree with the root in `rootSlot`. */
  first(words: Int32Array, rootSlot: number): void {
    this.#top = -1;
    this.#descendToFirst(words, rootSlot);
  }

  /** Moves to the last key of the tree with the root in `rootSlot`. */
  last(words: Int32Array, rootSlot: number): void {
    this.#top = -1;
    this.#descendToLast(words, rootSlot);
  }

  /** Moves to the next key. Requires: there is a current key, and no key was inserted since the last move. */
  next(words: Int32Array): void {
    if (this.#top >= 0 && this.#nextInNode(words)) return;
    while (this.#top >= 0) {
      const node = this.#nodes[this.#top];
      const position = positionAfter(words, node, this.#positions[this.#top]);
      if (position !== NO_POSITION) {
        this.#positions[this.#top] = position;
        this.#descendToFirst(words, slotAt(words, node, position));
        return;
      }
      this.#top--;
    }
    this.slot = 0;
  }

  /** Moves to the key before. Requires: as for {@link next}. */
  previous(words: Int32Array): void {
    while (this.#top >= 0) {
      const node = this.#nodes[this.#top];
      const position = positionBefore(words, node, this.#positions[this.#top]);
      if (position !== NO_POSITION) {
        this.#positions[this.#top] = position;
        this.#descendToLast(words, slotAt(words, node, position));
        return;
      }
      this.#top--;
    }
    this.slot = 0;
  }

  /** Moves to the first key that is `key[start, end)` or after it, in the tree with the root in `rootSlot`. O(key length). */
  seek(
    words: Int32Array,
    rootSlot: number,
    arena: Uint8Array,
    key: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#top = -1;
    // The slot whose keys are not known to be all before the key; 0 if there is none left.
    let slot = rootSlot;
    let level = 0;
    while (words[slot] > 0) {
      const node = words[slot];
      const depth = depthOf(words[node]);
      const path = words[node + SAMPLE_KEY_WORD];
      level += commonPrefixLength(arena, path + level, path + depth, key, start + level, end);
      const next = start + level;
      if (next === end) break;
      if (level < depth) {
        if (arena[path + level] < key[next]) slot = 0;
        break;
      }
      const position = positionFromByte(words, node, key[next]);
      if (position === NO_POSITION) {
        slot = 0;
        break;
      }
      this.#push(node, position);
      slot = slotAt(words, node, position);
      if (byteAt(words, node, position) !== key[next]) break;
      level++;
    }
    if (words[slot] < 0 && loneKeyIsBefore(words, slot, arena, key, start, end)) slot = 0;
    if (slot === 0) this.next(words);
    else this.#descendToFirst(words, slot);
  }

  /** The commonest step, apart because it is worth a fifth of the time of a scan. Gives whether it was possible. */
  #nextInNode(words: Int32Array): boolean {
    const position = this.#positions[this.#top];
    const slot = keySlotAfter(words, this.#nodes[this.#top], position);
    if (slot === 0) return false;
    this.#positions[this.#top] = position + 1;
    this.slot = slot;
    return true;
  }

  #descendToFirst(words: Int32Array, from: number): void {
    let slot = from;
    let reference = words[slot];
    while (reference > 0) {
      const position = positionAfter(words, reference, NO_POSITION);
      this.#push(reference, position);
      slot = slotAt(words, reference, position);
      reference = words[slot];
    }
    this.slot = reference === 0 ? 0 : slot;
  }

  #descendToLast(words: Int32Array, from: number): void {
    let slot = from;
    let reference = words[slot];
    while (reference > 0) {
      const position = positionBefore(words, reference, END_POSITION);
      this.#push(reference, position);
      slot = slotAt(words, reference, position);
      reference = words[slot];
    }
    this.slot = reference === 0 ? 0 : slot;
  }

  #push(node: number, position: number): void {
    this.#top++;
    this.#nodes[this.#top] = node;
    this.#positions[this.#top] = position;
  }
}

function loneKeyIsBefore(
  words: Int32Array,
  slot: number,
  arena: Uint8Array,
  key: Uint8Array,
  start: number,
  end: number,
): boolean {
  decodeEntry(arena, entryOffsetOf(words, newestVersion(words, slot)), lone);
  return compareBytes(arena, lone.keyStart, lone.keyEnd, key, start, end) < 0;
}
