// The file-system contract: everything the engine may ask of storage, and how durable each answer is.
//
// Why so few methods: every primitive is a place where a crash or an error can strike, and the tests
// strike all of them. Why two forms of some: a synchronous read of cached bytes costs about 1 µs while
// any asynchronous one costs over 30 µs, but only an asynchronous one leaves the event loop free.
//
// What survives what:
//   a write that returned                        survives the process, not a power loss
//   a write covered by a sync that succeeded     survives a power loss
//   a created, renamed or removed name           survives a power loss once its directory is synced
// A file's sync does not make its name durable, and a directory's sync does not make content durable.
// After a sync that failed nothing is known about the bytes it covered, and a second sync proves
// nothing: Linux may have dropped the dirty pages and will report success. Write them elsewhere.
//
// Errors: a failure of the system is a StorageError (see system-error.ts for the codes); misuse, such
// as a range outside the buffer or any use after close, is a BugError. Asynchronous forms never throw,
// they reject. Buffers of asynchronous forms belong to the operation until its promise settles.
// All byte ranges may be views on a SharedArrayBuffer.

/**
 * How a file is opened. `'read'`: an existing file, reading only. `'write'`: an existing file, reading
 * and writing. `'create'`: a new file, reading and writing, for its owner only (mode 0600); fails with
 * ALREADY_EXISTS when the name is taken, also by a symbolic link.
 */
export type OpenMode = 'read' | 'create' | 'write';

/** What a path names. `'other'`: a symbolic link (never followed), pipe, socket or device. */
export type FileKind = 'file' | 'directory' | 'other';

/** Which file it is, whatever it is called. Both equal only for the same file, for as long as it exists. */
export interface FileIdentity {
  /** The device that the file or directory is on. */
  readonly device: bigint;
  /** Its number on that device. */
  readonly inode: bigint;
}

/** The answer of {@link FileSystem.statSync}. */
export interface FileStatus extends FileIdentity {
  readonly kind: FileKind;
  /** Length of the content in bytes; without meaning unless `kind` is `'file'`. */
  readonly sizeBytes: number;
  /** `'others'`: its group or everybody may write to it, or it belongs to another user. */
  readonly writableBy: 'owner' | 'others';
  /** Names that it has, by hard links; without meaning unless `kind` is `'file'`. */
  readonly linkCount: number;
}

/** Every operation a file system can be asked for, as named in errors, fault rules and recordings. */
export type FileOperation =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'syncData'
  | 'truncate'
  | 'size'
  | 'close'
  | 'exists'
  | 'list'
  | 'stat'
  | 'makeDirectory'
  | 'rename'
  | 'remove'
  | 'removeDirectory'
  | 'syncDirectory'
  | 'lock'
  | 'unlock'
  | 'realPath'
  | 'freeSpace';

/** One request to a file system: what is done to which path, and for transfers to which bytes. */
export interface FileCall {
  readonly operation: FileOperation;
  readonly path: string;
  /** The new path of a rename. */
  readonly toPath?: string;
  /** First byte of the file that a read, a write or a truncation touches. */
  readonly position?: number;
  /** Bytes that a read or a write asks for. */
  readonly length?: number;
}

/**
 * A file system, or something that behaves like one.
 *
 * Requires: only one instance of the engine uses a directory at a time; see {@link FileSystem.lockSync}.
 */
export interface FileSystem {
  /** What users of this file system may rely on beyond this interface. */
  readonly capability: FileSystemCapability;

  /**
   * Opens a regular file; a directory, pipe, device, socket or symbolic link is refused with
   * INVALID_ARGUMENT, without blocking. Other errors: NOT_FOUND, ALREADY_EXISTS (mode `'create'`),
   * TOO_MANY_FILES, NO_SPACE, READ_ONLY, IO. A created name is durable after a sync of its directory.
   */
  openSync(path: string, mode: OpenMode): RandomAccessFile;

  /** True when the path names anything at all, including a symbolic link that leads nowhere. */
  existsSync(path: string): boolean;

  /** Names inside a directory without `.` and `..`, ascending by UTF-16 code unit. Errors: NOT_FOUND, INVALID_ARGUMENT (no directory). */
  listSync(directory: string): string[];

  /** Describes what a path names, without following a symbolic link. Errors: NOT_FOUND. */
  statSync(path: string): FileStatus;

