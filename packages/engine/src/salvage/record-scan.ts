// Finds every intact record of a damaged log. Where the ordinary reader judges and refuses, this one goes on.
//
// The seed of the records follows from the log's header. If that is damaged it is made again: it consists of what the
// file's name says, of the identity of the database, and of whether the file was recycled.

import { isStorageError, readU32 } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import {
  decodeLogFileHeader,
  encodeLogFileHeader,
  isIntactRecord,
  LOG_FILE_HEADER_SIZE_BYTES,
  LOG_SIZE_BYTES_MAX,
  type LogIdentity,
  type LogKind,
  RECORD_HEADER_SIZE_BYTES,
  recordEndAt,
  recordTypeAt,
} from '../log/index.js';
import { isSameId } from './database-identity.js';

/** How many times the size of the file may be hashed before the search gives up. */
const HASHED_SIZE_FACTOR_MAX = 4;
const DATABASE_ID_OFFSET = 24;
const DATABASE_ID_END = 40;
const DURABLE_OFFSET_OFFSET = 12;

/** An intact record: positions in the file. */
export interface FoundRecord {
  readonly type: number;
  readonly offset: number;
  readonly payloadStart: number;
  readonly end: number;
}

/** What a log holds. */
export interface ScannedLog {
  /** The whole file. */
  readonly bytes: Uint8Array;
  readonly databaseId: Uint8Array;
  /** `'remade'`: the header is damaged, and the records prove what it was. */
  readonly header: 'whole' | 'remade';
  readonly isRecycled: boolean;
  readonly records: readonly FoundRecord[];
  /** The log was known to be on disk up to here. */
  readonly attestedOffset: number;
}

/** Which log to scan, and whose it may be. */
export interface ScanRequest {
  readonly kind: LogKind;
  readonly logId: number;
  /** Identities of databases that it may be of; empty: it may be of any. */
  readonly databaseIds: readonly Uint8Array[];
}

/**
 * Reads and scans a log; `null` when nothing says which log it is, or it is of a database that was not asked for. Time and
 * memory: a multiple of the file's size.
 */
export function scanLog(file: RandomAccessFile, request: ScanRequest): ScannedLog | null {
  const bytes = readWhole(file);
  const header = readHeader(bytes, file.path, request);
  if (header !== null) return scannedFor(request, bytes, { ...header, state: 'whole' });
  const ownId = bytes.slice(DATABASE_ID_OFFSET, DATABASE_ID_END);
  const candidates = request.databaseIds.length > 0 ? request.databaseIds : [ownId];
  for (const databaseId of candidates) {
    const log = scanAs(bytes, file.path, { ...request, databaseId });
    if (log !== null) return log;
  }
  return null;
}

interface Header {
  readonly logSeed: number;
  readonly databaseId: Uint8Array;
  readonly isRecycled: boolean;
  readonly state: 'whole' | 'remade';
}

function readHeader(
  bytes: Uint8Array,
  path: string,
  request: Pick<ScanRequest, 'kind' | 'logId'>,
): Omit<Header, 'state'> | null {
  try {
    const expected = { kind: request.kind, logId: request.logId, databaseId: null };
    const { identity, logSeed, origin } = decodeLogFileHeader(bytes, path, expected);
    return { logSeed, databaseId: identity.databaseId, isRecycled: origin === 'recycled' };
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return null;
  }
}

/** Takes the header to be that of `identity`; `null` unless at least one record agrees. */
function scanAs(bytes: Uint8Array, path: string, identity: LogIdentity): ScannedLog | null {
  if (identity.databaseId.length !== DATABASE_ID_END - DATABASE_ID_OFFSET) return null;
  for (const origin of ['new', 'recycled'] as const) {
    const header = readHeader(encodeLogFileHeader(identity, origin), path, identity);
    if (header === null) continue;
    const log = scanned(bytes, { ...header, state: 'remade' });
    if (log.records.length > 0) return log;
  }
  return null;
}

/** Records of another database prove themselves too: only the identity tells them from ours. */
function scannedFor(
  { databaseIds }: ScanRequest,
  bytes: Uint8Array,
  header: Header,
): ScannedLog | null {
  const isWanted =
    databaseIds.length === 0 || databaseIds.some((id) => isSameId(id, header.databaseId));
  return isWanted ? scanned(bytes, header) : null;
}

function scanned(bytes: Uint8Array, header: Header): ScannedLog {
  const { databaseId, isRecycled, logSeed } = header;
  const records = findRecords(bytes, logSeed);
  const attestedOffset = records.reduce(
    (highest, { offset }) => Math.max(highest, readU32(bytes, offset + DURABLE_OFFSET_OFFSET)),
    0,
  );
  return { bytes, databaseId, header: header.state, isRecycled, records, attestedOffset };
}

function findRecords(bytes: Uint8Array, logSeed: number): FoundRecord[] {
  const records: FoundRecord[] = [];
  let budgetBytes = bytes.length * HASHED_SIZE_FACTOR_MAX;
  let offset = LOG_FILE_HEADER_SIZE_BYTES;
  while (offset + RECORD_HEADER_SIZE_BYTES <= bytes.length) {
    const end = recordEndAt(bytes, offset, logSeed);
    if (end < 0 || end > bytes.length || end - offset > budgetBytes) {
      offset += 1;
      continue;
    }
    budgetBytes -= end - offset;
    if (!isIntactRecord(bytes, offset, end, logSeed)) {
      offset += 1;
      continue;
    }
    const payloadStart = offset + RECORD_HEADER_SIZE_BYTES;
    records.push({ type: recordTypeAt(bytes, offset), offset, payloadStart, end });
    offset = end;
  }
  return records;
}

/** Nothing of a file that is larger than a log can be: it is none, and its size may be made up. */
function readWhole(file: RandomAccessFile): Uint8Array {
  const fileSizeBytes = file.sizeSync();
  const sizeBytes = fileSizeBytes > LOG_SIZE_BYTES_MAX ? 0 : fileSizeBytes;
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  while (offset < sizeBytes) {
    const length = file.readSync(bytes, offset, Math.min(sizeBytes - offset, 2 ** 30), offset);
    if (length === 0) break;
    offset += length;
  }
  return bytes.subarray(0, offset);
}
