// Logs for tests: written with the real writer into a file system in memory, read back from any bytes.
//
// A log is described by a short script, one letter per step, so that a test shows at a glance what stands in it:
//   b  append a batch record        s  sync        m  append a marker        e  append the end record
// The payloads are the numbers of the batches, so that what comes back can be compared with what went in.

import { assert, readU32, writeU32 } from '@varve/base';
import { type FileSystem, MemoryFileSystem } from '@varve/vfs';
import { type ExpectedLog, type LogIdentity, LogKind } from '../log-file-header.js';
import { LogReader } from '../log-reader.js';
import { LogWriter } from '../log-writer.js';
import { RECORD_HEADER_SIZE_BYTES, RecordType } from '../record-format.js';

/** The database all test logs belong to. */
export const DATABASE_ID = Uint8Array.from({ length: 16 }, (_, index) => 0xd0 + index);

/** The log most tests write. */
export const IDENTITY: LogIdentity = { kind: LogKind.wal, logId: 7, databaseId: DATABASE_ID };

/** Where it is. */
export const PATH = '/000007.log';

/** Gives a record, not yet sealed, with a payload of `sizeBytes` that starts with `number`. */
export function batchRecord(number: number, sizeBytes = 20): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + sizeBytes).fill(number + 1);
  writeU32(record, RECORD_HEADER_SIZE_BYTES, number);
  return record;
}

/** Appends batch `number`. */
export function appendBatch(log: LogWriter, number: number, sizeBytes = 20): void {
  log.appendSync(batchRecord(number, sizeBytes), 0, sizeBytes, RecordType.batch);
}

/** How {@link writeLog} writes. */
export interface LogScriptOptions {
  readonly identity?: LogIdentity;
  readonly payloadSizeBytes?: number;
}

/** Carries out a script, with every record attesting what is durable, and gives the bytes of the file. */
export function writeLog(script: string, options: LogScriptOptions = {}): Uint8Array {
  const fileSystem = new MemoryFileSystem();
  const log = LogWriter.createSync(fileSystem, PATH, options.identity ?? IDENTITY);
  log.attest();
  let batchCount = 0;
  for (const step of script) {
    if (step === 'b') appendBatch(log, batchCount++, options.payloadSizeBytes);
    else if (step === 's') log.syncSync();
    else if (step === 'm') log.appendMarkerSync();
    else if (step === 'e') log.appendEndSync();
    else assert(false, `unknown step ${step}`);
  }
  log.closeSync();
  return fileBytes(fileSystem, PATH);
}

/** The content of a file. */
export function fileBytes(fileSystem: FileSystem, path: string): Uint8Array {
  const file = fileSystem.openSync(path, 'read');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  file.closeSync();
  return bytes;
}

/** Creates a file with this content, or replaces the one that is there. */
export function putFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): void {
  if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
  const file = fileSystem.openSync(path, 'create');
  file.writeSync(bytes, 0, bytes.length, 0);
  file.closeSync();
}

/** Reads `bytes` as the content of a log file. */
export function readLog(bytes: Uint8Array, expected: ExpectedLog = IDENTITY): LogReader {
  const fileSystem = new MemoryFileSystem();
  putFile(fileSystem, PATH, bytes);
  const file = fileSystem.openSync(PATH, 'read');
  try {
    return LogReader.readSync(file, expected);
  } finally {
    file.closeSync();
  }
}

/** The numbers of the batches in a log. */
export function batchNumbers(reader: LogReader): number[] {
  const numbers: number[] = [];
  reader.rewind();
  while (reader.next()) {
    if (reader.type === RecordType.batch) numbers.push(readU32(reader.bytes, reader.payloadStart));
  }
  return numbers;
}

/** Where each record of a log starts. */
export function recordOffsets(reader: LogReader): number[] {
  const offsets: number[] = [];
  reader.rewind();
  while (reader.next()) offsets.push(reader.recordOffset);
  return offsets;
}
