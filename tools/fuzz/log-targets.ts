// Logs: one file, a chain of write-ahead logs with their batches, and the payload of a commit group.

import { ByteWriter, type Random } from '../../packages/base/src/index.js';
import { encodeLogFileHeader, LogKind } from '../../packages/engine/src/log/log-file-header.js';
import { LogReader } from '../../packages/engine/src/log/log-reader.js';
import { RecordType } from '../../packages/engine/src/log/record-format.js';
import { decodeEntry, EntrySlots } from '../../packages/engine/src/memtable/entry-format.js';
import { walkPayload } from '../../packages/engine/src/memtable/payload-walk.js';
import { scanLog } from '../../packages/engine/src/salvage/record-scan.js';
import { encodePredecessorRecord } from '../../packages/engine/src/wal/predecessor-record.js';
import { logName, logPath } from '../../packages/engine/src/wal/testing/wal-fixture.js';
import { readWalSync } from '../../packages/engine/src/wal/wal-reader.js';
import { BytesFile } from '../../packages/sstable/src/testing/tables.js';
import { fileSystemOf } from './database-image.js';
import { type LogParts, type LogRecord, logBytes, mutatedLog } from './log-forge.js';
import { mutated, noise, oddU53, oneIn, pick } from './mutate.js';
import {
  bytesOf,
  type Decoder,
  expectThat,
  type FuzzCase,
  type FuzzTarget,
  filesOf,
} from './target.js';

const DATABASE_ID = Uint8Array.from({ length: 16 }, (_, index) => 0xd0 + index);
const RECORD_HEADER_SIZE_BYTES = 16;
const ENTRY_KINDS = [1, 2, 3, 4, 0, 255];

/** The payload of a commit group; where it is `'odd'`, so are numbers in it now and then. */
function payload(random: Random, firstSequence: number, kind: 'valid' | 'odd'): Uint8Array {
  const writer = new ByteWriter();
  const isOdd = (share: number): boolean => kind === 'odd' && oneIn(random, share);
  const odd = (value: number): number => (isOdd(20) ? oddU53(random, value) : value);
  const batchCount = 1 + random.below(3);
  writer.u53(odd(firstSequence));
  writer.u32(odd(batchCount) >>> 0);
  for (let batch = 0; batch < batchCount; batch++) {
    const entryCount = random.below(4);
    writer.varint(odd(entryCount));
    for (let entry = 0; entry < entryCount; entry++) {
      const key = noise(random, 12);
      const value = noise(random, 20);
      const entryKind = isOdd(20) ? pick(random, ENTRY_KINDS) : 1 + random.below(2);
      writer.u8(entryKind);
      writer.varint(odd(random.below(3)));
      writer.varint(odd(key.length));
      if (entryKind === 1) writer.varint(odd(value.length));
      writer.bytes(key);
      if (entryKind === 1) writer.bytes(value);
    }
  }
  return writer.toBytes();
}

function changedPayload(random: Random, bytes: Uint8Array, type: number): Uint8Array {
  if (type === RecordType.batch && oneIn(random, 3))
    return payload(random, random.below(100), 'odd');
  return mutated(random, bytes, { length: oneIn(random, 2) ? 'kept' : 'any' });
}

/** A log of a few batches, of which some are attested. */
function walParts(random: Random, logId: number, predecessor: LogRecord | null): LogParts {
  const first = predecessor ?? predecessorRecord(null);
  const records = [first];
  let offset = 64 + RECORD_HEADER_SIZE_BYTES + first.payload.length;
  for (let count = 1 + random.below(5); count > 0; count--) {
    const type = oneIn(random, 6) ? RecordType.marker : RecordType.batch;
    const bytes =
      type === RecordType.batch ? payload(random, 10 * count, 'valid') : new Uint8Array(0);
    records.push({ type, durableOffset: random.below(3) === 0 ? 0 : offset, payload: bytes });
    offset += RECORD_HEADER_SIZE_BYTES + bytes.length;
  }
  if (oneIn(random, 3)) {
    records.push({ type: RecordType.end, durableOffset: offset, payload: new Uint8Array(0) });
  }
  const identity = { kind: LogKind.wal, logId, databaseId: DATABASE_ID };
  const header = encodeLogFileHeader(identity, oneIn(random, 2) ? 'new' : 'recycled');
  return { header, records, tail: new Uint8Array(oneIn(random, 2) ? 0 : 64) };
}

