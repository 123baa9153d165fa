// Finds the data blocks of a table without its index: for salvage, where footer, index or the end of the file may be gone.
//
// A block proves itself: its checksum is seeded with the table's identifier and the block's position. What has to be found
// is where it starts and ends. Its trailer says how long its content is, and from that follows
//
//   stored as it is   the start: trailer offset minus content length
//   compressed        what its first four bytes are: the same content length
//
// so few pairs of start and end have to be hashed. Forged bytes could name many: hashing is limited to a multiple of the
// file's size, and what was not looked at by then counts as damaged.

import { compareWhole, isStorageError, readU32 } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import {
  CODEC_LZ4,
  CODEC_NONE,
  COMPRESSED_CONTENT_SIZE_BYTES_MAX,
  contentLengthMax,
} from './block/compression.js';
import { openPlainBlock } from './block/plain-block.js';
import {
  blockDamage,
  checkTrailer,
  placeSeed,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
  tableSeed,
} from './block/trailer.js';
import { decodeBlock } from './data-block/decode.js';
import { entryCountOf, keyEnd, keyStart } from './data-block/reader.js';
import { decodeFooter, FOOTER_SIZE_BYTES, type Footer, footerOffset } from './footer.js';
import { TABLE_SIZE_BYTES_MAX } from './table-format.js';
import { decodeProperties, type TableProperties } from './table-properties.js';

/** How many times the size of the file may be hashed before the search gives up. */
const HASHED_SIZE_FACTOR_MAX = 16;

/** Where a stored block lies in its file, trailer included. */
export interface StoredRange {
  readonly offset: number;
  readonly end: number;
}

/** `'block'`: an undamaged data block. `'other'`: an undamaged block of another kind. `'gap'`: neither. */
export type ScanFinding =
  | (StoredRange & { readonly kind: 'block'; readonly content: Uint8Array })
  | (StoredRange & { readonly kind: 'other' | 'gap' });

/**
 * Divides the bytes of a whole table file into undamaged blocks and gaps, in their order. Time and memory are bounded by a
 * multiple of the file's size, whatever the bytes are.
 */
export function scanBlocks(
  bytes: Uint8Array,
  table: { readonly tableId: Uint8Array; readonly path: string },
): ScanFinding[] {
  return new BlockScan(bytes, table).run();
}

/**
 * Reads the block that lies in `range` and gives its content, verified.
 * @throws StorageError CORRUPTION, UNSUPPORTED_FORMAT, IO
 */
export function readStoredBlock(
  file: RandomAccessFile,
  tableId: Uint8Array,
  range: StoredRange,
): Uint8Array {
  const bytes = new Uint8Array(range.end - range.offset);
  const place = { file: file.path, where: 'sst.data', offset: range.offset } as const;
  const length = file.readSync(bytes, 0, bytes.length, range.offset);
  if (length < bytes.length) throw blockDamage(place, 'the file ends inside it');
  const seed = placeSeed(tableSeed(tableId), range.offset);
  checkTrailer(bytes, 0, length, seed, place);
  const contentLength = storedContentLength(bytes, length);
  if (contentLength > contentLengthMax(length)) throw blockDamage(place, 'content is too long');
  return decodeBlock({ bytes, start: 0, end: length, seed, contentLength, place });
}

/**
 * Reads the properties that lie in `range`.
 * @throws StorageError CORRUPTION, also if that is a block of another kind, IO
 */
export function readStoredProperties(
  file: RandomAccessFile,
  tableId: Uint8Array,
  range: StoredRange,
): TableProperties {
  const bytes = new Uint8Array(range.end - range.offset);
  const length = file.readSync(bytes, 0, bytes.length, range.offset);
  const reader = openPlainBlock({
    bytes,
    start: 0,
    end: length,
    bytesOffset: range.offset,
    file: file.path,
    where: 'sst.properties',
    tableSeed: tableSeed(tableId),
  });
  return decodeProperties(reader);
}

/**
 * Reads what a table file says it is.
 * @throws StorageError CORRUPTION `sst.footer`, UNSUPPORTED_FORMAT, IO
 */