  /**
   * Creates a directory for its owner only (mode 0700), with its missing parents; does nothing when it
   * exists. Durable after a sync of the parent of each directory it made. Errors: ALREADY_EXISTS when
   * the path names something else, INVALID_ARGUMENT when a parent is no directory.
   */
  makeDirectorySync(path: string): void;

  /**
   * Gives a file, or a directory with all that is in it, a new path on the same file system. A file
   * replaces a file there in one step: at every moment, also after a crash, the new path names the old
   * or the new file whole. Durable after a sync
   * of both directories. Does not make content durable: sync the file first. Errors: NOT_FOUND.
   */
  renameSync(from: string, to: string): void;

  /** Removes a file's name. Open handles keep working. Durable after a sync of the directory. Errors: NOT_FOUND, INVALID_ARGUMENT (a directory). */
  removeSync(path: string): void;

  /** Removes an empty directory. Durable after a sync of the parent. Errors: NOT_FOUND, ALREADY_EXISTS when it is not empty. */
  removeDirectorySync(path: string): void;

  /** Returns once every name made, changed or removed in the directory before the call survives a power loss. Blocks for the disk. */
  syncDirectorySync(path: string): void;

  /** As {@link FileSystem.syncDirectorySync}, on another thread. */
  syncDirectory(path: string): Promise<void>;

  /**
   * Takes the exclusive lock of a lock file, creating the file when missing, and notes the holder in
   * it. The lock excludes other processes and other instances in this process, and ends with
   * {@link FileLock.release} or with the process. Never waits. Costs up to a few milliseconds.
   *
   * @param owner - Short text for people, shown to whoever is refused.
   * @throws StorageError LOCKED, naming the holder, when the lock is taken.
   */
  lockSync(path: string, owner: string): FileLock;

  /** The absolute path with every symbolic link resolved. Errors: NOT_FOUND. */
  realPathSync(path: string): string;

  /** Bytes that this user can still store on the device which holds the path. */
  freeSpaceSync(path: string): number;
}

/** See {@link FileSystem.capability}. */
export interface FileSystemCapability {
  /** True when a worker thread that makes its own file system of this kind sees the same files. */
  readonly workers: boolean;
}

/**
 * An open file, read and written at explicit positions. There is no file cursor, so operations may
 * overlap freely. Overlapping writes to the same bytes end in an unspecified order.
 */
export interface RandomAccessFile {
  /** The path it was opened with; a later rename does not change it. */
  readonly path: string;

  /**
   * Reads `length` bytes from `position` in the file into `target` at `targetOffset`, looping over
   * short reads. Returns the bytes read: less than `length` only where the file ends. Errors: IO
   * (retryable when the device reported a failure).
   */
  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number;

  /** As {@link RandomAccessFile.readSync}, on another thread. */
  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number>;

  /**
   * Writes `length` bytes of `source` from `sourceOffset` at `position` in the file, looping over short
   * writes. Writing past the end grows the file; skipped bytes read as zero. When it fails any part of
   * the bytes may have been written. Durable after a sync. Errors: NO_SPACE, IO.
   */
  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void;

  /** As {@link RandomAccessFile.writeSync}, on another thread. */
  write(source: Uint8Array, sourceOffset: number, length: number, position: number): Promise<void>;

  /**
   * Returns once the content and size written before the call survive a power loss (fdatasync). Blocks
   * for the disk. Never call it again on the same bytes after a failure. Errors: IO, NO_SPACE.
   */
  syncDataSync(): void;

  /** As {@link RandomAccessFile.syncDataSync}, on another thread; writes issued after the call are not covered. */
  syncData(): Promise<void>;

  /** Cuts the file to `sizeBytes`, or grows it with zeros. Durable after a sync. */
  truncateSync(sizeBytes: number): void;

  /** Length of the file in bytes. */
  sizeSync(): number;

  /** Which file this is, wherever its path leads meanwhile. */
  identitySync(): FileIdentity;

  /**
   * Closes the file; a second call does nothing. Later operations are bugs. Operations in flight end
   * first, then the file is closed, and the last of them reports an error of closing. Does not sync.
   */
  closeSync(): void;
}

/** What is needed of an open file to read from it. */
export type ReadableFile = Pick<
  RandomAccessFile,
  'path' | 'readSync' | 'read' | 'sizeSync' | 'closeSync'
>;

/** A lock that is held; see {@link FileSystem.lockSync}. */
export interface FileLock {
  /** Gives the lock back; a second call does nothing. The lock file stays. */
  release(): void;
}
