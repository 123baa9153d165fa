// What an entry says about its key, and the number that orders entries of one key.
//
// Both are stored in logs and tables, so the numbers never change. Kinds 3 to 6 are reserved: a
// file that holds one was written by a newer version and is refused with UNSUPPORTED_FORMAT, not
// CORRUPTION.

/**
 * What an entry says about its key. 0 is never valid, so that zeroed bytes are not taken for an
 * entry.
 */
export const EntryKind = {
  /** The key has this value. */
  put: 1,
  /** The key has no value. */
  delete: 2,
  /** Reserved: an operand to combine with the older value. */
  merge: 3,
  /** Reserved: no key of a range has a value. */
  rangeDelete: 4,
  /** Reserved: the key has this value until a moment in time. */
  putWithExpiry: 5,
  /** Reserved: the key's value is stored elsewhere. */
  valuePointer: 6,
} as const;

/** One of the numbers in the table of the same name. */
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/**
 * The highest sequence number. Of two entries with the same key, the one with the higher sequence
 * is newer.
 */
export const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER;
