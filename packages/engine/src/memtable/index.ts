// The memtable: where writes are encoded, ordered and found until they are flushed to a table.

export { ARENA_SIZE_BYTES_MAX, EntryArena } from './entry-arena.js';
export {
  BATCH_COUNT_OFFSET,
  decodeEntry,
  ENTRY_HEADER_SIZE_BYTES_MAX,
  EntrySlots,
  entrySize,
  MAX_KEYSPACE_ID,
  PAYLOAD_HEADER_SIZE_BYTES,
  writeDelete,
  writeEntryHeader,
  writePayloadHeader,
  writePut,
} from './entry-format.js';
export { Memtable, type MemtableOptions } from './memtable.js';
export type { MemtableCursor } from './memtable-cursor.js';
export type { MemtableImage } from './memtable-image.js';
export type { MemtableVersionCursor } from './memtable-version-cursor.js';
export { type EntryVisitor, type PayloadSummary, walkPayload } from './payload-walk.js';
