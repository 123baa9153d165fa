// Table files: immutable, sorted, checked everywhere. docs/format/sstable.md specifies the bytes.

export type { BlockCodec } from './block/compression.js';
export {
  readStoredBlock,
  readStoredProperties,
  readTableFooter,
  type ScanFinding,
  type StoredRange,
  scanBlocks,
} from './block-scan.js';
export { BlockBuffer, type BlockSource, type Direction } from './block-source.js';
export { type CheckProgress, checkWrittenTable } from './check-written-table.js';
export {
  entryCountOf,
  findEntry,
  keyEnd,
  keyStart,
  kindAt,
  locateValue,
  lowerBound,
  sequenceAt,
  type ValuePlace,
  valueEnd,
  valueStart,
} from './data-block/reader.js';
export { describeTable } from './describe-table.js';
export { DirectBlockSource } from './direct-block-source.js';
export { TableCursor } from './table-cursor.js';
export type { TableIdentity } from './table-format.js';
export { imageBuffers, type TableImage } from './table-image.js';
export type { TableOwner, TableProperties } from './table-properties.js';
export { type ExpectedTable, TableReader } from './table-reader.js';
export type { TableStatistics } from './table-statistics.js';
export {
  DEFAULT_BLOCK_SIZE_BYTES,
  DEFAULT_FILTER_BITS_PER_KEY,
  type TableSummary,
  TableWriter,
  type TableWriterOptions,
} from './table-writer.js';
export { findTableDamage, type VerifyOptions, verifyTable } from './verify-table.js';
