// The first 64 bytes of every log file. Specification: docs/format/wal.md. Integers are little-endian.
//
//   +-----------+-------------+----------+-----------+-----------------+-----------+-----------+--------------+
//   | magic (8) | version (4) | kind (4) | logId (8) | databaseId (16) | flags (4) | zero (12) | checksum (8) |
//   +-----------+-------------+----------+-----------+-----------------+-----------+-----------+--------------+
//
//   magic     "varvelog"      version  1      kind  1 write-ahead log, 2 manifest
//   logId     never used before in this database: it is what makes the records of a recycled file's old life invalid
//   flags     bit 0: the file is recycled, so bytes after the last record may be of an older log. Others: 0
//   checksum  XXH64 of the 56 bytes before it, seed 0; every version keeps magic, version and checksum where they are
//
// XXH32 of those 56 bytes seeds every record, so a record belongs to one log of one database.

import {
  assert,
  type CorruptionPlace,
  checksum32,
  checksum64,
  encodeText,
  equalBytes,
  readU32,
  readU53,
  readU64,
  StorageError,
  type StorageErrorDetails,
  writeU32,
  writeU53,
  writeU64,
} from '@varve/base';

/** What a log is for. */
export const LogKind = { wal: 1, manifest: 2 } as const;
/** See {@link LogKind}. */
export type LogKind = (typeof LogKind)[keyof typeof LogKind];

/** Which log a file is. */
export interface LogIdentity {
  readonly kind: LogKind;
  /** Unique among all logs this database ever had, of both kinds; at most 2^53 - 1. */
  readonly logId: number;
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
}

/** Which log a reader demands; `databaseId` null takes that of any database. */
export interface ExpectedLog {
  readonly kind: LogKind;
  readonly logId: number;
  readonly databaseId: Uint8Array | null;
}

/** What the bytes of a log file were before: `'new'` nothing, `'recycled'` another log, whose records may remain. */
export type LogFileOrigin = 'new' | 'recycled';

/** A header that was read and found valid. */
export interface LogFileHeader {
  readonly identity: LogIdentity;
  readonly origin: LogFileOrigin;
  /** Seeds the checksums of this log's records. */
  readonly logSeed: number;
}

/** Bytes before the first record. */
export const LOG_FILE_HEADER_SIZE_BYTES = 64;
/** Length of the identifier of a database. */
export const DATABASE_ID_SIZE_BYTES = 16;

const MAGIC = encodeText('varvelog');
const VERSION = 1;
const FLAG_RECYCLED = 1;

const VERSION_OFFSET = MAGIC.length;
const KIND_OFFSET = VERSION_OFFSET + 4;
const LOG_ID_OFFSET = KIND_OFFSET + 4;
const DATABASE_ID_OFFSET = LOG_ID_OFFSET + 8;
const FLAGS_OFFSET = DATABASE_ID_OFFSET + DATABASE_ID_SIZE_BYTES;
const ZERO_OFFSET = FLAGS_OFFSET + 4;
const CHECKSUM_OFFSET = ZERO_OFFSET + 12;

assert(CHECKSUM_OFFSET + 8 === LOG_FILE_HEADER_SIZE_BYTES, 'the checksum ends the header of a log');
assert(MAGIC.length === 8, 'the magic of a log is 8 bytes');
assert(DATABASE_ID_OFFSET === 24, 'salvage finds the identity of the database at byte 24');
assert(FLAGS_OFFSET === 40, 'salvage finds the end of that identity at byte 40');

/** Whether a file that begins with these bytes is a log or manifest of some Varve, damaged or not. */
export function hasLogMagic(bytes: Uint8Array): boolean {
  const { length } = MAGIC;
  return bytes.length >= length && equalBytes(bytes, 0, length, MAGIC, 0, length);
}

/** Encodes the header of a log. Requires: checksums are initialized. */
export function encodeLogFileHeader(identity: LogIdentity, origin: LogFileOrigin): Uint8Array {
  const { kind, logId, databaseId } = identity;
  assertIdentity(logId, databaseId);
  const bytes = new Uint8Array(LOG_FILE_HEADER_SIZE_BYTES);
  bytes.set(MAGIC, 0);
  writeU32(bytes, VERSION_OFFSET, VERSION);
  writeU32(bytes, KIND_OFFSET, kind);
  writeU53(bytes, LOG_ID_OFFSET, logId);
  bytes.set(databaseId, DATABASE_ID_OFFSET);
  writeU32(bytes, FLAGS_OFFSET, origin === 'recycled' ? FLAG_RECYCLED : 0);
  writeU64(bytes, CHECKSUM_OFFSET, checksum64(bytes, 0, CHECKSUM_OFFSET, 0n));
  assert(readU32(bytes, KIND_OFFSET) === kind, 'the kind of a log reads back as it was written');
  assert(readU53(bytes, LOG_ID_OFFSET) === logId, 'the id of a log reads back as it was written');
  assert(readU32(bytes, ZERO_OFFSET) === 0, 'the flags do not reach into the zeros behind them');
  return bytes;
}

