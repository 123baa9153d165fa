// Insertion into the radix tree.
//
// One descent along the key, with `level` bytes of it known to be shared with everything below. It ends at one of
//   1. a path (compressed in front of a node, or the rest of a lone key) that parts from the key: a node goes in between
//   2. a node without a child for the key's next byte: it gets one
//   3. an empty slot (root, terminator, or child in a node of kind 256): the key goes there
//   4. a lone key that is the same: it gets a newer version
// Nothing below the place of change is touched, because nodes know their depth from the start of the key.

import { commonPrefixLength } from '@varve/base';
import { decodeEntry, EntrySlots } from '../entry-format.js';
import { depthOf, SAMPLE_KEY_WORD, SLOT_SEQUENCE_WORD, TERMINATOR_WORD } from './layout.js';
import type { RadixMemory } from './memory.js';
import { addChild, createNode, findSlot } from './node.js';
import { addVersion, entryOffsetOf, newestVersion } from './version-chain.js';

/** What {@link insertEntry} did. */
export const InsertResult = {
  /** The key was there: it has one more version, and no node changed. */
  NEW_VERSION: 0,
  /** The key is new: positions inside nodes may have changed. */
  NEW_KEY: 1,
} as const;

/** The lone key that an insert meets; reused, because one thread makes inserts, one after the other. */
const lone = new EntrySlots();

/**
 * Indexes `entry`, which starts at `entryOffset` of `arena`, in the tree with the root in `rootSlot`. Requires:
 * `memory.prepareInsert()` was called; the sequence is higher than that of any version in the tree. Gives an
 * {@link InsertResult}. O(key length).
 */
export function insertEntry(
  memory: RadixMemory,
  rootSlot: number,
  arena: Uint8Array,
  entryOffset: number,
  entry: EntrySlots,
  relativeSequence: number,
): number {
  const words = memory.words;
  const keyStart = entry.keyStart;
  const keyEnd = entry.keyEnd;
  let level = 0;
  let slot = rootSlot;
  let reference = words[slot];
  while (reference > 0) {
    const header = words[reference];
    const depth = depthOf(header);
    if (depth > level) {
      const path = words[reference + SAMPLE_KEY_WORD];
      const pathEnd = path + depth;
      level += commonPrefixLength(arena, path + level, pathEnd, arena, keyStart + level, keyEnd);
      if (level < depth) {
        splitPath(memory, slot, arena, path, pathEnd, level);
        break;
      }
    }
    let next = reference + TERMINATOR_WORD;
    if (keyStart + depth < keyEnd) {
      next = findSlot(words, reference, header, arena[keyStart + depth]);
      if (next === 0) break;
      level++;
    }
    slot = next;
    reference = words[slot];
  }
  if (reference < 0) {
    decodeEntry(arena, entryOffsetOf(words, newestVersion(words, slot)), lone);
    const path = lone.keyStart;
    const pathEnd = lone.keyEnd;
    level += commonPrefixLength(arena, path + level, pathEnd, arena, keyStart + level, keyEnd);
    if (path + level === pathEnd && keyStart + level === keyEnd) {
      addVersion(memory, slot, entryOffset, relativeSequence);
      return InsertResult.NEW_VERSION;
    }
    splitPath(memory, slot, arena, path, pathEnd, level);
  }
  const keySlot = reference === 0 ? slot : slotFor(memory, slot, arena, keyStart, keyEnd);
  words[keySlot] = ~entryOffset;
  words[keySlot + SLOT_SEQUENCE_WORD] = relativeSequence;
  return InsertResult.NEW_KEY;
}

/**
 * Puts a node of `depth` between `slot` and what it holds, whose path is `arena[path, pathEnd)`. Requires:
 * `depth <= pathEnd - path`.
 */
function splitPath(
  memory: RadixMemory,
  slot: number,
  arena: Uint8Array,
  path: number,
  pathEnd: number,
  depth: number,
): void {
  const words = memory.words;
  const reference = words[slot];
  const sequence = words[slot + SLOT_SEQUENCE_WORD];
  words[slot] = createNode(memory, path, depth);
  const lower = slotFor(memory, slot, arena, path, pathEnd);
  words[lower] = reference;
  words[lower + SLOT_SEQUENCE_WORD] = sequence;
}

/** In the node in `parentSlot`, the slot for what is new there and starts with `arena[start, end)`. */
function slotFor(
  memory: RadixMemory,
  parentSlot: number,
  arena: Uint8Array,
  start: number,
  end: number,
): number {
  const node = memory.words[parentSlot];
  const next = start + depthOf(memory.words[node]);
  return next === end ? node + TERMINATOR_WORD : addChild(memory, parentSlot, arena[next]);
}
