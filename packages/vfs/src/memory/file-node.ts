// The content of one file in memory: what programs see, and what a power loss would leave.
//
//   content   what reads see, all writes applied
//   durable   what is on the disk for certain: the writes covered by a successful sync
//   unsynced  the writes since, in order; durable + all of them = content
//
// A write is held twice until it is synced, which is the price of choosing between them at a crash (crash-image.ts).

import { systemError } from '../system-error.js';
import { GrowingBytes } from './growing-bytes.js';
import type { StorageMeter } from './storage-meter.js';

/** The device that every file in memory is on. */
export const MEMORY_DEVICE = 1n;

/** A change of a file's content that no sync has covered. */
export type UnsyncedChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly sizeBytes: number };

/** Real file systems have a limit as well; beyond it a wild position would only exhaust the memory. */
const FILE_SIZE_BYTES_MAX = 2 ** 31;

/** The unit in which the system remembers what it has to write. */
const PAGE_SIZE_BYTES = 4096;

/**
 * What a file system does when the device refuses data during a sync; after each of them the pages count as clean, so the
 * next sync reports success without writing them (Rebello et al., "Can Applications Recover from fsync Failures?", 2020).
 *
 * | model        | reads then see | on the disk                         | who is told     |
 * | ------------ | -------------- | ----------------------------------- | --------------- |
 * | ext4-ordered | the new bytes  | the old ones; but the new, larger   | this sync       |
 * |              |                | size, with zeros where nothing was  |                 |
 * | xfs          | the new bytes  | the old ones, and the old size      | this sync       |
 * | ext4-data    | the new bytes  | the old ones, and the old size      | the next sync   |
 * | btrfs        | the old bytes  | the old ones, and the old size      | this sync       |
 *
 * Who is told is a matter of fault rules (`'lateSyncError'`), not of a file. Pages have 4 KiB: a later write to one that was
 * lost dirties all of it again, so the next sync writes what the failed one did not. The system may also drop pages that it
 * holds for clean whenever it likes (`evict`); reads see then what is on the disk.
 */
export type SyncFailureModel = 'ext4-ordered' | 'xfs' | 'ext4-data' | 'btrfs';

/** A regular file, whatever names it has. */
export class FileNode {
  readonly kind = 'file';
  readonly inode: bigint;
  readonly #meter: StorageMeter;
  #content: GrowingBytes;
  #durable: GrowingBytes;
  #unsynced: UnsyncedChange[] = [];
  /** Pages that the system holds for clean, though they differ from the disk. */
  #lostPages = new Set<number>();
  /** Changes made before the first of `#unsynced`. */
  #settledCount = 0;
  #nameCount = 0;
  #handleCount = 0;

  /** Takes over the content, all of it durable. */
  constructor(inode: bigint, meter: StorageMeter, content: GrowingBytes = new GrowingBytes()) {
    this.inode = inode;
    this.#meter = meter;
    this.#content = content;
    this.#durable = content.copy();
    meter.add(content.sizeBytes);
  }

  get sizeBytes(): number {
    return this.#content.sizeBytes;
  }

  get content(): GrowingBytes {
    return this.#content;
  }

  get durable(): GrowingBytes {
    return this.#durable;
  }

  get unsynced(): readonly UnsyncedChange[] {
    return this.#unsynced;
  }

  /** How many changes there have been; a sync covers those counted when it is asked for. */
  get changeCount(): number {
    return this.#settledCount + this.#unsynced.length;
  }

  /** Writes what fits on the device, and fails with ENOSPC if that is not all. */
  write(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    if (length === 0) return;
    if (position + length > FILE_SIZE_BYTES_MAX) throw systemError('EFBIG');
    const endMax = this.sizeBytes + this.#meter.freeBytes;
    const fittingLength = Math.min(length, Math.max(0, endMax - position));
    if (fittingLength > 0) {
      const bytes = source.slice(sourceOffset, sourceOffset + fittingLength);
      this.#change({ kind: 'write', position, bytes });
    }
    if (fittingLength < length) throw systemError('ENOSPC');
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes > FILE_SIZE_BYTES_MAX) throw systemError('EFBIG');
    if (sizeBytes > this.sizeBytes + this.#meter.freeBytes) throw systemError('ENOSPC');
    this.#change({ kind: 'truncate', sizeBytes });
  }

  /** Makes the first `changeCount` of all changes durable. */
  sync(changeCount: number): void {
    const coveredCount = Math.max(0, changeCount - this.#settledCount);
    for (const change of this.#unsynced.splice(0, coveredCount)) {
      applyChange(this.#durable, change);
      this.#settledCount++;
    }
  }

  /** Loses the unsynced changes in the manner of a file system. */
  failSync(model: SyncFailureModel): void {
    if (model === 'ext4-ordered' && this.sizeBytes > this.#durable.sizeBytes) {
      this.#durable.resize(this.sizeBytes);
    }
    this.loseUnsynced(model === 'btrfs' ? 'old' : 'new');
  }

  /** Forgets to write the unsynced changes to the disk, as Linux does after a failed sync. */
  loseUnsynced(visible: 'new' | 'old'): void {
    const lost = this.#unsynced;
    this.#settledCount += lost.length;
    this.#unsynced = [];
    for (const change of lost) for (const page of pagesOf(change)) this.#lostPages.add(page);
    if (visible === 'old') this.evict();
  }

  /** Drops what the system holds for clean: reads see the disk from now on, and what is still to be written. */
  evict(): void {
    this.#lostPages.clear();
    const sizeBefore = this.sizeBytes;
    this.#content = this.#durable.copy();
    for (const change of this.#unsynced) applyChange(this.#content, change);
    this.#meter.add(this.sizeBytes - sizeBefore);
  }

  addName(): void {
    this.#nameCount++;
  }

  removeName(): void {
    this.#nameCount--;
    this.#freeIfUnused();
  }

  addHandle(): void {
    this.#handleCount++;
  }

  removeHandle(): void {
    this.#handleCount--;
    this.#freeIfUnused();
  }

  #change(change: UnsyncedChange): void {
    const sizeBefore = this.sizeBytes;
    applyChange(this.#content, change);
    this.#meter.add(this.sizeBytes - sizeBefore);
    this.#unsynced.push(change);
    if (this.#lostPages.size > 0) this.#dirtyPages(change);
  }

  /** All of a lost page that is written to is to be written again. */
  #dirtyPages(change: UnsyncedChange): void {
    for (const page of pagesOf(change)) {
      if (!this.#lostPages.delete(page)) continue;
      const position = page * PAGE_SIZE_BYTES;
      const bytes = this.#content.view().slice(position, position + PAGE_SIZE_BYTES);
      if (bytes.length > 0) this.#unsynced.push({ kind: 'write', position, bytes });
    }
  }

  #freeIfUnused(): void {
    if (this.#nameCount === 0 && this.#handleCount === 0) this.#meter.add(-this.sizeBytes);
  }
}

/** Numbers of the pages that a change dirties. */
function pagesOf(change: UnsyncedChange): number[] {
  if (change.kind === 'truncate') return [Math.floor(change.sizeBytes / PAGE_SIZE_BYTES)];
  const first = Math.floor(change.position / PAGE_SIZE_BYTES);
  const last = Math.floor((change.position + change.bytes.length - 1) / PAGE_SIZE_BYTES);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Does to `content` what was done to the file. */
export function applyChange(content: GrowingBytes, change: UnsyncedChange): void {
  if (change.kind === 'write') content.write(change.bytes, change.position);
  else content.resize(change.sizeBytes);
}
