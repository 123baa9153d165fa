// Makes tables that no writer would write, with right checksums: what a forger or a faulty writer
// makes.

import { readU32 } from '@varve/base';
import { CODEC_NONE } from '../block/compression.js';
import {
  placeSeed,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
  tableSeed,
  writeTrailer,
} from '../block/trailer.js';
import {
  decodeFooter,
  encodeFooter,
  FOOTER_SIZE_BYTES,
  type Footer,
  footerOffset,
} from '../footer.js';
import { TEST_IDENTITY, TEST_PATH } from './tables.js';

/** Contents to put in place of those of a table. */
export interface ForgedParts {
  readonly filter?: Uint8Array;
  readonly index?: Uint8Array;
  readonly properties?: Uint8Array;
  /** Fields of the footer to put in place of the right ones. */
  readonly footer?: Partial<Footer>;
}

export function footerOf(bytes: Uint8Array): Footer {
  return decodeFooter(bytes, footerOffset(bytes.length), bytes.length, TEST_PATH);
}

/** The contents of the filter, index and properties blocks of a table. */
export function contentsOf(bytes: Uint8Array): Required<Omit<ForgedParts, 'footer'>> {
  const { filterOffset, indexOffset, propertiesOffset } = footerOf(bytes);
  const end = footerOffset(bytes.length);
  return {
    filter: bytes.slice(filterOffset, Math.max(filterOffset, indexOffset - TRAILER_SIZE_BYTES)),
    index: bytes.slice(indexOffset, propertiesOffset - TRAILER_SIZE_BYTES),
    properties: bytes.slice(propertiesOffset, end - TRAILER_SIZE_BYTES),
  };
}

/** The table with parts replaced and every checksum right. */
export function forgeTable(bytes: Uint8Array, parts: ForgedParts): Uint8Array {
  const { filterOffset } = footerOf(bytes);
  const contents = { ...contentsOf(bytes), ...parts };
  const filter = sealedBlock(contents.filter, filterOffset);
  const indexOffset = filterOffset + filter.length;
  const index = sealedBlock(contents.index, indexOffset);
  const propertiesOffset = indexOffset + index.length;
  const properties = sealedBlock(contents.properties, propertiesOffset);
  const fileSizeBytes = propertiesOffset + properties.length + FOOTER_SIZE_BYTES;
  const footer = encodeFooter({
    ...TEST_IDENTITY,
    fileSizeBytes,
    filterOffset,
    indexOffset,
    propertiesOffset,
    ...parts.footer,
  });
  return concatenated(bytes.subarray(0, filterOffset), filter, index, properties, footer);
}

/** The table with the content of data block 0 replaced by as many bytes. */
export function forgeFirstBlock(
  bytes: Uint8Array,
  alter: (content: Uint8Array) => void,
): Uint8Array {
  const forged = bytes.slice();
  const end = readU32(contentsOf(bytes).index, 4);
  const contentEnd = end - TRAILER_SIZE_BYTES;
  const codec = storedCodec(forged, end);
  const contentLength = storedContentLength(forged, end);
  alter(forged.subarray(0, contentEnd));
  const seed = placeSeed(tableSeed(TEST_IDENTITY.tableId), 0);
  writeTrailer(forged, 0, contentEnd, codec, contentLength, seed);
  return forged;
}

function sealedBlock(content: Uint8Array, offset: number): Uint8Array {
  if (content.length === 0) return content;
  const block = new Uint8Array(content.length + TRAILER_SIZE_BYTES);
  block.set(content);
  const seed = placeSeed(tableSeed(TEST_IDENTITY.tableId), offset);
  writeTrailer(block, 0, content.length, CODEC_NONE, content.length, seed);
  return block;
}

export function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
