/** Framing of records in a file, shared by the write-ahead log and the manifest. */
export {
  DATABASE_ID_SIZE_BYTES,
  decodeLogFileHeader,
  type ExpectedLog,
  encodeLogFileHeader,
  hasLogMagic,
  LOG_FILE_HEADER_SIZE_BYTES,
  type LogFileHeader,
  type LogFileOrigin,
  type LogIdentity,
  LogKind,
} from './log-file-header.js';
export { type LogEnd, type LogEnding, LogReader } from './log-reader.js';
export { LogWriter } from './log-writer.js';
export { isIntactRecord, recordEndAt, recordTypeAt } from './record-check.js';
export { LOG_SIZE_BYTES_MAX, RECORD_HEADER_SIZE_BYTES, RecordType } from './record-format.js';
export { fillWithZerosSync } from './zero-fill.js';
