// The search for blocks itself: from the front, offset by offset, on behind every block that is found; and from every block
// that is found behind a gap, and from the footer, backwards.
//
// Backwards a trailer says where the block in front starts. That finds what the search from the front missed because forged
// bytes had used up its allowance, and blocks of any kind of content: properties have none that tells their length.

import { checksum64, compareWhole, isStorageError, readU32, readU64 } from '@varve/base';
import { CODEC_LZ4, CODEC_NONE } from './block/compression.js';
import {
  CHECKSUM_SIZE_BYTES,
  placeSeed,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
  tableSeed,
} from './block/trailer.js';
import { compressedEnd, LZ4_LENGTH_SIZE_BYTES } from './block-scan-lz4.js';
import { plainEnd, SHAPES } from './block-scan-shapes.js';
import { CANDIDATE_COST, LOOK_COST, type ScanWork, type WorkAllowance } from './block-scan-work.js';
import { decodeBlock } from './data-block/decode.js';
import { entryCountOf, keyEnd, keyStart } from './data-block/reader.js';
import { footerOffset } from './footer.js';

/** Where a stored block lies in its file, trailer included. */
export interface StoredRange {
  readonly offset: number;
  readonly end: number;
}

/** `'block'`: an undamaged data block. `'other'`: an undamaged block of another kind. `'gap'`: neither. */
export type ScanFinding =
  | (StoredRange & { readonly kind: 'block'; readonly content: Uint8Array })
  | (StoredRange & { readonly kind: 'other' | 'gap' });

/** Which table is searched. */
export interface ScannedTable {
  readonly tableId: Uint8Array;
  /** For messages. */
  readonly path: string;
}

/** One search through the bytes of one file. */
export class BlockScan {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  readonly #seed: bigint;
  readonly #work: ScanWork;
  readonly #findings: ScanFinding[] = [];
  #lastKey: Uint8Array | null = null;

  constructor(bytes: Uint8Array, table: ScannedTable, { work }: { readonly work: ScanWork }) {
    this.#bytes = bytes;
    this.#path = table.path;
    this.#seed = tableSeed(table.tableId);
    this.#work = work;
  }

  /** Divides the bytes into findings, in their order. To be called once. */
  run(): ScanFinding[] {
    let gapStart = 0;
    let offset = 0;
    while (offset + TRAILER_SIZE_BYTES < this.#bytes.length) {
      this.#work.pass();
      const end = this.#endOfBlockAt(offset, gapStart);
      if (end === 0) {
        offset += 1;
        continue;
      }
      this.#closeGap({ offset: gapStart, end: offset }, offset);
      this.#noteBlock({ offset, end });
      offset = end;
      gapStart = end;
    }
    const fileEnd = this.#bytes.length;
    this.#closeGap({ offset: gapStart, end: fileEnd }, footerOffset(fileEnd));
    return this.#findings;
  }

