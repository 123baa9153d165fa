// The manifest in force, and the one that is about to replace it.
//
// A manifest that existed before this open is never appended to. Opening, and growth, lead to a fresh
// one, in this order:
//
//   1. create MANIFEST-n, write the whole state into it         3. sync the directory
//   2. sync it                                                  4. write and sync n.tmp
//   5. rename n.tmp to CURRENT                                  6. sync the directory
//
// so that at every moment CURRENT names a manifest that is whole and durable. Meanwhile edits go into
// both, and count as durable only when they are so in both: until 6 a crash may leave either in force.
//
// Failures. A write that fails (full disk) leaves the manifest as good as it was but takes no more
// edits; a replacement starts over. A sync or a rename that fails leaves it unknown what is on disk:
// everything is refused from then on; also when it is a sync of the directory by somebody else that
// fails, because the one of 3 or 6 that runs meanwhile proves nothing then, although it succeeds.

import { assert, isStorageError, StorageError } from '@varve/base';
import {
  type DatabaseDirectory,
  isFileNumber,
  MANIFEST_NUMBER_STEP,
  type NumberedFile,
  numberedFileName,
  publishCurrent,
  stageCurrent,
} from '../directory/index.js';
import { type ManifestStart, ManifestWriter } from './manifest-writer.js';

/** A manifest on its way to replace the one in force. */
interface Successor {
  readonly writer: ManifestWriter;
  /** `'renamed'`: CURRENT may name it already, and a crash may still bring the old one back. */
  stage: 'staged' | 'renamed';
}

/** See the head of this file. */
export class ManifestSuccession {
  readonly #directory: DatabaseDirectory;
  /** What CURRENT names; at first a manifest from before this open, which has no writer. */
  #fileNumberInForce: number | undefined;
  #inForce: ManifestWriter | null = null;
  #successor: Successor | null = null;
  #durableEditCount = 0;
  #unused: number[] = [];
  #failure: { readonly cause: unknown } | null = null;

  /** `fileNumberInForce` is what CURRENT names; `undefined` if there is no CURRENT. */
  constructor(directory: DatabaseDirectory, fileNumberInForce: number | undefined) {
    if (fileNumberInForce !== undefined) assertCanBeCurrent(fileNumberInForce);
    this.#directory = directory;
    this.#fileNumberInForce = fileNumberInForce;
  }

  /** The manifest that edits go to; `null` before the first replacement. */
  get inForce(): ManifestWriter | null {
    return this.#inForce;
  }

  /** Every edit up to this one survives a power loss. */
  get durableEditCount(): number {
    return this.#durableEditCount;
  }

