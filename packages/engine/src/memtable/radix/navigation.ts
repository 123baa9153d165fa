// Positions inside one node, in key order.
//
//   -1      before everything
//   0       the terminator: the key that is a prefix of all the others
//   1 + i   a child: i is its index, in nodes of kind 256 its byte
//   257     after everything
//
// A function that looks for a position and finds none gives -1.

import {
  BODY_WORD,
  childCountOf,
  kindOf,
  NODE_256,
  packedByte,
  slotsWordOf,
  TERMINATOR_WORD,
} from './layout.js';

/** What a search for a position gives if there is none; also the position before everything. */
export const NO_POSITION = -1;

/** The position after everything. */
export const END_POSITION = 257;

const TERMINATOR_POSITION = 0;
const BYTE_COUNT = 256;

/** The slot at a position. */
export function slotAt(words: Int32Array, node: number, position: number): number {
  if (position === TERMINATOR_POSITION) return node + TERMINATOR_WORD;
  return node + slotsWordOf(kindOf(words[node])) + ((position - 1) << 1);
}

/** The first occupied position after `position`. */
export function positionAfter(words: Int32Array, node: number, position: number): number {
  if (position < TERMINATOR_POSITION) {
    return words[node + TERMINATOR_WORD] === 0
      ? positionAfter(words, node, TERMINATOR_POSITION)
      : TERMINATOR_POSITION;
  }
  const header = words[node];
  if (kindOf(header) === NODE_256) return childFromByte(words, node, position);
  return position < childCountOf(header) ? position + 1 : NO_POSITION;
}

/**
 * The slot at the position right after `position`, if there is a key in it; otherwise, and always in nodes of kind 256,
 * 0. It is where most steps of a scan lead, found without the general search.
 */
export function keySlotAfter(words: Int32Array, node: number, position: number): number {
  const header = words[node];
  const kind = kindOf(header);
  if (kind === NODE_256 || position >= childCountOf(header)) return 0;
  const slot = node + slotsWordOf(kind) + (position << 1);
  return words[slot] < 0 ? slot : 0;
}

/** The last occupied position before `position`. */
export function positionBefore(words: Int32Array, node: number, position: number): number {
  const header = words[node];
  let previous = position - 1;
  if (kindOf(header) !== NODE_256) previous = Math.min(previous, childCountOf(header));
  else if (previous > TERMINATOR_POSITION) previous = childUpToByte(words, node, previous - 1);
  if (previous > TERMINATOR_POSITION) return previous;
  const hasTerminator = previous === TERMINATOR_POSITION && words[node + TERMINATOR_WORD] !== 0;
  return hasTerminator ? TERMINATOR_POSITION : NO_POSITION;
}

/** The position of the first child whose byte is `byte` or higher. */
export function positionFromByte(words: Int32Array, node: number, byte: number): number {
  const header = words[node];
  if (kindOf(header) === NODE_256) return childFromByte(words, node, byte);
  const childCount = childCountOf(header);
  let index = 0;
  while (index < childCount && packedByte(words, node + BODY_WORD, index) < byte) index++;
  return index < childCount ? index + 1 : NO_POSITION;
}

/** The byte of the child at `position`. */
export function byteAt(words: Int32Array, node: number, position: number): number {
  return kindOf(words[node]) === NODE_256
    ? position - 1
    : packedByte(words, node + BODY_WORD, position - 1);
}

/** In a node of kind 256, the position of the first child with `from` or a higher byte. */
function childFromByte(words: Int32Array, node: number, from: number): number {
  const slots = node + BODY_WORD;
  for (let byte = from; byte < BYTE_COUNT; byte++) {
    if (words[slots + (byte << 1)] !== 0) return byte + 1;
  }
  return NO_POSITION;
}

/** In a node of kind 256, the position of the last child with `to` or a lower byte, or that of the terminator. */
function childUpToByte(words: Int32Array, node: number, to: number): number {
  const slots = node + BODY_WORD;
  for (let byte = to; byte >= 0; byte--) {
    if (words[slots + (byte << 1)] !== 0) return byte + 1;
  }
  return TERMINATOR_POSITION;
}
