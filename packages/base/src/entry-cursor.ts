// The contract of every sorted run of entries: a memtable, a table, a level, a merge of them.
//
// One cursor object is made per run and read; after that a step allocates nothing. The fields of
// the current entry are plain properties, not methods or an object, because a merge reads them
// several times per entry. A run that reads from disk can say that it has to wait instead of
// waiting, so one synchronous code path serves callers that may block and callers that may not.

/** What a move of an {@link EntryCursor} returns. */
export const CursorStatus = {
  /** The move is complete: `valid` and the fields tell the new position. */
  READY: 0,
  /**
   * A block is being loaded: await `load()`, then call `resume()`. The fields mean nothing until
   * then.
   */
  PENDING: 1,
} as const;

/**
 * A position in a sorted run. Entries are ordered by user key (ascending, unsigned bytes), then by
 * sequence (descending: the newest version of a key comes first).
 *
 * The fields below describe the current entry. They may be read while `valid` is true, until the
 * next move, and so may the bytes they point to: who needs them longer copies them. Only the cursor
 * writes them. While `valueBytes` is the same object, the memory behind it is not used for other
 * entries: a copy of it serves the next entry as well.
 */
export interface EntryCursor {
  /**
   * Whether there is a current entry: false before the first move, and after a move past either
   * end.
   */
  valid: boolean;
  /** The buffer that holds the user key at `keyOffset`, `keyLength` bytes. */
  keyBytes: Uint8Array;
  keyOffset: number;
  keyLength: number;
  /** The buffer that holds the value at `valueOffset`, `valueLength` bytes. */
  valueBytes: Uint8Array;
  valueOffset: number;
  valueLength: number;
  /** When the entry was written, relative to others: higher is newer. */
  sequence: number;
  /** One of the numbers of `EntryKind`. */
  kind: number;

  /** Moves to the first entry. Like every move, returns a {@link CursorStatus}. */
  first(): number;
  /** Moves to the last entry. */
  last(): number;
  /** Moves to the first entry whose user key is `key[start, end)` or after it. */
  seek(key: Uint8Array, start: number, end: number): number;
  /** Moves to the last entry whose user key is before `key[start, end)`. */
  seekBackward(key: Uint8Array, start: number, end: number): number;
  /** Moves to the next entry. Requires: `valid`. */
  next(): number;
  /** Moves to the entry before. Requires: `valid`. */
  previous(): number;
  /** After `PENDING`: resolves when the block is there, rejects if it cannot be read. */
  load(): Promise<void>;
  /**
   * After `load()` has resolved: goes on with the move. May be `PENDING` again. Runs in memory are
   * always `READY`.
   */
  resume(): number;
  /** Gives up what the cursor holds. May be called more than once; no move may follow. */
  close(): void;
}
