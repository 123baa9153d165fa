// Exact search in the radix tree.
//
// On the way down only the bytes that select a child are looked at; compressed paths are skipped unread. The one key the
// descent can end at is then compared whole. That is one read of the arena per search, and none for most misses.

import { equalBytes } from '@varve/base';
import { decodeEntry, EntrySlots } from '../entry-format.js';
import { depthOf, TERMINATOR_WORD } from './layout.js';
import { findSlot } from './node.js';
import { entryOffsetOf, newestVersion } from './version-chain.js';

/** The key that is compared; reused, because a search never runs inside another. */
const candidate = new EntrySlots();

/**
 * The slot of exactly `key[start, end)` in the tree with the root in `rootSlot`, or 0. `arena` holds the keys of the
 * tree. Writes nothing to either. O(key length).
 */
export function findKey(
  words: Int32Array,
  rootSlot: number,
  arena: Uint8Array,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  let slot = rootSlot;
  let reference = words[slot];
  while (reference > 0) {
    const header = words[reference];
    const next = start + depthOf(header);
    if (next < end) slot = findSlot(words, reference, header, key[next]);
    else if (next === end) slot = reference + TERMINATOR_WORD;
    else return 0;
    reference = words[slot];
  }
  if (reference === 0) return 0;
  decodeEntry(arena, entryOffsetOf(words, newestVersion(words, slot)), candidate);
  return equalBytes(arena, candidate.keyStart, candidate.keyEnd, key, start, end) ? slot : 0;
}
