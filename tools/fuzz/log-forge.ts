// Takes log files apart into records, changes them, and puts them together again with every checksum right.

import {
  checksum64,
  type Random,
  readU32,
  writeU32,
  writeU53,
  writeU64,
} from '../../packages/base/src/index.js';
import {
  type ExpectedLog,
  LOG_FILE_HEADER_SIZE_BYTES,
  logSeedOf,
} from '../../packages/engine/src/log/log-file-header.js';
import { LogReader } from '../../packages/engine/src/log/log-reader.js';
import {
  DURABLE_OFFSET_OFFSET,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
  recordSeed,
} from '../../packages/engine/src/log/record-format.js';
import { sealRecord } from '../../packages/engine/src/log/record-writer.js';
import { CHAIN_SIZE_BYTES } from '../../packages/engine/src/manifest/manifest-format.js';
import { BytesFile } from '../../packages/sstable/src/testing/tables.js';
import { joined, mutated, noise, oddU32, oddU53, oneIn, pick } from './mutate.js';

/** One record, without what follows from its place. */
export interface LogRecord {
  readonly type: number;
  readonly durableOffset: number;
  readonly payload: Uint8Array;
}

/** A log taken apart. */
export interface LogParts {
  readonly header: Uint8Array;
  readonly records: readonly LogRecord[];
  /** What follows the last record. */
  readonly tail: Uint8Array;
}

const VERSION_OFFSET = 8;
const KIND_OFFSET = 12;
const LOG_ID_OFFSET = 16;
const FLAGS_OFFSET = 40;
const CHECKSUM_OFFSET = 56;

/** Takes a valid log apart. */
export function logParts(bytes: Uint8Array, expected: ExpectedLog): LogParts {
  const reader = LogReader.readSync(new BytesFile(bytes, 'a valid log'), expected);
  const records: LogRecord[] = [];
  while (reader.next()) {
    records.push({
      type: reader.type,
      durableOffset: readU32(bytes, reader.recordOffset + DURABLE_OFFSET_OFFSET),
      payload: bytes.slice(reader.payloadStart, reader.payloadEnd),
    });
  }
  const header = bytes.slice(0, LOG_FILE_HEADER_SIZE_BYTES);
  return { header, records, tail: bytes.slice(reader.endOffset) };
}

/** The bytes of a log, every record sealed for its place. */
export function logBytes({ header, records, tail }: LogParts): Uint8Array {
  const seed = logSeedOf(header);
  const parts: Uint8Array[] = [header];
  let offset = header.length;
  for (const { type, durableOffset, payload } of records) {
    const record = joined([new Uint8Array(RECORD_HEADER_SIZE_BYTES), payload]);
    const place = recordSeed(seed, offset);
    sealRecord(record, 0, payload.length, type as RecordType, place, durableOffset);
    parts.push(record);
    offset += record.length;
  }
  return joined([...parts, tail]);
}

/** Changes a payload, which is not empty. */
export type PayloadChange = (random: Random, payload: Uint8Array, type: number) => Uint8Array;

/** A changed log: header, records, their payloads or what follows them. */
export function mutatedLog(random: Random, log: LogParts, change: PayloadChange): LogParts {
  if (oneIn(random, 12)) return { ...log, header: mutatedHeader(random, log.header) };
  if (oneIn(random, 8)) return { ...log, tail: mutatedTail(random, log) };
  return { ...log, records: mutatedRecords(random, log, change) };
}

/** Gives the edits of a manifest the chain that each must have. */
export function chained(records: readonly LogRecord[]): LogRecord[] {
  let chain = 0n;
  return records.map((record) => {
    if (record.type !== RecordType.edit || record.payload.length < CHAIN_SIZE_BYTES) return record;
    const payload = record.payload.slice();
    writeU64(payload, 0, chain);
    chain = checksum64(payload, 0, payload.length, 0n);
    return { ...record, payload };
  });
}

function mutatedHeader(random: Random, header: Uint8Array): Uint8Array {
  const changed = header.slice();
  const offset = pick(random, [VERSION_OFFSET, KIND_OFFSET, LOG_ID_OFFSET, FLAGS_OFFSET]);
  if (oneIn(random, 4)) changed.set(mutated(random, header, { length: 'kept' }).subarray(8, 56), 8);
  else if (offset === LOG_ID_OFFSET) writeU53(changed, offset, oddU53(random, 7));
  else writeU32(changed, offset, oddU32(random, 1));
  writeU64(changed, CHECKSUM_OFFSET, checksum64(changed, 0, CHECKSUM_OFFSET, 0n));
  return changed;
}

/** Zeros, noise, or pieces of the log itself. */
function mutatedTail(random: Random, log: LogParts): Uint8Array {
  const zeros = new Uint8Array(random.below(400));
  const piece = logBytes(log).slice(random.below(200));
  return joined([pick(random, [zeros, noise(random, 60), log.tail]), piece, noise(random, 40)]);
}

function mutatedRecords(random: Random, { records }: LogParts, change: PayloadChange): LogRecord[] {
  const changed = [...records];
  for (let count = 1 + random.below(2); count > 0 && changed.length > 0; count--) {
    const index = random.below(changed.length);
    const record = changed[index]!;
    const kind = random.below(10);
    if (kind < 6) changed[index] = mutatedPayload(random, record, change);
    else if (kind === 6) changed.splice(index, 1);
    else if (kind === 7) changed.splice(random.below(changed.length + 1), 0, record);
    else if (kind === 8) changed[index] = { ...record, type: 1 + random.below(5) };
    else changed[index] = { ...record, durableOffset: oddU32(random, 200) };
  }
  return changed;
}

function mutatedPayload(random: Random, record: LogRecord, change: PayloadChange): LogRecord {
  if (record.payload.length === 0) return { ...record, payload: noise(random, 20) };
  return { ...record, payload: change(random, record.payload, record.type) };
}
