// The versions of one key.
//
// The only version of a key is its slot. From the second on each has a record, the newest first:
//
//             0           1          2       3      4
//   oldest  | reference | sequence | 0     |                       3 words
//   others  | reference | sequence | older | skip | ordinal |      5 words
//
//   reference      ~ the arena offset of the entry
//   sequence       relative to the first sequence of the memtable
//   older, skip    words of older records; skip leads further back
//   ordinal        how many versions are older
//
// A version, in the functions below, is the word of either a record or a slot: they start alike.
//
// A key that is overwritten all the time (a counter) can have a million versions in one memtable, and a reader with an
// old snapshot must not walk them one by one. Skips are those of a skew-binary list (Myers, "An applicative random-access
// stack", 1983): two equal jumps are followed by one twice as long, so any version is found in O(log n) steps, and one
// skip per record is enough. Records never change once written.

import { SEVERAL_VERSIONS, SLOT_SEQUENCE_WORD } from './layout.js';
import type { RadixMemory } from './memory.js';

const REFERENCE_WORD = 0;
const SEQUENCE_WORD = SLOT_SEQUENCE_WORD;
const OLDER_WORD = 2;
const SKIP_WORD = 3;
const ORDINAL_WORD = 4;

const OLDEST_RECORD_WORD_COUNT = 3;
const RECORD_WORD_COUNT = 5;

/** Arena offset of the entry of a version. */
export function entryOffsetOf(words: Int32Array, version: number): number {
  return ~words[version + REFERENCE_WORD];
}

/** Sequence of a version, relative to the first of the memtable. */
export function relativeSequenceOf(words: Int32Array, version: number): number {
  return words[version + SEQUENCE_WORD];
}

/** The newest version of the key in `slot`. Requires: it holds a key. */
export function newestVersion(words: Int32Array, slot: number): number {
  return words[slot + SLOT_SEQUENCE_WORD] === SEVERAL_VERSIONS ? ~words[slot] : slot;
}

/** The version before `version`, one of those of the key in `slot`; 0 if there is none. */
export function olderVersion(words: Int32Array, slot: number, version: number): number {
  return version === slot ? 0 : words[version + OLDER_WORD];
}

/** The newest version of the key in `slot` with a relative sequence of at most `limit`, or 0. O(log n). */
export function visibleVersion(words: Int32Array, slot: number, limit: number): number {
  const sequence = words[slot + SLOT_SEQUENCE_WORD];
  if (sequence !== SEVERAL_VERSIONS) return sequence <= limit ? slot : 0;
  let version = ~words[slot];
  while (words[version + SEQUENCE_WORD] > limit) {
    const older = words[version + OLDER_WORD];
    if (older === 0) return 0;
    const skip = words[version + SKIP_WORD];
    version = words[skip + SEQUENCE_WORD] > limit ? skip : older;
  }
  return version;
}

/** Gives the key in `slot` one more version, the newest. Requires: `relativeSequence` is higher than all others. */
export function addVersion(
  memory: RadixMemory,
  slot: number,
  entryOffset: number,
  relativeSequence: number,
): void {
  const words = memory.words;
  const older = newestRecord(memory, slot);
  const version = memory.allocateRecord(RECORD_WORD_COUNT);
  const ordinal = ordinalOf(words, older);
  const skip = skipOf(words, older);
  const firstJump = ordinal - ordinalOf(words, skip);
  const secondJump = ordinalOf(words, skip) - ordinalOf(words, skipOf(words, skip));
  words[version + REFERENCE_WORD] = ~entryOffset;
  words[version + SEQUENCE_WORD] = relativeSequence;
  words[version + OLDER_WORD] = older;
  words[version + SKIP_WORD] = firstJump === secondJump ? skipOf(words, skip) : older;
  words[version + ORDINAL_WORD] = ordinal + 1;
  words[slot] = ~version;
  words[slot + SLOT_SEQUENCE_WORD] = SEVERAL_VERSIONS;
}

/** The record of the newest version; makes it if that is the slot itself. */
function newestRecord(memory: RadixMemory, slot: number): number {
  const words = memory.words;
  const newest = newestVersion(words, slot);
  if (newest !== slot) return newest;
  const record = memory.allocateRecord(OLDEST_RECORD_WORD_COUNT);
  words[record + REFERENCE_WORD] = words[slot];
  words[record + SEQUENCE_WORD] = words[slot + SLOT_SEQUENCE_WORD];
  words[record + OLDER_WORD] = 0;
  return record;
}

function ordinalOf(words: Int32Array, record: number): number {
  return words[record + OLDER_WORD] === 0 ? 0 : words[record + ORDINAL_WORD];
}

/** The oldest version skips to itself, which ends every run of jumps. */
function skipOf(words: Int32Array, record: number): number {
  return words[record + OLDER_WORD] === 0 ? record : words[record + SKIP_WORD];
}
