// The content of a data block, uncompressed. Specification: docs/format/sstable.md.
//
//   +-----------------+-----------+-----------------+--------------+-------------------+
//   | entry count (4) | flags (1) | common kind (1) | reserved (2) | base sequence (8) |
//   +-----------------+-----------+-----------------+--------------+-------------------+
//   | fingerprints  entry count x (0 or 1)      lowest byte of the hash of each key
//   | key ends      (entry count or 1) x (2 or 4)      end of each key, from the start of the keys
//   | value ends    (entry count or 1) x (2 or 4)      end of each value, from the start of the values
//   | sequences     entry count x (0, 4 or 8)   above the base sequence
//   | kinds         entry count x (0 or 1)
//   | keys, one after the other
//   | values, one after the other
//
//   flags        bit 0: ends take 4 bytes instead of 2; bits 1-2: width of a sequence in units of
//                4 bytes (0, 1 or 2); bit 3: there is a kinds column; bit 4: there are fingerprints; bit 5:
//                all keys are equally long, and only the first key end is stored; bit 6: the same for
//                values; the rest is zero
//   common kind  kind of every entry without a kinds column, else 0
//
// Columns instead of records: any entry is found by arithmetic, and a search reads key ends and
// keys only, a few cache lines, however long the values are. A lookup of one key reads even less: it
// looks for the key's fingerprint, in one cache line, and then at one key. Keys of one length, and values
// of one length, are found without their ends: one wait for memory less, and two bytes less for each.

export const ENTRY_COUNT_OFFSET = 0;
export const FLAGS_OFFSET = 4;
export const COMMON_KIND_OFFSET = 5;
export const RESERVED_OFFSET = 6;
export const BASE_SEQUENCE_OFFSET = 8;

/** How long the part before the columns is. */
export const DATA_BLOCK_HEADER_SIZE_BYTES = 4 + 1 + 1 + 2 + 8;

export const FLAG_WIDE_ENDS = 0b0001;
export const SEQUENCE_WIDTH_MASK = 0b0110;
export const FLAG_KINDS = 0b1000;
export const FLAG_FINGERPRINTS = 0b1_0000;
export const FLAG_EQUAL_KEY_LENGTHS = 0b10_0000;
export const FLAG_EQUAL_VALUE_LENGTHS = 0b100_0000;
export const FLAGS_EQUAL_LENGTHS = FLAG_EQUAL_KEY_LENGTHS | FLAG_EQUAL_VALUE_LENGTHS;
export const FLAGS_MASK =
  FLAG_WIDE_ENDS | SEQUENCE_WIDTH_MASK | FLAG_KINDS | FLAG_FINGERPRINTS | FLAGS_EQUAL_LENGTHS;

/** With more entries a binary search is faster than a look at every fingerprint. */
export const FINGERPRINT_ENTRY_COUNT_MAX = 128;

/** The bits of {@link SEQUENCE_WIDTH_MASK} are the width in units of 2 bytes as they stand. */
export const SEQUENCE_WIDTH_SCALE = 2;

/** The largest section whose ends fit in 2 bytes. */
export const NARROW_SECTION_SIZE_BYTES_MAX = 0xffff;

/** How many bytes the columns of so many entries take. */
export function columnsSize(flags: number, entryCount: number): number {
  const width = fingerprintWidth(flags) + sequenceWidth(flags) + kindWidth(flags);
  const endCount = keyEndCount(flags, entryCount) + valueEndCount(flags, entryCount);
  return entryCount * width + endCount * endWidth(flags);
}

/** How many key ends are stored: one if all keys are equally long. */
export function keyEndCount(flags: number, entryCount: number): number {
  return (flags & FLAG_EQUAL_KEY_LENGTHS) === 0 ? entryCount : 1;
}

/** How many value ends are stored: one if all values are equally long. */
export function valueEndCount(flags: number, entryCount: number): number {
  return (flags & FLAG_EQUAL_VALUE_LENGTHS) === 0 ? entryCount : 1;
}

/** Width of a fingerprint: 0 or 1. */
export function fingerprintWidth(flags: number): number {
  return (flags & FLAG_FINGERPRINTS) >>> 4;
}

/** The fingerprint of a key with this `hashKey()`. */
export function fingerprintOf(hash: number): number {
  return hash & 0xff;
}

/** Width of a key end or value end: 2 or 4. */
export function endWidth(flags: number): number {
  return 2 + ((flags & FLAG_WIDE_ENDS) << 1);
}

/** Width of a sequence: 0, 4 or 8. */
export function sequenceWidth(flags: number): number {
  return (flags & SEQUENCE_WIDTH_MASK) * SEQUENCE_WIDTH_SCALE;
}

/** Width of a kind: 0 or 1. */
export function kindWidth(flags: number): number {
  return (flags & FLAG_KINDS) >>> 3;
}

/**
 * Gives the flags of a block with so many entries and sections of these sizes. `sequenceSpan` is the
 * highest sequence minus the lowest; `kindBits` has the bit with the number of every kind in it;
 * `equalLengths` are those of {@link FLAGS_EQUAL_LENGTHS} that hold.
 */
export function flagsFor(
  entryCount: number,
  keysSizeBytes: number,
  valuesSizeBytes: number,
  sequenceSpan: number,
  kindBits: number,
  equalLengths: number,
): number {
  const wide =
    keysSizeBytes > NARROW_SECTION_SIZE_BYTES_MAX ||
    valuesSizeBytes > NARROW_SECTION_SIZE_BYTES_MAX;
  const sequenceBits = sequenceSpan === 0 ? 0b000 : sequenceSpan <= 0xffff_ffff ? 0b010 : 0b100;
  const mixedKinds = (kindBits & (kindBits - 1)) !== 0;
  return (
    (wide ? FLAG_WIDE_ENDS : 0) |
    sequenceBits |
    (mixedKinds ? FLAG_KINDS : 0) |
    equalLengths |
    (entryCount <= FINGERPRINT_ENTRY_COUNT_MAX ? FLAG_FINGERPRINTS : 0)
  );
}