  /** Goes back from `anchor`, where a block ends if there is one in this gap, and notes what that leaves of the gap. */
  #closeGap(gap: StoredRange, anchor: number): void {
    const blocks: StoredRange[] = [];
    let end = anchor;
    for (;;) {
      const offset = this.#startOfBlockBefore(end, gap.offset);
      if (offset < 0) break;
      blocks.push({ offset, end });
      end = offset;
    }
    this.#noteGap(gap.offset, blocks.length === 0 ? gap.end : end);
    for (const block of blocks.reverse()) this.#noteBlock(block);
    if (blocks.length > 0) this.#noteGap(anchor, gap.end);
  }

  #noteGap(offset: number, end: number): void {
    if (end > offset) this.#findings.push({ kind: 'gap', offset, end });
  }

  #noteBlock(range: StoredRange): void {
    const content = this.#contentOf(range);
    if (content === null || !this.#continues(content)) {
      this.#findings.push({ kind: 'other', ...range });
    } else {
      this.#findings.push({ kind: 'block', ...range, content });
    }
  }

  /** Gives 0 if no block starts here. */
  #endOfBlockAt(offset: number, gapStart: number): number {
    const allowance = offset === gapStart ? this.#work.anchor : this.#work.search;
    for (const shape of SHAPES) {
      const end = plainEnd(this.#bytes, offset, shape);
      if (end !== 0 && this.#isWhole({ offset, end }, allowance)) return end;
    }
    return this.#endOfCompressed(offset, allowance);
  }

  /** Gives 0 if no compressed block starts here. The steps through one that is whole are given back. */
  #endOfCompressed(offset: number, allowance: WorkAllowance): number {
    const left = allowance.left;
    const end = compressedEnd(this.#bytes, offset, allowance);
    const cost = left - allowance.left;
    if (end === 0 || !this.#isWhole({ offset, end }, allowance)) return 0;
    allowance.add(cost);
    return end;
  }

  /** Gives -1 if no block ends here that starts at `startMin` or behind it. */
  #startOfBlockBefore(end: number, startMin: number): number {
    const contentEnd = end - TRAILER_SIZE_BYTES;
    if (contentEnd <= startMin) return -1;
    const codec = storedCodec(this.#bytes, end);
    if (codec === CODEC_LZ4) return this.#startOfCompressed(end, startMin);
    const offset = contentEnd - storedContentLength(this.#bytes, end);
    if (codec !== CODEC_NONE || offset < startMin || offset === contentEnd) return -1;
    return this.#isWhole({ offset, end }, this.#work.anchor) ? offset : -1;
  }

  /** A compressed block is shorter than its content, and starts with the length of that. */
  #startOfCompressed(end: number, startMin: number): number {
    const allowance = this.#work.anchor;
    const contentEnd = end - TRAILER_SIZE_BYTES;
    const contentLength = storedContentLength(this.#bytes, end);
    const lowest = Math.max(startMin, contentEnd - contentLength);
    let offset = contentEnd - LZ4_LENGTH_SIZE_BYTES;
    for (; offset >= lowest && allowance.take(LOOK_COST); offset--) {
      const isStart = readU32(this.#bytes, offset) === contentLength;
      if (isStart && this.#endOfCompressed(offset, allowance) === end) return offset;
    }
    return -1;
  }

  /** Whether the checksum is right. What was spent on a block that is whole is given back. */
  #isWhole({ offset, end }: StoredRange, allowance: WorkAllowance): boolean {
    const cost = CANDIDATE_COST + end - offset;
    if (!allowance.take(cost)) return false;
    const checksumOffset = end - CHECKSUM_SIZE_BYTES;
    const seed = placeSeed(this.#seed, offset);
    const actual = checksum64(this.#bytes, offset, checksumOffset, seed);
    if (actual !== readU64(this.#bytes, checksumOffset)) return false;
    allowance.add(cost);
    return true;
  }

  /** Gives `null` if it is no data block, or one that cannot be read. */
  #contentOf({ offset, end }: StoredRange): Uint8Array | null {
    const place = { file: this.#path, where: 'sst.data', offset } as const;
    const seed = placeSeed(this.#seed, offset);
    const contentLength = storedContentLength(this.#bytes, end);
    try {
      return decodeBlock({ bytes: this.#bytes, start: offset, end, seed, contentLength, place });
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return null;
    }
  }

  /** Whether the keys of a block come after those before it: an index that looks like a data block does not get through. */
  #continues(content: Uint8Array): boolean {
    const last = entryCountOf(content, 0) - 1;
    const firstKey = content.subarray(keyStart(content, 0, 0), keyEnd(content, 0, 0));
    const lastKey = content.slice(keyStart(content, 0, last), keyEnd(content, 0, last));
    if (compareWhole(firstKey, lastKey) > 0) return false;
    if (this.#lastKey !== null && compareWhole(this.#lastKey, firstKey) > 0) return false;
    this.#lastKey = lastKey;
    return true;
  }
}
