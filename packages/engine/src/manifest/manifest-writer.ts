// Appends edits to one manifest, and knows which of them are on disk.
//
// Edits are counted over the life of the database process, not of the file, so that "durable up to edit
// 17" means the same in an old and in a new manifest.
//
// After every sync a marker is appended that attests it. Without one, damage to the last edit could not
// be told from a torn tail, and an edit that was durable would silently be taken back.

import { assert, checksum64, isStorageError, writeU64 } from '@varve/base';
import { quietly } from '@varve/vfs';
import { type DatabaseDirectory, manifestFileName } from '../directory/index.js';
import { LogKind, LogWriter, RECORD_HEADER_SIZE_BYTES, RecordType } from '../log/index.js';
import { CHAIN_SIZE_BYTES, INITIAL_CHAIN } from './manifest-format.js';

/** What a manifest begins with. */
export interface ManifestStart {
  readonly fileNumber: number;
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
  /** The fields of the edit that holds the whole state. */
  readonly snapshot: Uint8Array;
  /** How many edits that state includes. */
  readonly editCount: number;
}

/** Writer of one manifest. */
export class ManifestWriter {
  readonly fileNumber: number;
  /** Size of the manifest with nothing but the state it begins with. */
  readonly startSizeBytes: number;
  readonly #log: LogWriter;
  #chain = INITIAL_CHAIN;
  #editCount = 0;
  #durableEditCount = 0;
  #runningSyncCount = 0;
  #state: 'open' | 'closed' = 'open';

  private constructor(log: LogWriter, start: ManifestStart) {
    this.#log = log;
    this.fileNumber = start.fileNumber;
    this.append(start.snapshot, start.editCount);
    this.startSizeBytes = log.positionBytes;
  }

  /**
   * Creates the manifest. Nothing of it is durable, and CURRENT does not name it. When it throws, no
   * file is left open, but one may be left in the directory; nothing refers to it.
   */
  static createSync(directory: DatabaseDirectory, start: ManifestStart): ManifestWriter {
    const log = LogWriter.createSync(
      directory.fileSystem,
      directory.pathOf(manifestFileName(start.fileNumber)),
      { kind: LogKind.manifest, logId: start.fileNumber, databaseId: start.databaseId },
    );
    try {
      return new ManifestWriter(log, start);
    } catch (error) {
      quietly(() => log.closeSync());
      throw error;
    }
  }

  /** Every edit up to this one is on disk. */
  get durableEditCount(): number {
    return this.#durableEditCount;
  }

  get sizeBytes(): number {
    return this.#log.positionBytes;
  }

  /**
   * Why the manifest takes no more edits, although those it has are good: a write failed, and what it
   * left at the end of the file would cut off everything appended behind it.
   */
  get failure(): unknown {
    return this.#log.failure;
  }

  /**
   * Appends the edit number `editCount` with one write; see `encodeEdit` for its fields.
   *
   * @throws StorageError NO_SPACE or IO when the write fails. It is not known then whether the edit is
   * in the file, and the manifest takes no more.
   */
  append(fields: Uint8Array, editCount: number): void {
    const payloadLength = CHAIN_SIZE_BYTES + fields.length;
    const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + payloadLength);
    writeU64(record, RECORD_HEADER_SIZE_BYTES, this.#chain);
    record.set(fields, RECORD_HEADER_SIZE_BYTES + CHAIN_SIZE_BYTES);
    this.#log.appendSync(record, 0, payloadLength, RecordType.edit);
    this.#chain = checksum64(record, RECORD_HEADER_SIZE_BYTES, record.length, 0n);
    this.#editCount = editCount;
  }

  /**
   * Resolves once every edit appended so far is on disk.
   *
   * @throws StorageError DURABILITY_UNKNOWN: what is on disk is not known, and never will be.
   */
  async sync(): Promise<void> {
    const editCount = this.#editCount;
    this.#runningSyncCount += 1;
    try {
      await this.#log.sync();
      this.#noteDurable(editCount);
    } finally {
      this.#runningSyncCount -= 1;
      if (this.#state === 'closed') this.#closeFile();
    }
  }

  /** As {@link ManifestWriter.sync}, blocking. May be called while that runs. */
  syncSync(): void {
    const editCount = this.#editCount;
    this.#log.syncSync();
    this.#noteDurable(editCount);
  }

  /**
   * Closes the file, after the syncs that are running. `'inOrder'` notes at its end that nothing is
   * missing, which takes effect if every edit is durable.
   */
  close(how: 'inOrder' | 'asItIs'): void {
    if (how === 'inOrder' && this.#log.isDurable) this.#attest(() => this.#log.appendEndSync());
    this.#state = 'closed';
    this.#closeFile();
  }

  #noteDurable(editCount: number): void {
    this.#durableEditCount = Math.max(this.#durableEditCount, editCount);
    this.#attest(() => this.#log.appendMarkerSync());
  }

  /** Appends what is good to have but not needed: a failure shows in `failure` and is no other harm. */
  #attest(append: () => void): void {
    if (this.#log.failure !== undefined || this.#state === 'closed') return;
    try {
      append();
    } catch (error) {
      assert(this.#log.failure !== undefined, `the log remembers that a write failed: ${error}`);
    }
  }

  /** A sync may be waiting for another one to end before it touches the file itself. */
  #closeFile(): void {
    if (this.#runningSyncCount > 0) return;
    try {
      this.#log.closeSync();
    } catch (error) {
      // What was durable stays so, and what was not is not claimed to be: nothing depends on the close.
      if (!isStorageError(error)) throw error;
    }
  }
}
