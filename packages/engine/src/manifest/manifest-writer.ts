// Appends edits to one manifest, and knows which of them are on disk.
//
// Edits are counted over the life of the database process, not of the file, so that "durable up to edit
// 17" means the same in an old and in a new manifest.
//
// After every sync a marker is appended that attests it. Without one, damage to the last edit could not
// be told from a torn tail, and an edit that was durable would silently be taken back.

import { assert, checksum64, isStorageError, writeU64 } from '@varve/base';
import { quietly } from '@varve/vfs';
import { type DatabaseDirectory, isFileNumber, manifestFileName } from '../directory/index.js';
import {
  LOG_FILE_HEADER_SIZE_BYTES,
  LogKind,
  LogWriter,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
} from '../log/index.js';
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
    assert(log.identity.logId === start.fileNumber, 'the number of a manifest is its log id');
    assert(log.positionBytes === LOG_FILE_HEADER_SIZE_BYTES, 'a manifest starts with an empty log');
    this.#log = log;
    this.fileNumber = start.fileNumber;
    this.append(start.snapshot, start.editCount);
    this.startSizeBytes = log.positionBytes;
    assert(this.#durableEditCount === 0, 'a manifest is not durable before its first sync');
  }

  /**
   * Creates the manifest. Nothing of it is durable, and CURRENT does not name it. When it throws, no
   * file is left open, but one may be left in the directory; nothing refers to it.
   */
  static createSync(directory: DatabaseDirectory, start: ManifestStart): ManifestWriter {
    assertStart(start);
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
    assertOpen(this.#state);
    assertFollows(editCount, this.#editCount);
    const position = this.#log.positionBytes;
    const payloadLength = CHAIN_SIZE_BYTES + fields.length;
    const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + payloadLength);
    writeU64(record, RECORD_HEADER_SIZE_BYTES, this.#chain);
    record.set(fields, RECORD_HEADER_SIZE_BYTES + CHAIN_SIZE_BYTES);
    this.#log.appendSync(record, 0, payloadLength, RecordType.edit);
    this.#chain = checksum64(record, RECORD_HEADER_SIZE_BYTES, record.length, 0n);
    this.#editCount = editCount;
    assert(this.#log.positionBytes === position + record.length, 'an edit is appended whole');
    assert(!this.#log.isDurable, 'an edit is not durable before it is synced');
    assert(this.#durableEditCount < editCount, 'an edit that was just appended is not durable');
  }

  /**
   * Resolves once every edit appended so far is on disk.
   *
   * @throws StorageError DURABILITY_UNKNOWN: what is on disk is not known, and never will be.
   */
  async sync(): Promise<void> {
    assertOpen(this.#state);
    const editCount = this.#editCount;
    const { endOffset } = this.#log.contentEnd;
    this.#runningSyncCount += 1;
    try {
      await this.#log.sync();
      assert(this.#log.durableBytes >= endOffset, 'a sync reaches the edits appended before it');
      this.#noteDurable(editCount);
    } finally {
      assert(this.#runningSyncCount > 0, 'a sync ends once');
      this.#runningSyncCount -= 1;
      if (this.#state === 'closed') this.#closeFile();
    }
  }

  /** As {@link ManifestWriter.sync}, blocking. May be called while that runs. */
  syncSync(): void {
    assertOpen(this.#state);
    const editCount = this.#editCount;
    this.#log.syncSync();
    assert(this.#log.isDurable, 'a sync that blocks leaves nothing behind');
    this.#noteDurable(editCount);
  }

  /**
   * Closes the file, after the syncs that are running. `'inOrder'` notes at its end that nothing is
   * missing, which takes effect if every edit is durable.
   */
  close(how: 'inOrder' | 'asItIs'): void {
    assertOpen(this.#state);
    assert(this.#durableEditCount <= this.#editCount, 'only edits that were appended are durable');
    if (how === 'inOrder' && this.#log.isDurable) this.#attest(() => this.#log.appendEndSync());
    this.#state = 'closed';
    this.#closeFile();
  }

  #noteDurable(editCount: number): void {
    assert(editCount > 0, 'a manifest holds an edit from its beginning');
    assert(editCount <= this.#editCount, 'an edit is appended before it is durable');
    this.#durableEditCount = Math.max(this.#durableEditCount, editCount);
    this.#attest(() => this.#log.appendMarkerSync());
  }

  /** Appends what is good to have but not needed: a failure shows in `failure` and is no other harm. */
  #attest(append: () => void): void {
    assert(this.#log.durableBytes > 0, 'nothing is attested before a sync');
    if (this.#log.failure !== undefined || this.#state === 'closed') return;
    try {
      append();
    } catch (error) {
      assert(this.#log.failure !== undefined, `the log remembers that a write failed: ${error}`);
    }
  }

  /** A sync may be waiting for another one to end before it touches the file itself. */
  #closeFile(): void {
    assert(this.#state === 'closed', 'a file is closed when its manifest takes no more edits');
    assert(this.#runningSyncCount >= 0, 'no more syncs end than began');
    if (this.#runningSyncCount > 0) return;
    try {
      this.#log.closeSync();
    } catch (error) {
      // What was durable stays so, and what was not is not claimed to be: nothing depends on the close.
      if (!isStorageError(error)) throw error;
    }
  }
}

function assertStart({ fileNumber, snapshot, editCount }: ManifestStart): void {
  assert(isFileNumber(fileNumber), 'a manifest has a number from 1 on');
  assert(snapshot.length > 0, 'a manifest begins with the whole state');
  assert(Number.isSafeInteger(editCount), 'an edit count is a safe integer');
  assert(editCount > 0, 'edits are counted from 1 on');
}

/** `editCountBefore` is that of the edit before it; 0 if there is none. */
function assertFollows(editCount: number, editCountBefore: number): void {
  assert(editCount > editCountBefore, 'edit counts only grow');
  assert(
    editCountBefore === 0 || editCount === editCountBefore + 1,
    'a manifest leaves out none of the edits after its beginning',
  );
}

function assertOpen(state: 'open' | 'closed'): void {
  assert(state === 'open', 'a manifest that was closed takes and syncs no edits');
}
