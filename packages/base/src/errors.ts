// Expected failures: one class, a closed list of codes, and data instead of text to parse.
//
// Codes are coarse and stable; messages are for people and may change in any release. A message
// states the action, then the state: `Cannot read block at offset 40 of 000007.sst: checksum
// mismatch`. Bugs are not here: see assert.ts.

/** What is true of every error with one code. */
export interface StorageErrorCodeInfo {
  /** Whether the same call can succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** When it happens, in a few words. */
  readonly summary: string;
}

/** Every code a {@link StorageError} can carry, in the order of the documentation. */
export const STORAGE_ERROR_CODES = {
  /** The database, or a part of it, is closed or closing. Retrying does not help: open it again. */
  CLOSED: { retryable: false, summary: 'the database or handle is closed' },
  /**
   * Another process, or another instance in this one, has the directory open; the message names it.
   * A retry succeeds once the holder has closed or died. Stop the holder, or talk to the database
   * through it.
   */
  LOCKED: { retryable: true, summary: 'another instance holds the directory' },
  /**
   * A file, directory or keyspace named by the caller does not exist. Check the name, or allow it
   * to be created.
   */
  NOT_FOUND: { retryable: false, summary: 'what was named does not exist' },
  /**
   * Something must be created and is already there. Use another name, or drop the demand that it be
   * new.
   */
  ALREADY_EXISTS: { retryable: false, summary: 'what was to be created exists' },
  /**
   * A value or a path was refused before anything was changed. Correct the call; the message names
   * the argument.
   */
  INVALID_ARGUMENT: { retryable: false, summary: 'an argument was refused' },
  /**
   * A key is longer than `MAX_KEY_SIZE_BYTES`. Nothing was written. Use a shorter key, such as a
   * hash of the long one.
   */
  KEY_TOO_LARGE: { retryable: false, summary: 'a key exceeds the largest size' },
  /**
   * A value is longer than `MAX_VALUE_SIZE_BYTES`. Nothing was written. Split the value over
   * several keys.
   */
  VALUE_TOO_LARGE: { retryable: false, summary: 'a value exceeds the largest size' },
  /** A batch is larger than `MAX_BATCH_SIZE_BYTES`. Nothing was written. Split the batch. */
  BATCH_TOO_LARGE: { retryable: false, summary: 'a batch exceeds the largest size' },
  /**
   * Bytes on disk are not what was written; `where`, `file` and `offset` say which. Retrying does
   * not help. Restore a backup, or salvage the directory into a new one. Data elsewhere stays
   * readable unless opening was refused.
   */
  CORRUPTION: { retryable: false, summary: 'stored bytes are damaged' },
  /**
   * The operating system failed a file operation; `cause` is its error. Retry reads; look at the
   * disk if it persists.
   */
  IO: { retryable: true, summary: 'a file operation failed' },
  /**
   * The disk or a quota is full. Writes succeed again once there is space; reads are not affected.
   */
  NO_SPACE: { retryable: true, summary: 'the disk is full' },
  /**
   * The process may not open more files. A retry can succeed; raise the limit (`ulimit -n`) if it
   * happens often.
   */
  TOO_MANY_FILES: { retryable: true, summary: 'the limit of open files is reached' },
  /**
   * A sync to disk failed, so this write may or may not survive a crash, and the database takes no
   * more writes. A retry is refused. Close and open again: what is read back then is what survived.
   */
  DURABILITY_UNKNOWN: { retryable: false, summary: 'a sync to disk failed' },
  /**
   * The database was opened read-only, or became so after an earlier failure, which is the `cause`.
   * Open it again.
   */
  READ_ONLY: { retryable: false, summary: 'the database takes no writes' },
  /**
   * The engine or handle is occupied with work that has to finish first. Retry a little later, or
   * send less at once.
   */
  BUSY: { retryable: true, summary: 'work in progress is in the way' },
  /** The time given by the caller ran out. Retry, with more time if the load is lasting. */
  TIMEOUT: { retryable: true, summary: 'the time allowed ran out' },
  /** The iterator or cursor was closed, by itself or with its database. Make a new one. */
  ITERATOR_CLOSED: { retryable: false, summary: 'the iterator is closed' },
  /** The snapshot was released, so what it showed may be gone. Take a new one. */
  SNAPSHOT_RELEASED: { retryable: false, summary: 'the snapshot is released' },
  /**
   * The caller's signal was aborted. A write that had been queued may still be carried out. Call
   * again without the aborted signal.
   */
  ABORTED: { retryable: false, summary: 'the caller aborted the call' },
  /**
   * The files need a newer version, or an option this version lacks. Nothing was changed. Use a
   * newer Varve.
   */
  UNSUPPORTED_FORMAT: { retryable: false, summary: 'the format is unknown to this version' },
  /**
   * A background thread died and the work could not be finished without it; `cause` says why. A
   * retry may succeed.
   */
  WORKER_FAILED: { retryable: true, summary: 'a background thread died' },
  /**
   * The engine reached a state it refuses to continue from. Reads may go on. Report it, with the
   * message.
   */
  INTERNAL: { retryable: false, summary: 'an internal limit or rule was broken' },
} as const satisfies Record<string, StorageErrorCodeInfo>;

