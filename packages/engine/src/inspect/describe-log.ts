/** A write-ahead log as text, for people: every record, what it attests, and every entry in it. */
import { type DecodeContext, EntryKind, readU32 } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import { LogKind, LogReader, RecordType } from '../log/index.js';
import { decodeEntry, EntrySlots, walkPayload } from '../memtable/index.js';

/** Bytes of a key or value that are shown. */
const SHOWN_BYTE_COUNT_MAX = 32;

const RECORD_NAMES = new Map<number, string>(
  Object.entries(RecordType).map(([name, type]) => [type, name]),
);

/** Offset of the attested position in a record's header. */
const DURABLE_OFFSET_OFFSET = 12;

/**
 * Describes the log `logId`, which `file` holds: a line per record and per entry.
 * @throws StorageError as reading the log would
 */
export function describeLog(file: RandomAccessFile, logId: number): string {
  const log = LogReader.readSync(file, { kind: LogKind.wal, logId, databaseId: null });
  const lines = [`log ${logId}, database ${hex(log.header.identity.databaseId)}`];
  while (log.next()) {
    const name = RECORD_NAMES.get(log.type) ?? `type ${log.type}`;
    const attested = readU32(log.bytes, log.recordOffset + DURABLE_OFFSET_OFFSET);
    const payloadLength = log.payloadEnd - log.payloadStart;
    lines.push(
      `${log.recordOffset}  ${name}  payload ${payloadLength} bytes, attests ${attested} bytes durable`,
    );
    if (log.type === RecordType.batch) describeGroup(log, lines);
  }
  lines.push(`${log.endOffset}  ${log.ending}, ${log.discardedBytes} bytes given up`);
  return `${lines.join('\n')}\n`;
}

/** Adds a line for each entry. */
function describeGroup(log: LogReader, lines: string[]): void {
  const { bytes, payloadStart, payloadEnd, path } = log;
  const context: DecodeContext = { file: path, where: 'wal' };
  const slots = new EntrySlots();
  walkPayload(bytes, payloadStart, payloadEnd, context, (offset, sequence) => {
    decodeEntry(bytes, offset, slots);
    const key = shown(bytes.subarray(slots.keyStart, slots.keyEnd));
    const where = `    ${offset}  sequence ${sequence}  keyspace ${slots.keyspaceId}`;
    if (slots.kind === EntryKind.delete) lines.push(`${where}  delete ${key}`);
    else {
      const value = bytes.subarray(slots.valueStart, slots.valueEnd);
      lines.push(`${where}  put ${key} = ${shown(value)} (${value.length} bytes)`);
    }
  });
}

/** Printable bytes as text, others as hex; long ones cut. */
function shown(bytes: Uint8Array): string {
  const part = bytes.subarray(0, SHOWN_BYTE_COUNT_MAX);
  const more = part.length < bytes.length ? '…' : '';
  const printable = part.every((byte) => byte >= 0x20 && byte < 0x7f);
  const text = printable ? JSON.stringify(String.fromCharCode(...part)) : `x'${hex(part)}'`;
  return text + more;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
