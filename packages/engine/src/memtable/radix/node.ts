// Children of one node: finding the slot of one, adding one, and changing to a larger kind when there is no room.

import {
  BODY_WORD,
  childCountOf,
  depthOf,
  findPackedByte,
  HEADER_ONE_CHILD,
  kindOf,
  makeHeader,
  NODE_5,
  NODE_256,
  NODE_CAPACITIES,
  packedByte,
  repeatByte,
  SAMPLE_KEY_WORD,
  SLOT_SEQUENCE_WORD,
  slotsWordOf,
} from './layout.js';
import type { RadixMemory } from './memory.js';

/**
 * The slot of the child for `byte`. If there is none, 0, which is an empty slot, or the place for it in a node of kind
 * 256, which is empty too.
 */
export function findSlot(words: Int32Array, node: number, header: number, byte: number): number {
  const kind = kindOf(header);
  const body = node + BODY_WORD;
  if (kind === NODE_256) return body + (byte << 1);
  const childCount = childCountOf(header);
  const pattern = repeatByte(byte);
  for (let firstIndex = 0; firstIndex < childCount; firstIndex += 4) {
    const index = findPackedByte(words[body + (firstIndex >>> 2)], pattern);
    if (index < 0) continue;
    // Unused bytes are 0 and come last, so the first match decides.
    const isUsed = firstIndex + index < childCount;
    return isUsed ? node + slotsWordOf(kind) + ((firstIndex + index) << 1) : 0;
  }
  return 0;
}

/** Makes a node without children, for keys that start like the one at `sampleKey` up to `depth`. */
export function createNode(memory: RadixMemory, sampleKey: number, depth: number): number {
  const node = memory.allocateNode(NODE_5);
  memory.words[node] = makeHeader(NODE_5, 0, depth);
  memory.words[node + SAMPLE_KEY_WORD] = sampleKey;
  return node;
}

/**
 * Adds a child to the node in `parentSlot` and gives its slot, with any content. A full node is replaced by one of the
 * next kind, which is in `parentSlot` from then on. Requires: the node has no child for `byte`.
 */
export function addChild(memory: RadixMemory, parentSlot: number, byte: number): number {
  const words = memory.words;
  let node = words[parentSlot];
  let header = words[node];
  let kind = kindOf(header);
  if (kind !== NODE_256 && childCountOf(header) === NODE_CAPACITIES[kind]) {
    node = replaceByLarger(memory, node);
    words[parentSlot] = node;
    header = words[node];
    kind = kindOf(header);
  }
  if (kind === NODE_256) return node + BODY_WORD + (byte << 1);
  words[node] = header + HEADER_ONE_CHILD;
  return insertSorted(words, node, header, byte);
}

/** Makes room for a byte and its slot at their place among those there are; gives the slot. */
function insertSorted(words: Int32Array, node: number, header: number, byte: number): number {
  const childCount = childCountOf(header);
  const keys = node + BODY_WORD;
  let index = childCount;
  let slot = node + slotsWordOf(kindOf(header)) + (childCount << 1);
  while (index > 0 && packedByte(words, keys, index - 1) > byte) {
    words[slot] = words[slot - 2];
    words[slot + SLOT_SEQUENCE_WORD] = words[slot - 2 + SLOT_SEQUENCE_WORD];
    slot -= 2;
    index--;
  }
  insertPackedByte(words, keys, childCount >>> 2, index, byte);
  return slot;
}

/** Shifts the packed bytes from `index` on by one, up to word `lastWord` of them, and puts `byte` there. */
function insertPackedByte(
  words: Int32Array,
  start: number,
  lastWord: number,
  index: number,
  byte: number,
): void {
  const firstWord = index >>> 2;
  for (let word = start + lastWord; word > start + firstWord; word--) {
    words[word] = (words[word] << 8) | (words[word - 1] >>> 24);
  }
  const shift = (index & 3) << 3;
  const packed = words[start + firstWord];
  const below = packed & ((1 << shift) - 1);
  words[start + firstWord] = below | (byte << shift) | ((packed ^ below) << 8);
}

/** Copies a full node to a new one of the next kind, frees the old one and gives the new one. */
function replaceByLarger(memory: RadixMemory, node: number): number {
  const words = memory.words;
  const header = words[node];
  const kind = kindOf(header);
  const childCount = childCountOf(header);
  const larger = memory.allocateNode(kind + 1);
  words[larger] = makeHeader(kind + 1, childCount, depthOf(header));
  copyWords(words, node + SAMPLE_KEY_WORD, larger + SAMPLE_KEY_WORD, BODY_WORD - SAMPLE_KEY_WORD);
  const slots = node + slotsWordOf(kind);
  if (kind + 1 === NODE_256) {
    for (let index = 0; index < childCount; index++) {
      const byte = packedByte(words, node + BODY_WORD, index);
      copyWords(words, slots + (index << 1), larger + BODY_WORD + (byte << 1), 2);
    }
  } else {
    copyWords(words, node + BODY_WORD, larger + BODY_WORD, slots - node - BODY_WORD);
    copyWords(words, slots, larger + slotsWordOf(kind + 1), childCount << 1);
  }
  memory.freeNode(kind, node);
  return larger;
}

/** A loop, because a view or `copyWithin` costs more than the few words of a node. */
function copyWords(words: Int32Array, source: number, target: number, wordCount: number): void {
  for (let index = 0; index < wordCount; index++) words[target + index] = words[source + index];
}