  /** Whether it is unknown what is on disk; see {@link ManifestSuccession.checkUsable}. */
  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Numbers of the manifests that a recovery might read. */
  get fileNumbers(): number[] {
    const numbers = [this.#fileNumberInForce, this.#successor?.writer.fileNumber];
    return numbers.filter((fileNumber) => fileNumber !== undefined);
  }

  /** Numbers of the manifests that were replaced since this was asked last. */
  takeUnused(): number[] {
    assert(
      this.#unused.every((fileNumber) => fileNumber !== this.#fileNumberInForce),
      'a manifest in force is not given up',
    );
    return this.#unused.splice(0);
  }

  /** Throws READ_ONLY, with the failure as its cause, once it is unknown what is on disk. */
  checkUsable(action: string): void {
    if (this.#failure === null) return;
    const { path } = this.#directory;
    const message = `Cannot ${action} ${path}: an earlier failure left it unknown what is on disk`;
    throw new StorageError('READ_ONLY', message, { cause: this.#failure.cause, file: path });
  }

  /** Refuses everything from now on, and does not put in force what is on its way: a sync of the directory failed elsewhere. */
  refuse(error: unknown): void {
    assert(isStorageError(error), 'it is a storage error that ends what can be logged');
    this.#fail(error);
  }

  /**
   * Appends an edit. When it throws, the edit counts as not logged, although a crash may bring it into
   * force. Errors: NO_SPACE, IO.
   */
  append(fields: Uint8Array, editCount: number): void {
    this.checkUsable('log an edit to');
    assertEditCount(editCount);
    assert(this.#inForce !== null, 'edits are logged once a fresh manifest is in force');
    assert(fields.length > 0, 'an edit names at least the next file number');
    assert(editCount > this.#durableEditCount, 'an edit is logged before it is durable');
    this.#verifyDirectory();
    this.#inForce.append(fields, editCount);
    if (this.#successor === null || isGivenUp(this.#successor)) return;
    try {
      this.#successor.writer.append(fields, editCount);
    } catch (error) {
      // A successor that misses an edit is not put in force. If CURRENT may name it, it is too late.
      if (this.#successor.stage === 'renamed') throw this.#fail(error);
    }
  }

  /** Resolves once the edits up to `editCount` are durable. Errors: DURABILITY_UNKNOWN. */
  async sync(editCount: number): Promise<void> {
    for (let writer = this.#behind(editCount); writer; writer = this.#behind(editCount)) {
      try {
        await writer.sync();
      } catch (error) {
        throw this.#fail(error);
      }
      assert(writer.durableEditCount >= editCount, 'a manifest in use holds every edit');
    }
    assert(this.#durableEditCount >= editCount, 'what every manifest has on disk is durable');
  }

  /** As {@link ManifestSuccession.sync}, blocking. May be called while that or `replace` runs. */
  syncSync(editCount: number): void {
    for (let writer = this.#behind(editCount); writer; writer = this.#behind(editCount)) {
      try {
        writer.syncSync();
      } catch (error) {
        throw this.#fail(error);
      }
      assert(writer.durableEditCount >= editCount, 'a manifest in use holds every edit');
    }
    assert(this.#durableEditCount >= editCount, 'what every manifest has on disk is durable');
  }

  /**
   * Puts a fresh manifest in force, in the six steps above; its start is durable when it resolves.
   * Requires: no other replacement is running.
   *
   * Errors: DURABILITY_UNKNOWN; any other leaves the manifest in force as it was. The first replacement
   * after opening is not repeated: when it fails, everything is refused.
   */
  async replace(start: ManifestStart): Promise<void> {
    this.checkUsable('replace the manifest of');
    assert(this.#successor === null, 'one manifest is replaced at a time');
    assertCanBeCurrent(start.fileNumber);
    assert(start.fileNumber !== this.#fileNumberInForce, 'a fresh manifest has its own number');
    assert(start.editCount >= this.#durableEditCount, 'a fresh manifest holds every durable edit');
    try {
      this.#verifyDirectory();
      const successor: Successor = { writer: this.#createSync(start), stage: 'staged' };
      this.#successor = successor;
      await this.#putInForce(successor);
      this.#takeOver(successor.writer);
      assert(this.#durableEditCount >= start.editCount, 'the start of a fresh manifest is durable');
    } catch (error) {
      this.#abandon();
      const isHarmless = isStorageError(error) && error.code !== 'DURABILITY_UNKNOWN';
      throw isHarmless && this.#inForce !== null ? error : this.#fail(error);
    }
  }

  /** Closes the files, noting that nothing is missing if that is so. */
  close(): void {
    assert(this.#successor === null, 'a replacement ends before its manifests are closed');
    this.#inForce?.close(this.hasFailed ? 'asItIs' : 'inOrder');
  }

  /** Step 1. */
  #createSync(start: ManifestStart): ManifestWriter {
    try {
      const writer = ManifestWriter.createSync(this.#directory, start);
      assert(writer.durableEditCount === 0, 'nothing of a manifest that was just made is durable');
      return writer;
    } catch (error) {
      this.#removeQuietly({ kind: 'manifest', fileNumber: start.fileNumber });
      throw error;
    }
  }

  /** Steps 2 to 6. */
  async #putInForce(successor: Successor): Promise<void> {
    assert(this.#successor === successor, 'edits go into a manifest that is put in force');
    assert(successor.stage === 'staged', 'a manifest is put in force once');
    const { writer } = successor;
    await writer.sync();
    assert(writer.durableEditCount > 0, 'a manifest is durable before its name is');
    await this.#directory.sync();
    await stageCurrent(this.#directory, writer.fileNumber);
    this.checkUsable('replace the manifest of');
    if (isGivenUp(successor)) throw writer.failure;
    assert(
      writer.durableEditCount >= this.#durableEditCount,
      'a manifest that is put in force holds every durable edit',
    );
    successor.stage = 'renamed';
    await publishCurrent(this.#directory, writer.fileNumber);
    this.checkUsable('replace the manifest of');
  }

  #takeOver(writer: ManifestWriter): void {
    assert(this.#successor?.writer === writer, 'only the successor takes over');
    assert(this.#successor.stage === 'renamed', 'CURRENT names a manifest before it takes over');
    const replaced = this.#inForce;
    if (this.#fileNumberInForce !== undefined) this.#unused.push(this.#fileNumberInForce);
    this.#inForce = writer;
    this.#fileNumberInForce = writer.fileNumber;
    this.#successor = null;
    this.#noteDurable();
    assert(
      this.#durableEditCount === writer.durableEditCount,
      'what is durable in the only manifest is durable',
    );
    replaced?.close('asItIs');
  }

  /** After a rename that may have taken effect, both manifests are left as they are. */
  #abandon(): void {
    if (this.#successor === null) return;
    const { writer, stage } = this.#successor;
    assert(writer !== this.#inForce, 'a manifest in force is not abandoned');
    this.#successor = null;
    writer.close('asItIs');
    if (stage === 'renamed') return;
    this.#removeQuietly({ kind: 'manifest', fileNumber: writer.fileNumber });
    this.#removeQuietly({ kind: 'temporary', fileNumber: writer.fileNumber });
  }

  /** Removes what nothing refers to. A file that stays is found as an orphan at the next open. */
  #removeQuietly(file: NumberedFile): void {
    assert(
      file.kind === 'manifest' || file.kind === 'temporary',
      'nothing but a manifest and what was to become CURRENT is removed',
    );
    assert(file.fileNumber !== this.#fileNumberInForce, 'what CURRENT names is not removed');
    const { fileSystem } = this.#directory;
    const path = this.#directory.pathOf(numberedFileName(file));
    try {
      if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
    } catch (error) {
      // The failure that led here is the one to report.
      if (!isStorageError(error)) throw error;
    }
  }

  /** A manifest in which the edits up to `editCount` are not durable yet. */
  #behind(editCount: number): ManifestWriter | undefined {
    this.checkUsable('sync the manifest of');
    assertEditCount(editCount);
    this.#noteDurable();
    if (this.#durableEditCount >= editCount) return undefined;
    const behind = this.#recoverable().find((writer) => writer.durableEditCount < editCount);
    assert(behind !== undefined, 'an edit that is not durable is not so in one of the manifests');
    return behind;
  }

  #noteDurable(): void {
    const counts = this.#recoverable().map((writer) => writer.durableEditCount);
    this.#durableEditCount = Math.max(this.#durableEditCount, Math.min(...counts));
    assert(this.#durableEditCount <= counts[0], 'what is durable is so in the manifest in force');
  }

  /** The manifests that a recovery might read: an edit is durable when it is so in all of them. */
  #recoverable(): ManifestWriter[] {
    assert(this.#inForce !== null, 'edits are durable once a fresh manifest is in force');
    assert(this.#successor?.writer !== this.#inForce, 'a manifest does not replace itself');
    return this.#successor === null || isGivenUp(this.#successor)
      ? [this.#inForce]
      : [this.#inForce, this.#successor.writer];
  }

  #verifyDirectory(): void {
    assert(this.#failure === null, 'nothing is written after a failure');
    try {
      this.#directory.verifySync();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Refuses everything from now on. Gives the error back. */
  #fail(error: unknown): unknown {
    assert(error !== undefined, 'a failure has a cause');
    this.#failure ??= { cause: error };
    return error;
  }
}

/** Whether a manifest in preparation misses an edit or cannot take the next; it is not put in force. */
function isGivenUp({ writer, stage }: Successor): boolean {
  return stage === 'staged' && writer.failure !== undefined;
}

function assertCanBeCurrent(fileNumber: number): void {
  assert(isFileNumber(fileNumber), 'a manifest has a number from 1 on');
  assert(
    fileNumber % MANIFEST_NUMBER_STEP === 0,
    'the digits of a number that CURRENT names check each other',
  );
}

function assertEditCount(editCount: number): void {
  assert(Number.isSafeInteger(editCount), 'an edit count is a safe integer');
  assert(editCount > 0, 'edits are counted from 1 on');
}