/** The code of a {@link StorageError}; {@link STORAGE_ERROR_CODES} says what each means. */
export type StorageErrorCode = keyof typeof STORAGE_ERROR_CODES;

/** Which stored structure a `CORRUPTION` was found in. */
export type CorruptionPlace =
  /** A record of the write-ahead log below a point known to have been synced. */
  | 'wal'
  /** A log file that the manifest names does not exist. */
  | 'wal.missing'
  /** A log does not continue where its predecessor ended. */
  | 'wal.hole'
  /** An edit of the manifest. */
  | 'manifest'
  /** The file CURRENT, which names the manifest. */
  | 'current'
  /** The footer of a table file. */
  | 'sst.footer'
  /** The index block of a table file. */
  | 'sst.index'
  /** The filter block of a table file. Not fatal: the table is read without its filter. */
  | 'sst.filter'
  /** The properties block of a table file. */
  | 'sst.properties'
  /** A data block of a table file. */
  | 'sst.data'
  /** A whole table that is not the one the manifest means. */
  | 'sst.identity'
  /** A table file that the manifest names does not exist. */
  | 'sst.missing'
  /** A stored value that its encoding cannot decode. */
  | 'value';

/** The data of a {@link StorageError} besides its code and message. */
export interface StorageErrorDetails {
  /** The error that led to this one. */
  readonly cause?: unknown;
  /** Path or name of the file concerned. */
  readonly file?: string;
  /** Position in `file`, in bytes. */
  readonly offset?: number;
  /** The damaged structure; only with `CORRUPTION`. */
  readonly where?: CorruptionPlace;
  /**
   * Replaces what {@link STORAGE_ERROR_CODES} says of the code, where the single case is known
   * better.
   */
  readonly retryable?: boolean;
  /** What a check demanded. */
  readonly expected?: string | number;
  /** What it found. */
  readonly actual?: string | number;
}

/** A failure that a right program must expect: coded, with the data to act on. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  /** What happened. Never changes its meaning. */
  readonly code: StorageErrorCode;
  /** Whether the same call can succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** Path or name of the file concerned. */
  declare readonly file?: string;
  /** Position in `file`, in bytes. */
  declare readonly offset?: number;
  /** The damaged structure; only with `CORRUPTION`. */
  declare readonly where?: CorruptionPlace;
  /** What a check demanded. */
  declare readonly expected?: string | number;
  /** What it found. */
  declare readonly actual?: string | number;

  /**
   * Gives an error with `code`; without `details.retryable` the code decides whether a retry helps.
   */
  constructor(code: StorageErrorCode, message: string, details: StorageErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? STORAGE_ERROR_CODES[code].retryable;
    // A detail that is not known is absent, so that a printed error shows only what it knows.
    if (details.file !== undefined) this.file = details.file;
    if (details.offset !== undefined) this.offset = details.offset;
    if (details.where !== undefined) this.where = details.where;
    if (details.expected !== undefined) this.expected = details.expected;
    if (details.actual !== undefined) this.actual = details.actual;
  }
}

/** Whether `value` is a {@link StorageError}. */
export function isStorageError(value: unknown): value is StorageError {
  return value instanceof StorageError;
}