/**
 * Decodes `bytes`, the start of the log file `path`, and checks that it is the log expected.
 *
 * @throws StorageError CORRUPTION if it is damaged or another log, UNSUPPORTED_FORMAT if it is of a newer version.
 */
export function decodeLogFileHeader(
  bytes: Uint8Array,
  path: string,
  expected: ExpectedLog,
): LogFileHeader {
  assertIdentity(expected.logId, expected.databaseId);
  const context: HeaderContext = { path, where: corruptionPlace(expected.kind) };
  checkIntegrity(bytes, context);
  checkVersion(bytes, path);
  const databaseId = bytes.slice(DATABASE_ID_OFFSET, FLAGS_OFFSET);
  assert(databaseId.length === DATABASE_ID_SIZE_BYTES, 'a header that was read holds a whole id');
  const logId = readU53(bytes, LOG_ID_OFFSET);
  checkEqual(context, 'kind', expected.kind, readU32(bytes, KIND_OFFSET));
  checkEqual(context, 'log id', expected.logId, logId);
  if (expected.databaseId !== null) {
    const size = DATABASE_ID_SIZE_BYTES;
    const same = equalBytes(expected.databaseId, 0, size, databaseId, 0, size);
    if (!same) throw headerDamage(context, 'it belongs to another database');
  }
  return {
    identity: { kind: expected.kind, logId, databaseId },
    origin: readU32(bytes, FLAGS_OFFSET) === FLAG_RECYCLED ? 'recycled' : 'new',
    logSeed: logSeedOf(bytes),
  };
}

/** The seed of the records behind an encoded header. */
export function logSeedOf(header: Uint8Array): number {
  assert(header.length >= LOG_FILE_HEADER_SIZE_BYTES, 'the seed of a log takes its whole header');
  const seed = checksum32(header, 0, CHECKSUM_OFFSET, 0);
  assert(seed >>> 0 === seed, 'the seed of the records is an unsigned 32-bit number');
  return seed;
}

/** `databaseId` null stands for that of any database. */
function assertIdentity(logId: number, databaseId: Uint8Array | null): void {
  assert(Number.isSafeInteger(logId), 'a log id is a safe integer');
  assert(logId > 0, 'a log id is positive');
  const idSizeBytes = databaseId?.length ?? DATABASE_ID_SIZE_BYTES;
  assert(idSizeBytes === DATABASE_ID_SIZE_BYTES, 'a database id is 16 bytes');
}

/** What a log of this kind is called in an error. */
export function corruptionPlace(kind: LogKind): CorruptionPlace {
  return kind === LogKind.wal ? 'wal' : 'manifest';
}

interface HeaderContext {
  readonly path: string;
  readonly where: CorruptionPlace;
}

function checkIntegrity(bytes: Uint8Array, context: HeaderContext): void {
  if (bytes.length < LOG_FILE_HEADER_SIZE_BYTES) {
    throw headerDamage(context, 'its header is cut short', {
      expected: LOG_FILE_HEADER_SIZE_BYTES,
      actual: bytes.length,
    });
  }
  if (!equalBytes(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
    throw headerDamage(context, 'it is not a log');
  }
  if (readU64(bytes, CHECKSUM_OFFSET) !== checksum64(bytes, 0, CHECKSUM_OFFSET, 0n)) {
    throw headerDamage(context, 'the checksum of its header does not match');
  }
}

/** Comes after the checksum, so that a damaged version number is not taken for a newer one. */
function checkVersion(bytes: Uint8Array, path: string): void {
  assert(bytes.length >= LOG_FILE_HEADER_SIZE_BYTES, 'a version is read from a whole header');
  const version = readU32(bytes, VERSION_OFFSET);
  const flags = readU32(bytes, FLAGS_OFFSET);
  if (version === VERSION && (flags & ~FLAG_RECYCLED) === 0) return;
  throw new StorageError(
    'UNSUPPORTED_FORMAT',
    `Cannot open ${path}: its version ${version} with flags ${flags} needs a newer release`,
    { file: path, offset: VERSION_OFFSET, expected: VERSION, actual: version },
  );
}

function checkEqual(context: HeaderContext, what: string, expected: number, actual: number): void {
  if (expected === actual) return;
  throw headerDamage(context, `its ${what} is ${actual} instead of ${expected}`, {
    expected,
    actual,
  });
}

function headerDamage(
  context: HeaderContext,
  reason: string,
  details: StorageErrorDetails = {},
): StorageError {
  assert(details.file === undefined, 'the damage of a header is told of the file it was read from');
  assert(details.where === undefined, 'the damage of a header is told by the kind of the log');
  const { path, where } = context;
  const message = `Cannot open ${path}: ${reason}`;
  return new StorageError('CORRUPTION', message, { ...details, file: path, offset: 0, where });
}
