// Reads what a failing disk still gives: where a read fails, page by page, with zeros for the pages that cannot be read.
//
// No checksum accepts the zeros, so that a page that cannot be read costs what a damaged one does, and not the whole file.
// Not for a manifest that is to be read as a whole: zeros at its end would pass for an end before its last edits.

import { FileSystemWrapper, type RandomAccessFile, WrappedFile } from '@varve/vfs';
import { isDeviceFailure } from './read-failures.js';

/** Disks fail by sectors of 512 or 4096 bytes. */
const PAGE_SIZE_BYTES = 4096;

/** Bytes of a file that the device does not give. */
export interface UnreadableRange {
  readonly path: string;
  readonly offset: number;
  readonly end: number;
  /** What the device said. */
  readonly reason: string;
}

type NoteRange = (range: UnreadableRange) => void;

/** See the head of this file. */
export class PatientFileSystem extends FileSystemWrapper {
  /** By path and offset: most pages are read more than once. */
  readonly #pages = new Map<string, UnreadableRange>();

  /** What could not be read so far, by path and offset. Ranges that touch are one. */
  unreadableRanges(): UnreadableRange[] {
    const ranges: UnreadableRange[] = [];
    for (const page of [...this.#pages.values()].sort(inOrder)) {
      const last = ranges.at(-1);
      if (last?.path !== page.path || page.offset > last.end) ranges.push(page);
      else ranges[ranges.length - 1] = { ...last, end: Math.max(last.end, page.end) };
    }
    return ranges;
  }

  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    return new PatientFile(file, this, (page) => this.#note(page));
  }

  #note(page: UnreadableRange): void {
    const key = `${page.offset} ${page.path}`;
    const known = this.#pages.get(key);
    if (known === undefined || known.end < page.end) this.#pages.set(key, page);
  }
}

class PatientFile extends WrappedFile {
  readonly #note: NoteRange;

  constructor(inner: RandomAccessFile, hooks: PatientFileSystem, note: NoteRange) {
    super(inner, hooks);
    this.#note = note;
  }

  override readSync(target: Uint8Array, targetOffset: number, length: number, position: number) {
    try {
      return this.inner.readSync(target, targetOffset, length, position);
    } catch (error) {
      if (!isDeviceFailure(error)) throw error;
      return this.#readPages(target.subarray(targetOffset, targetOffset + length), position);
    }
  }

  #readPages(target: Uint8Array, position: number): number {
    const end = Math.min(position + target.length, this.inner.sizeSync());
    let offset = position;
    while (offset < end) {
      const pageEnd = Math.min(end, offset - (offset % PAGE_SIZE_BYTES) + PAGE_SIZE_BYTES);
      this.#readPage(target.subarray(offset - position, pageEnd - position), offset);
      offset = pageEnd;
    }
    return Math.max(0, end - position);
  }

  #readPage(target: Uint8Array, offset: number): void {
    try {
      // What a file that shrinks meanwhile does not have is zeros.
      target.fill(0, this.inner.readSync(target, 0, target.length, offset));
    } catch (error) {
      if (!isDeviceFailure(error)) throw error;
      target.fill(0);
      const { path } = this;
      this.#note({ path, offset, end: offset + target.length, reason: error.message });
    }
  }
}

function inOrder(a: UnreadableRange, b: UnreadableRange): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.offset - b.offset;
}
