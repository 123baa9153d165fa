/**
 * The tables and the log that an opening has made, for as long as nothing on disk can name them.
 *
 * An opening that fails takes them back: on a full disk they would otherwise keep the space that the next one needs, which
 * would leave its own beside them. Only what this opening has made is removed: whatever else is in the directory stays until
 * a manifest of an opening is in force.
 */
import { isStorageError, type StorageErrorCode } from '@varve/base';
import { quietly } from '@varve/vfs';
import { type DatabaseDirectory, type NumberedFile, numberedFileName } from '../directory/index.js';
import type { VersionEdit, VersionSet } from '../manifest/index.js';

/**
 * Of `VersionSet.publish`: the old manifest is in force, and the new one gone. What fails from the rename of CURRENT on is
 * DURABILITY_UNKNOWN, and of any other error nobody has said how far it came.
 */
const HARMLESS_CODES: ReadonlySet<StorageErrorCode> = new Set([
  'NO_SPACE',
  'TOO_MANY_FILES',
  'IO',
] as const);

/** See the head of this file. */
export class OpeningOutputs {
  readonly #directory: DatabaseDirectory;
  readonly #files: NumberedFile[] = [];

  constructor(directory: DatabaseDirectory) {
    this.#directory = directory;
  }

  /** Requires: this opening has made the file. */
  add(file: NumberedFile): void {
    this.#files.push(file);
  }

  /**
   * Publishes an edit that names the files. They are kept from then on, unless it fails in a way that nothing comes of it.
   *
   * @throws StorageError those of `VersionSet.publish`
   */
  async publish(versions: VersionSet, edit: VersionEdit): Promise<void> {
    const files = this.#files.splice(0);
    // In a directory that was put in the place of this one, files of these names are somebody else's.
    this.#directory.verifySync();
    try {
      await versions.publish(edit);
    } catch (error) {
      if (isStorageError(error) && HARMLESS_CODES.has(error.code)) this.#files.push(...files);
      throw error;
    }
  }

  /** Removes those that need not be kept, as far as possible; the others are orphans for a later opening. Requires: closed. */
  removeSync(): void {
    const { fileSystem } = this.#directory;
    for (const file of this.#files.splice(0)) {
      quietly(() => fileSystem.removeSync(this.#directory.pathOf(numberedFileName(file))));
    }
  }
}
