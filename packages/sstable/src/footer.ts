// The footer: the last 128 bytes of a table file, the only part that is found without the others.
//
//   +-----------+-------------+-----------+---------------+------------------+
//   | magic (8) | version (4) | flags (4) | table id (16) | database id (16) |
//   +-----------+-----+-------+-----------+--+------------+------------------+
//   | file number (8) | file size (8)        |
//   +-----------------+-----------+----------+-------+---------------------------+
//   | filter offset (4), size (4) | index (4), (4)   | properties (4), (4)       |
//   +-----------------------------+------------------+---------------------------+
//   | zeros (32)      | checksum (8)    |
//   +-----------------+-----------------+
//
//   flags     zero: a bit that is set would stand for a feature that a reader must know
//   sizes     of the stored blocks, trailers included; a filter of size 0 is absent
//   checksum  XXH64 of everything before it, seeded as if the footer were a block

import {
  assert,
  ByteReader,
  ByteWriter,
  checksum64,
  equalBytes,
  readU64,
  StorageError,
} from '@varve/base';
import { CHECKSUM_SIZE_BYTES, placeSeed, TRAILER_SIZE_BYTES, tableSeed } from './block/trailer.js';
import {
  IDENTIFIER_SIZE_BYTES,
  TABLE_FORMAT_VERSION,
  TABLE_MAGIC,
  type TableIdentity,
} from './table-format.js';

const PADDING_SIZE_BYTES = 32;
const TABLE_ID_OFFSET = 8 + 4 + 4;

/** How long a footer is. */
export const FOOTER_SIZE_BYTES =
  TABLE_ID_OFFSET +
  2 * IDENTIFIER_SIZE_BYTES +
  2 * 8 +
  3 * 8 +
  PADDING_SIZE_BYTES +
  CHECKSUM_SIZE_BYTES;

assert(FOOTER_SIZE_BYTES === 128, 'the size of a footer is part of the format');

/**
 * What a footer says. The parts of the file lie one after the other; each ends where the next
 * starts.
 */
export interface Footer extends TableIdentity {
  readonly fileSizeBytes: number;
  /** Where the data blocks end and the filter block starts. */
  readonly filterOffset: number;
  /** Equal to `filterOffset` if there is no filter. */
  readonly indexOffset: number;
  readonly propertiesOffset: number;
}

/** Gives where the footer of a file of this size starts, which is where its properties end. */
export function footerOffset(fileSizeBytes: number): number {
  return fileSizeBytes - FOOTER_SIZE_BYTES;
}

/** Gives the bytes of a footer. */
export function encodeFooter(footer: Footer): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(TABLE_MAGIC);
  writer.u32(TABLE_FORMAT_VERSION);
  writer.u32(0);
  writer.bytes(footer.tableId);
  writer.bytes(footer.databaseId);
  writer.u53(footer.fileNumber);
  writer.u53(footer.fileSizeBytes);
  writer.u32(footer.filterOffset);
  writer.u32(footer.indexOffset - footer.filterOffset);
  writer.u32(footer.indexOffset);
  writer.u32(footer.propertiesOffset - footer.indexOffset);
  writer.u32(footer.propertiesOffset);
  writer.u32(footerOffset(footer.fileSizeBytes) - footer.propertiesOffset);
  writer.bytes(new Uint8Array(PADDING_SIZE_BYTES));
  const bytes = writer.toBytes();
  writer.u64(footerChecksum(bytes, 0, footerOffset(footer.fileSizeBytes)));
  return writer.toBytes();
}

/**
 * Reads the footer `bytes[start, start + FOOTER_SIZE_BYTES)` of a file of `fileSizeBytes`. Throws
 * `CORRUPTION` if it is damaged and `UNSUPPORTED_FORMAT` if a newer version wrote it.
 */
export function decodeFooter(
  bytes: Uint8Array,
  start: number,
  fileSizeBytes: number,
  file: string,
): Footer {
  const offset = footerOffset(fileSizeBytes);
  const end = start + FOOTER_SIZE_BYTES;
  const context = { file, where: 'sst.footer', baseOffset: offset - start } as const;
  const reader = new ByteReader(bytes, context, start, end);
  // The checksum comes first, so that a version is not judged by a damaged field. Magic, version
  // and checksum stay where they are in every version to come.
  const checksumStart = end - CHECKSUM_SIZE_BYTES;
  if (!equalBytes(bytes, start, start + TABLE_MAGIC.length, TABLE_MAGIC, 0, TABLE_MAGIC.length)) {
    reader.fail('not a table file');
  }
  if (readU64(bytes, checksumStart) !== footerChecksum(bytes, start, offset)) {
    reader.fail('checksum mismatch');
  }
  reader.bytes(TABLE_MAGIC.length);
  checkVersion(reader.u32(), reader.u32(), file);
  return decodeFields(reader, offset);
}

function decodeFields(reader: ByteReader, offset: number): Footer {
  const tableId = reader.bytes(IDENTIFIER_SIZE_BYTES);
  const databaseId = reader.bytes(IDENTIFIER_SIZE_BYTES);
  const fileNumber = reader.u53();
  const fileSizeBytes = reader.u53();
  if (fileSizeBytes !== offset + FOOTER_SIZE_BYTES)
    reader.fail('file size differs from the footer');
  const filterOffset = reader.u32();
  const filterSizeBytes = reader.u32();
  const indexOffset = reader.u32();
  const indexSizeBytes = reader.u32();
  const propertiesOffset = reader.u32();
  const propertiesSizeBytes = reader.u32();
  if (
    filterOffset === 0 ||
    filterOffset + filterSizeBytes !== indexOffset ||
    indexOffset + indexSizeBytes !== propertiesOffset ||
    propertiesOffset + propertiesSizeBytes !== offset
  ) {
    reader.fail('parts of the file do not lie one after the other');
  }
  if (
    (filterSizeBytes !== 0 && filterSizeBytes < TRAILER_SIZE_BYTES) ||
    indexSizeBytes < TRAILER_SIZE_BYTES ||
    propertiesSizeBytes < TRAILER_SIZE_BYTES
  ) {
    reader.fail('a part is too short to be a block');
  }
  if (reader.bytes(PADDING_SIZE_BYTES).some((byte) => byte !== 0)) {
    reader.fail('padding is not zero');
  }
  return {
    tableId,
    databaseId,
    fileNumber,
    fileSizeBytes,
    filterOffset,
    indexOffset,
    propertiesOffset,
  };
}

function checkVersion(version: number, flags: number, file: string): void {
  if (version === TABLE_FORMAT_VERSION && flags === 0) return;
  const actualFormat = `format version ${version} with flags ${flags}`;
  const message = `Cannot open table ${file}: ${actualFormat} is unknown`;
  throw new StorageError('UNSUPPORTED_FORMAT', message, {
    file,
    expected: TABLE_FORMAT_VERSION,
    actual: version,
  });
}

function footerChecksum(bytes: Uint8Array, start: number, offset: number): bigint {
  const tableIdStart = start + TABLE_ID_OFFSET;
  const tableId = bytes.subarray(tableIdStart, tableIdStart + IDENTIFIER_SIZE_BYTES);
  const seed = placeSeed(tableSeed(tableId), offset);
  return checksum64(bytes, start, start + FOOTER_SIZE_BYTES - CHECKSUM_SIZE_BYTES, seed);
}
