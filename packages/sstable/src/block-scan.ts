// Finds the data blocks of a table without its index: for salvage, where footer, index or the end of the file may be gone.
//
// A block proves itself: its checksum is seeded with the table's identifier and the block's position. What has to be found
// is where it starts and ends. Its first bytes say how long it is, its last bytes say so too, and only where both agree is
// anything hashed:
//
//   block-scan-shapes.ts  the end that the first bytes of an uncompressed block ask for
//   block-scan-lz4.ts     the end that the sequences of a compressed block ask for
//   block-scan-search.ts  the search, from the front, and backwards from what it found
//   block-scan-work.ts    how much work that may be: forged bytes could ask for much. What was not looked at counts as damaged

import type { RandomAccessFile } from '@varve/vfs';
import { contentLengthMax } from './block/compression.js';
import { openPlainBlock } from './block/plain-block.js';
import {
  blockDamage,
  checkTrailer,
  placeSeed,
  storedContentLength,
  tableSeed,
} from './block/trailer.js';
import { BlockScan, type ScanFinding, type StoredRange } from './block-scan-search.js';
import { ScanWork } from './block-scan-work.js';
import { decodeBlock } from './data-block/decode.js';
import { decodeFooter, FOOTER_SIZE_BYTES, type Footer, footerOffset } from './footer.js';
import { TABLE_SIZE_BYTES_MAX } from './table-format.js';
import { decodeProperties, type TableProperties } from './table-properties.js';

export type { ScanFinding, StoredRange } from './block-scan-search.js';

/**
 * Divides the bytes of a whole table file into undamaged blocks and gaps, in their order. Whatever the bytes are, time
 * is bounded by a multiple of their number, and memory by the content of what is found: of uncompressed blocks that is a view.
 */
export function scanBlocks(
  bytes: Uint8Array,
  table: { readonly tableId: Uint8Array; readonly path: string },
): ScanFinding[] {
  return new BlockScan(bytes, table, { work: new ScanWork(bytes.length) }).run();
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
