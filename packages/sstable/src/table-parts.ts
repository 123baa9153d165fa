// Finds and checks the parts of a table file around its data blocks, wherever its bytes are: in a
// buffer with the end of the file, as the reader has them, or in one with all of it, as a dump has.

import type { CorruptionPlace } from '@varve/base';
import { type FilePart, openPlainBlock } from './block/plain-block.js';
import { tableSeed } from './block/trailer.js';
import { type LoadedFilter, loadFilter } from './filter-block/reader.js';
import { type Footer, footerOffset } from './footer.js';
import { TableIndex } from './index-block/reader.js';
import { decodeProperties, type TableProperties } from './table-properties.js';

/** A buffer that holds a file from `bytesOffset` on, at least from the filter block on. */
export interface LoadedTail {
  readonly bytes: Uint8Array;
  readonly bytesOffset: number;
  readonly file: string;
  readonly footer: Footer;
}

/** Loads the filter, which keeps `tail.bytes`; never throws for damage. */
export function loadTableFilter(tail: LoadedTail): LoadedFilter {
  const { filterOffset, indexOffset } = tail.footer;
  return loadFilter(partOf(tail, 'sst.filter', filterOffset, indexOffset));
}

/** Loads the index, which keeps `tail.bytes`. Throws `CORRUPTION` if it is damaged. */
export function loadTableIndex(tail: LoadedTail): TableIndex {
  const { filterOffset, indexOffset, propertiesOffset } = tail.footer;
  const reader = openPlainBlock(partOf(tail, 'sst.index', indexOffset, propertiesOffset));
  return TableIndex.decode(reader, filterOffset);
}

/** Loads the properties. Throws `CORRUPTION` if they are damaged. */
export function loadTableProperties(tail: LoadedTail): TableProperties {
  const { propertiesOffset, fileSizeBytes } = tail.footer;
  const end = footerOffset(fileSizeBytes);
  return decodeProperties(openPlainBlock(partOf(tail, 'sst.properties', propertiesOffset, end)));
}

function partOf(tail: LoadedTail, where: CorruptionPlace, start: number, end: number): FilePart {
  const { bytes, bytesOffset, file, footer } = tail;
  return {
    bytes,
    start: start - bytesOffset,
    end: end - bytesOffset,
    bytesOffset,
    file,
    where,
    tableSeed: tableSeed(footer.tableId),
  };
}
