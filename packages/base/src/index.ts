// The vocabulary every layer of Varve shares: bytes, integers, checksums, errors, and the contract
// of a sorted run.

export {
  abortedError,
  type CancelOptions,
  type CancelSignal,
  checkedSignal,
  untilAborted,
} from './abort.js';
export { assert, assertNever, BugError } from './assert.js';
export { ByteReader, type DecodeContext } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export {
  commonPrefixLength,
  compareBytes,
  compareWhole,
  copyBytes,
  equalBytes,
  shortestSeparator,
} from './bytes.js';
export { checksum32, checksum64, hashKey, initializeChecksums } from './checksum.js';
export { type Clock, systemClock, type Timer } from './clock.js';
export { CursorStatus, type EntryCursor } from './entry-cursor.js';
export { EntryKind, MAX_SEQUENCE } from './entry-kind.js';
export {
  type CorruptionPlace,
  isStorageError,
  STORAGE_ERROR_CODES,
  StorageError,
  type StorageErrorCode,
  type StorageErrorCodeInfo,
  type StorageErrorDetails,
} from './errors.js';
export {
  readU16,
  readU32,
  readU53,
  readU64,
  writeU16,
  writeU32,
  writeU53,
  writeU64,
} from './fixed-int.js';
export { memoryErrorOf, withMemory } from './host-memory.js';
export { MAX_BATCH_SIZE_BYTES, MAX_KEY_SIZE_BYTES, MAX_VALUE_SIZE_BYTES } from './limits.js';
export { createRandom, entropy, type Random } from './random.js';
export { SortedKeys, type SortedKeysImage } from './sorted-keys.js';
export { decodeText, encodeText } from './text.js';
export { readVarint, VARINT_SIZE_BYTES_MAX, varintLength, writeVarint } from './varint.js';
