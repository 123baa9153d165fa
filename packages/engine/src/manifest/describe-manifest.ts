// A manifest as text, for people: every byte range, its bytes, what they mean.

import { assert, type DecodeContext, decodeText } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import { LOG_FILE_HEADER_SIZE_BYTES, LogKind, LogReader, RecordType } from '../log/index.js';
import type { KeyspaceMetadata } from './keyspace.js';
import { CHAIN_SIZE_BYTES, EditTag } from './manifest-format.js';
import type { TableAddition, VersionEdit } from './version-edit.js';
import { decodeEdit, type EditField, walkFields } from './version-edit-codec.js';

/** More bytes than these are shown by their first ones. */
const SHOWN_BYTE_COUNT_MAX = 24;
const RANGE_WIDTH = 11;
const PRINTABLE = /^[\x20-\x7e]*$/;

const TAG_NAMES = new Map<number, string>(
  Object.entries(EditTag).map(([name, tag]) => [tag, name]),
);

/**
 * Describes the manifest `fileNumber`, which `file` holds: one line for each range of bytes.
 *
 * @throws StorageError as reading it would.
 */
export function describeManifest(file: RandomAccessFile, fileNumber: number): string {
  const expected = { kind: LogKind.manifest, logId: fileNumber, databaseId: null };
  const log = LogReader.readSync(file, expected);
  const lines = new Lines(log.bytes);
  const databaseId = hex(log.header.identity.databaseId);
  lines.add(
    0,
    LOG_FILE_HEADER_SIZE_BYTES,
    `header: manifest ${fileNumber}, database ${databaseId}`,
  );
  let editCount = 0;
  while (log.next()) {
    lines.gap();
    const type = recordTypeName(log.type);
    const ordinal = log.type === RecordType.edit ? ` ${++editCount}` : '';
    lines.add(log.recordOffset, log.payloadStart, `record: ${type}${ordinal}`);
    if (log.type === RecordType.edit) describeEdit(lines, log);
  }
  lines.gap();
  lines.say(`${log.ending}, ${log.discardedBytes} bytes discarded`);
  return lines.text;
}

function describeEdit(lines: Lines, log: LogReader): void {
  const context: DecodeContext = { file: log.path, where: 'manifest' };
  const start = Math.min(log.payloadStart + CHAIN_SIZE_BYTES, log.payloadEnd);
  lines.add(log.payloadStart, start, 'chain');
  walkFields({ bytes: log.bytes, start, end: log.payloadEnd }, context, (field) => {
    const end = field.value.offset + field.value.remaining;
    const range = { bytes: log.bytes, start: field.offset, end };
    lines.add(field.offset, end, describeField(field, decodeEdit(range, context)));
  });
}

/** `edit` holds nothing but the field. */
function describeField({ tag }: EditField, edit: VersionEdit): string {
  const name = TAG_NAMES.get(tag);
  if (name === undefined) return `unknown field ${tag}, skipped`;
  const value =
    edit.tablesAdded?.map(describeAddition)[0] ??
    edit.tablesRemoved?.map(
      ({ keyspaceId, level, fileNumber }) => `keyspace ${keyspaceId} L${level} ${fileNumber}`,
    )[0] ??
    edit.keyspacesAdded?.map(describeKeyspace)[0] ??
    edit.keyspacesDropped?.[0] ??
    edit.logsAdded?.[0] ??
    edit.nextFileNumber ??
    edit.nextKeyspaceId ??
    edit.lastSequence ??
    edit.minimumLogNumber;
  return `${name} ${value}`;
}

function describeAddition({ keyspaceId, level, table }: TableAddition): string {
  return [
    `keyspace ${keyspaceId} L${level} ${table.fileNumber}:`,
    `[${showKey(table.smallestKey)} .. ${showKey(table.largestKey)}]`,
    `#${table.smallestSequence}..${table.largestSequence}`,
    `${table.sizeBytes} bytes,`,
    `${table.entryCount} entries, ${table.tombstoneCount} tombstones,`,
    `${table.rawKeyBytes} + ${table.rawValueBytes} raw bytes,`,
    `content ${table.contentHash.toString(16).padStart(8, '0')}, id ${hex(table.tableId)}`,
  ].join(' ');
}

function describeKeyspace(keyspace: KeyspaceMetadata): string {
  const { id, name, keyEncoding, valueEncoding, compression } = keyspace;
  return `${id} ${JSON.stringify(name)} ${keyEncoding} -> ${valueEncoding}, ${compression}`;
}

function recordTypeName(type: number): string {
  const entry = Object.entries(RecordType).find(([, value]) => value === type);
  assert(entry !== undefined, 'a verified record has a known type');
  return entry[0];
}

function showKey(key: Uint8Array): string {
  const text = decodeText(key);
  return text !== undefined && PRINTABLE.test(text) ? JSON.stringify(text) : hex(key);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Collects the lines of a description. */
class Lines {
  readonly #bytes: Uint8Array;
  readonly #lines: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  add(start: number, end: number, meaning: string): void {
    const shown = this.#bytes.subarray(start, Math.min(end, start + SHOWN_BYTE_COUNT_MAX));
    const rest = end - start > SHOWN_BYTE_COUNT_MAX ? '…' : '';
    this.say(`${`${start}-${end}`.padEnd(RANGE_WIDTH)} ${hex(shown)}${rest}  # ${meaning}`);
  }

  say(line: string): void {
    this.#lines.push(line);
  }

  gap(): void {
    this.say('');
  }
}