function predecessorRecord(end: Parameters<typeof encodePredecessorRecord>[0]): LogRecord {
  const bytes = encodePredecessorRecord(end).subarray(RECORD_HEADER_SIZE_BYTES);
  return { type: RecordType.predecessor, durableOffset: 0, payload: bytes };
}

/** Changes a log with its checksums right, or the bytes of it. */
function mutatedLogBytes(random: Random, log: LogParts): { bytes: Uint8Array; isSealed: boolean } {
  const bytes = logBytes(mutatedLog(random, log, changedPayload));
  return oneIn(random, 5)
    ? { bytes: mutated(random, bytes), isSealed: false }
    : { bytes, isSealed: true };
}

const logDecoder: Decoder = {
  mutate(random) {
    const { bytes, isSealed } = mutatedLogBytes(random, walParts(random, 7, null));
    return { input: bytes, isSealed };
  },
  decode(input) {
    const bytes = bytesOf(input);
    const expected = { kind: LogKind.wal, logId: 7, databaseId: DATABASE_ID };
    const reader = LogReader.readSync(new BytesFile(bytes, logName(7)), expected);
    let end = 64;
    while (reader.next()) {
      expectThat(reader.recordOffset === end, 'records follow each other');
      end = reader.payloadEnd;
      expectThat(end <= bytes.length, 'a record lies inside its file');
    }
    expectThat(reader.endOffset === end, 'the walk ends where the log does');
    expectThat(reader.attestedOffset <= end, 'no attestation of more than was accepted');
    const isContent = reader.contentEnd.checksum === 0 || reader.hasContentEnd(reader.contentEnd);
    expectThat(isContent, 'the end of the content is one of its records');
    const found = scanLog(new BytesFile(bytes, logName(7)), { ...expected, databaseIds: [] });
    expectThat(found !== null, 'salvage finds a log that can be read');
  },
};

const walDecoder: Decoder = {
  mutate(random): FuzzCase {
    const files = new Map<string, Uint8Array>();
    const broken = random.below(3);
    let predecessor: LogRecord | null = null;
    let isSealed = true;
    for (let index = 0; index < 3; index++) {
      const log = walParts(random, 7 + index, predecessor);
      const whole = logBytes(log);
      files.set(logName(7 + index), whole);
      const expected = { kind: LogKind.wal, logId: 7 + index, databaseId: DATABASE_ID };
      const { contentEnd } = LogReader.readSync(new BytesFile(whole), expected);
      predecessor = predecessorRecord(contentEnd);
      if (index !== broken) continue;
      const made = mutatedLogBytes(random, log);
      files.set(logName(7 + index), made.bytes);
      isSealed = made.isSealed;
    }
    if (oneIn(random, 20)) files.delete(logName(7 + random.below(3)));
    return { input: files, isSealed };
  },
  decode(input) {
    const files = filesOf(input);
    const logs = [7, 8, 9].map((logId) => ({ logId, path: logPath(logId) }));
    const options = { databaseId: DATABASE_ID, minimumLogId: 7, logs };
    readWalSync(fileSystemOf(files), options, (batch) => {
      const context = { file: batch.path, where: 'wal' } as const;
      walkPayload(batch.bytes, batch.payloadStart, batch.payloadEnd, context, () => {});
    });
  },
};

const batchDecoder: Decoder = {
  mutate(random) {
    const made = payload(random, random.below(1000), 'odd');
    const input = oneIn(random, 20)
      ? noise(random, 300)
      : oneIn(random, 3)
        ? made
        : mutated(random, made);
    return { input, isSealed: true };
  },
  decode(input) {
    const bytes = bytesOf(input);
    const slots = new EntrySlots();
    let visitedCount = 0;
    const context = { file: logName(7), where: 'wal' } as const;
    const summary = walkPayload(bytes, 0, bytes.length, context, (offset) => {
      decodeEntry(bytes, offset, slots);
      visitedCount++;
      const { keyStart, keyEnd, valueStart, valueEnd } = slots;
      const isInside =
        keyStart <= keyEnd &&
        keyEnd <= valueStart &&
        valueStart <= valueEnd &&
        valueEnd <= bytes.length;
      expectThat(isInside, 'an entry lies inside its payload');
    });
    expectThat(summary.entryCount === visitedCount, 'every entry is counted');
  },
};

/** See the head of this file. */
export const LOG_TARGETS: readonly FuzzTarget[] = [
  { name: 'log', prepare: () => logDecoder },
  { name: 'wal', prepare: () => walDecoder, cost: 6 },
  { name: 'batch', prepare: () => batchDecoder },
];
