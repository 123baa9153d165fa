// The directory a database lives in: found once, locked, and recognized again before every commit.
//
// The path is resolved once, and device and inode are remembered. If the directory is removed, renamed
// or replaced while the database is open, writes would go to files that nobody will ever find: so
// `verifySync()` compares the identities of the directory and of the lock file before the manifest is
// written to. A new directory can get the inode of a removed one; a new lock file cannot get the inode of
// ours, which is in use for as long as we hold it open.
//
// Whoever can exchange a parent directory in the middle of a call cannot be kept out: parents must be
// trusted.

import { assert, isStorageError, StorageError } from '@varve/base';
import { type FileLock, type FileStatus, type FileSystem, quietly } from '@varve/vfs';
import { LOCK_FILE_NAME, type NumberedFile, parseFileName } from './file-names.js';
import { failedSyncOfNames, parentOf, syncNameFoundSync, syncNamesSync } from './sync-names.js';

/** How a directory is opened. */
export interface DirectoryOptions {
  /**
   * `'readWrite'` takes the lock. `'readOnly'` changes no byte, creates nothing and takes no lock: it
   * may read while a writer is at work and then miss files that the writer removes.
   */
  readonly access: 'readWrite' | 'readOnly';
  /** Whether a missing directory is made, with its missing parents. Only with `'readWrite'`. */
  readonly createIfMissing: boolean;
  /** Short text for people, shown to whoever is refused the lock. */
  readonly owner: string;
}

interface HeldLock {
  readonly lock: FileLock;
  readonly identity: FileStatus;
}

/** A directory that is open; `close()` gives the lock back. */
export class DatabaseDirectory {
  readonly fileSystem: FileSystem;
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly #identity: FileStatus;
  readonly #held: HeldLock | null;
  /** Of a directory that was found nobody knows: whoever made it may have died before the sync of its name. */
  #isNameDurable: boolean;

  private constructor(
    fileSystem: FileSystem,
    path: string,
    options: DirectoryOptions & { readonly isMade: boolean },
  ) {
    this.fileSystem = fileSystem;
    this.path = path;
    this.#isNameDurable = options.isMade;
    this.#identity = fileSystem.statSync(path);
    if (this.#identity.kind !== 'directory') {
      throw new StorageError('INVALID_ARGUMENT', `Cannot open ${path}: it is not a directory`, {
        file: path,
      });
    }
    this.#held = options.access === 'readWrite' ? this.#takeLock(options.owner) : null;
  }

  /**
   * Opens the directory at `path`. Costs a few milliseconds, for the lock.
   *
   * @throws StorageError NOT_FOUND when it does not exist and must not be made, LOCKED when another
   * instance has it open, INVALID_ARGUMENT when it is no directory.
   */
  static openSync(
    fileSystem: FileSystem,
    path: string,
    options: DirectoryOptions,
  ): DatabaseDirectory {
    const isMade = !fileSystem.existsSync(path);
    if (isMade) {
      if (!options.createIfMissing || options.access === 'readOnly') {
        throw new StorageError('NOT_FOUND', `Cannot open ${path}: it does not exist`, {
          file: path,
        });
      }
      makeDurablySync(fileSystem, path);
    }
    const realPath = fileSystem.realPathSync(path);
    return new DatabaseDirectory(fileSystem, realPath, { ...options, isMade });
  }

  /** Who could write to the directory when it was opened, besides whoever may anyway. */
  get writableBy(): FileStatus['writableBy'] {
    return this.#identity.writableBy;
  }

  /** Full path of a name from file-names.ts. */
  pathOf(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Every numbered file of ours in the directory, in the order of their names; others are ignored. */
  listSync(): NumberedFile[] {
    return this.fileSystem
      .listSync(this.path)
      .map(parseFileName)
      .filter((file) => file !== undefined);
  }

  /**
   * Returns once every name made, changed or removed before survives a power loss. Blocks.
   *
   * @throws StorageError DURABILITY_UNKNOWN: which names survive is not known, and a second sync would
   * not tell. TOO_MANY_FILES: nothing was begun, and it may be tried again.
   */
  syncSync(): void {
    syncNamesSync(this.fileSystem, this.path);
  }

  /** As {@link DatabaseDirectory.syncSync}, on another thread. */
  async sync(): Promise<void> {
    try {
      await this.fileSystem.syncDirectory(this.path);
    } catch (cause) {
      throw failedSyncOfNames(this.path, cause);
    }
  }

  /**
   * Returns once the name of the directory itself survives a power loss: before a database is created in it, or the whole
   * database could be lost with the name. Blocks for a sync, unless this opening made the directory.
   *
   * @throws StorageError as {@link DatabaseDirectory.syncSync}
   */
  syncOwnNameSync(): void {
    if (this.#isNameDurable) return;
    syncNameFoundSync(this.fileSystem, this.path);
    this.#isNameDurable = true;
  }

  /**
   * Throws unless the path still leads to the directory that was opened, with our own lock in it.
   * About 5 µs. Requires: opened with `'readWrite'`.
   *
   * @throws StorageError IO, not retryable: the database must not be written to any more.
   */
  verifySync(): void {
    assert(this.#held !== null, 'a directory opened read-only is never committed to');
    if (
      this.#isStill(this.path, this.#identity) &&
      this.#isStill(this.#lockPath, this.#held.identity)
    ) {
      return;
    }
    throw new StorageError(
      'IO',
      `Cannot commit to ${this.path}: the directory was replaced while it was open`,
      { file: this.path, retryable: false },
    );
  }

  /** Gives the lock back; a second call does nothing. */
  close(): void {
    this.#held?.lock.release();
  }

  get #lockPath(): string {
    return this.pathOf(LOCK_FILE_NAME);
  }

  #takeLock(owner: string): HeldLock {
    const lock = this.fileSystem.lockSync(this.#lockPath, owner);
    try {
      return { lock, identity: this.fileSystem.statSync(this.#lockPath) };
    } catch (error) {
      quietly(() => lock.release());
      throw error;
    }
  }

  #isStill(path: string, { device, inode }: FileStatus): boolean {
    try {
      const status = this.fileSystem.statSync(path);
      return status.device === device && status.inode === inode;
    } catch (error) {
      if (isStorageError(error) && error.code === 'NOT_FOUND') return false;
      throw error;
    }
  }
}

/**
 * Makes a directory and its missing parents, each name durable: otherwise a power loss could take a database whose files
 * were all synced. Each name is durable before another is made in it, so that if this is cut short, only the last name may
 * not be: that of the deepest directory which the next attempt finds.
 */
function makeDurablySync(fileSystem: FileSystem, path: string): void {
  const missing: string[] = [];
  let ancestor = path;
  for (; !fileSystem.existsSync(ancestor); ancestor = parentOf(ancestor)) missing.push(ancestor);
  syncNameFoundSync(fileSystem, fileSystem.realPathSync(ancestor));
  for (const directory of missing.reverse()) {
    fileSystem.makeDirectorySync(directory);
    fileSystem.syncDirectorySync(parentOf(fileSystem.realPathSync(directory)));
  }
}