export function readTableFooter(file: RandomAccessFile): Footer {
  const sizeBytes = file.sizeSync();
  const place = { file: file.path, where: 'sst.footer', offset: 0 } as const;
  if (sizeBytes < FOOTER_SIZE_BYTES || sizeBytes > TABLE_SIZE_BYTES_MAX) {
    throw blockDamage(place, `no table has ${sizeBytes} bytes`);
  }
  const bytes = new Uint8Array(FOOTER_SIZE_BYTES);
  file.readSync(bytes, 0, bytes.length, footerOffset(sizeBytes));
  return decodeFooter(bytes, 0, sizeBytes, file.path);
}

class BlockScan {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  readonly #seed: bigint;
  /** By where the block would start: where it would end. */
  readonly #plainEnds = new Map<number, number[]>();
  /** By content length: where such a block would end, ascending. */
  readonly #compressedEnds = new Map<number, number[]>();
  readonly #findings: ScanFinding[] = [];
  #hashBudgetBytes: number;
  #lastKey: Uint8Array | null = null;

  constructor(bytes: Uint8Array, table: { readonly tableId: Uint8Array; readonly path: string }) {
    this.#bytes = bytes;
    this.#path = table.path;
    this.#seed = tableSeed(table.tableId);
    this.#hashBudgetBytes = bytes.length * HASHED_SIZE_FACTOR_MAX;
    this.#findEnds();
  }

  run(): ScanFinding[] {
    let gapStart = 0;
    let offset = 0;
    while (offset + TRAILER_SIZE_BYTES < this.#bytes.length) {
      const found = this.#findingAt(offset);
      if (found === null) {
        offset += 1;
        continue;
      }
      this.#closeGap(gapStart, offset);
      this.#findings.push(found);
      offset = found.end;
      gapStart = offset;
    }
    this.#closeGap(gapStart, this.#bytes.length);
    return this.#findings;
  }

  #closeGap(offset: number, end: number): void {
    if (end > offset) this.#findings.push({ kind: 'gap', offset, end });
  }

  /** Notes every place where a trailer may end. */
  #findEnds(): void {
    const bytes = this.#bytes;
    for (let end = TRAILER_SIZE_BYTES + 1; end <= bytes.length; end++) {
      const codec = storedCodec(bytes, end);
      if (codec !== CODEC_NONE && codec !== CODEC_LZ4) continue;
      const length = storedContentLength(bytes, end);
      const start = end - TRAILER_SIZE_BYTES - length;
      if (length === 0) continue;
      if (codec === CODEC_LZ4) {
        if (length <= COMPRESSED_CONTENT_SIZE_BYTES_MAX) append(this.#compressedEnds, length, end);
      } else if (start >= 0) {
        append(this.#plainEnds, start, end);
      }
    }
  }

  #findingAt(offset: number): ScanFinding | null {
    for (const end of this.#plainEnds.get(offset) ?? []) {
      const found = this.#verify(offset, end);
      if (found !== null) return found;
    }
    return this.#compressedAt(offset);
  }

  /** A compressed block is shorter than its content, so its end is not far. */
  #compressedAt(offset: number): ScanFinding | null {
    const length = readU32(this.#bytes, offset);
    const ends = this.#compressedEnds.get(length);
    if (ends === undefined) return null;
    for (let index = firstAbove(ends, offset + TRAILER_SIZE_BYTES); index < ends.length; index++) {
      const end = ends[index];
      if (end - offset > length + TRAILER_SIZE_BYTES) break;
      const found = this.#verify(offset, end);
      if (found !== null) return found;
    }
    return null;
  }

  #verify(offset: number, end: number): ScanFinding | null {
    if (end - offset > this.#hashBudgetBytes) return null;
    this.#hashBudgetBytes -= end - offset;
    const place = { file: this.#path, where: 'sst.data', offset } as const;
    const seed = placeSeed(this.#seed, offset);
    const isWhole = attempt(() => {
      checkTrailer(this.#bytes, offset, end, seed, place);
      return true;
    });
    if (isWhole === null) return null;
    const contentLength = storedContentLength(this.#bytes, end);
    const block = { bytes: this.#bytes, start: offset, end, seed, contentLength, place };
    const content = attempt(() => decodeBlock(block));
    if (content === null || !this.#continues(content)) return { kind: 'other', offset, end };
    return { kind: 'block', offset, end, content };
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

function append(lists: Map<number, number[]>, key: number, item: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The index of the first number above `limit` in an ascending list. */
function firstAbove(list: readonly number[], limit: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What `read` gives, or `null` where it finds damage. */
function attempt<R>(read: () => R): R | null {
  try {
    return read();
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return null;
  }
}
