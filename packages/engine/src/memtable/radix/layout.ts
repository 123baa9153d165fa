// Layout of the memtable's index: an adaptive radix tree inside one Int32Array.
//
// An index into the array ("word") is also a pointer. What a parent stores for a child is a slot, two words:
//
//   reference   sequence
//   0                       empty
//   > 0                     a node: the reference is its first word
//   < 0         >= 0        a key with one version: its entry starts at ~reference of the arena; sequence of that entry
//   < 0         -1          a key with several versions: ~reference is the record of the newest (version-chain.ts)
//
// A key is put in a slot as soon as its prefix is unique (lazy expansion), so most of a key is never in the tree: it is
// read from the arena, where the entry stands. That a slot holds all there is to know of an ordinary key is what keeps
// cache misses, the cost of a search, at two: the last node and the entry.
//
//             0        1            2, 3         4 ...
//   all     | header | sample key | terminator | body
//   node 5                                     | 5 key bytes (2 words)   | 5 slots            |   16 words
//   node 12                                    | 12 key bytes (3)        | 12 slots           |   32 words
//   node 26                                    | 26 key bytes (7)        | 26 slots           |   64 words
//   node 55                                    | 55 key bytes (14)       | 55 slots           |  128 words
//   node 256                                   | 256 slots                                    |  528 words (12 unused)
//
//   header      depth (16 bits) | 0 (4) | child count (9) | kind (3); the count is not kept in nodes of kind 256
//   sample key  arena offset of the first byte of some key below this node. Depth is counted from the start of the key,
//               so `sample[0, depth)` is the whole path to this node: the compressed prefix is neither copied nor
//               touched when a node is put above this one.
//   terminator  slot of the key that is exactly this path: the prefix of all others below
//   key bytes   ascending, four to a word, lowest byte first; unused ones are 0
//
// Sizes are whole cache lines, and capacities what fits; letters fit in a node 26, digits in a node 12. All kinds but the
// last have one shape, searched four keys at a time, which made an indirect kind (the 48 of the literature: Leis,
// "The adaptive radix tree", 2013) needless. Bytes inside words are reached by shifts, never through a second view, so
// the byte order of the machine does not matter.

/** Kinds of node, by how many children they can have. */
export const NODE_5 = 0;
export const NODE_256 = 4;

/** Sizes of nodes, in words, by kind. */
export const NODE_WORD_COUNTS: readonly number[] = [16, 32, 64, 128, 528];

/** Children a node can have, by kind. */
export const NODE_CAPACITIES: readonly number[] = [5, 12, 26, 55, 256];

/** Word positions inside a node. */
export const SAMPLE_KEY_WORD = 1;
export const TERMINATOR_WORD = 2;
export const BODY_WORD = 4;

/** Distance of a slot's sequence from its reference. */
export const SLOT_SEQUENCE_WORD = 1;

/** Stands in place of a sequence in the slot of a key with several versions. */
export const SEVERAL_VERSIONS = -1;

/** What is added to a header when a node gets one more child. */
export const HEADER_ONE_CHILD = 1 << 3;

/** Where the slots of nodes of kinds 0 to 3 start (6, 7, 11, 18), a byte each: a table that needs no memory access. */
const SLOTS_WORD_BY_KIND = 0x120b_0706;

/** Spreads a byte over the four bytes of a word. */
const EVERY_BYTE = 0x0101_0101;
const EVERY_TOP_BIT = 0x8080_8080;

/** Packs a header. Requires: `depth < 2^16`, `childCount <= 256`. */
export function makeHeader(kind: number, childCount: number, depth: number): number {
  return (depth << 16) | (childCount << 3) | kind;
}

/** Kind of node: `NODE_5` to `NODE_256`. */
export function kindOf(header: number): number {
  return header & 7;
}

/** How many children a node has, its terminator not counted. Requires: its kind is not `NODE_256`. */
export function childCountOf(header: number): number {
  return (header >>> 3) & 0x1ff;
}

/** Which byte of a key selects the child: all keys below a node share the bytes before it. */
export function depthOf(header: number): number {
  return header >>> 16;
}

/** Where in a node of `kind` the slots start. */
export function slotsWordOf(kind: number): number {
  return kind === NODE_256 ? BODY_WORD : (SLOTS_WORD_BY_KIND >>> (kind << 3)) & 0xff;
}

/** Byte `index` of the bytes packed from word `start` on. */
export function packedByte(words: Int32Array, start: number, index: number): number {
  return (words[start + (index >>> 2)] >>> ((index & 3) << 3)) & 0xff;
}

/** `byte` in all four bytes of a word, for {@link findPackedByte}. */
export function repeatByte(byte: number): number {
  return Math.imul(byte, EVERY_BYTE);
}

/**
 * Index (0 to 3) of the lowest byte of `word` that equals the byte repeated in `pattern`, or -1.
 *
 * Where they are equal, the exclusive or has a zero byte; subtracting 1 from every byte then sets the top bit of that
 * byte first. Borrows can set it falsely in bytes above, which is why only the lowest counts.
 */
export function findPackedByte(word: number, pattern: number): number {
  const difference = word ^ pattern;
  const zeros = (difference - EVERY_BYTE) & ~difference & EVERY_TOP_BIT;
  return zeros === 0 ? -1 : (31 - Math.clz32(zeros & -zeros)) >>> 3;
}
