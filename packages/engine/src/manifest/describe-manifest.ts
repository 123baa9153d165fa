// A manifest as text, for people: every byte range, its bytes, what they mean.

import { assert, type DecodeContext, decodeText, MAX_KEY_SIZE_BYTES } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import { isFileNumber } from '../directory/index.js';
import { LOG_FILE_HEADER_SIZE_BYTES, LogKind, LogReader, RecordType } from '../log/index.js';
import type { KeyspaceMetadata } from './keyspace.js';
import {
  CHAIN_SIZE_BYTES,
  EditTag,
  isRequiredTag,
  NAME_SIZE_BYTES_MAX,
} from './manifest-format.js';
import { TABLE_ID_SIZE_BYTES } from './table-metadata.js';
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
  assert(isFileNumber(fileNumber), 'a manifest has a number from 1 on');
  const expected = { kind: LogKind.manifest, logId: fileNumber, databaseId: null };
  const log = LogReader.readSync(file, expected);
  assert(log.header.identity.logId === fileNumber, 'the manifest that was asked for is read');
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
  assert(log.payloadEnd === log.endOffset, 'every record is described');
  assert(log.discardedBytes >= 0, 'nothing in front of the end of the manifest is given up');
  lines.gap();
  lines.say(`${log.ending}, ${log.discardedBytes} bytes discarded`);
  return lines.text;
}

function describeEdit(lines: Lines, log: LogReader): void {
  assert(log.type === RecordType.edit, 'only edits have a chain and fields');
  assert(log.payloadStart <= log.payloadEnd, 'a payload ends at or after its start');
  const context: DecodeContext = { file: log.path, where: 'manifest' };
  const start = Math.min(log.payloadStart + CHAIN_SIZE_BYTES, log.payloadEnd);
  lines.add(log.payloadStart, start, 'chain');
  walkFields({ bytes: log.bytes, start, end: log.payloadEnd }, context, (field) => {
    const end = field.value.offset + field.value.remaining;
    assert(end > field.offset, 'a field has a tag and a length at least');
    assert(end <= log.payloadEnd, 'a field ends inside its edit');
    const range = { bytes: log.bytes, start: field.offset, end };
    lines.add(field.offset, end, describeField(field, decodeEdit(range, context)));
  });
}

/** `edit` holds nothing but the field. */
function describeField({ tag }: EditField, edit: VersionEdit): string {
  const name = TAG_NAMES.get(tag);
  if (name === undefined) {
    assert(!isRequiredTag(tag), 'an edit with an unknown field that is required is refused');
    return `unknown field ${tag}, skipped`;
  }
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
  assert(value !== undefined, 'a known field has a value');
  return `${name} ${value}`;
}

function describeAddition({ keyspaceId, level, table }: TableAddition): string {
  assert(table.fileNumber > 0, 'a table that was decoded has a number from 1 on');
  assert(table.tableId.length === TABLE_ID_SIZE_BYTES, 'a table id is 16 bytes');
  assert(table.contentHash >= 0, 'a content hash is shown without a sign');
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
  assert(id >= 0, 'keyspaces are counted from 0 on');
  assert(name.length <= NAME_SIZE_BYTES_MAX, 'a keyspace with a longer name is refused');
  return `${id} ${JSON.stringify(name)} ${keyEncoding} -> ${valueEncoding}, ${compression}`;
}

function recordTypeName(type: number): string {
  const entry = Object.entries(RecordType).find(([, value]) => value === type);
  assert(entry !== undefined, 'a verified record has a known type');
  return entry[0];
}

function showKey(key: Uint8Array): string {
  assert(key.length <= MAX_KEY_SIZE_BYTES, 'a table with a longer key is refused');
  const text = decodeText(key);
  return text !== undefined && PRINTABLE.test(text) ? JSON.stringify(text) : hex(key);
}

function hex(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  assert(digits.length === bytes.length * 2, 'a byte is two digits');
  return digits;
}

/** Collects the lines of a description. */
class Lines {
  readonly #bytes: Uint8Array;
  readonly #lines: string[] = [];
  /** Where the last range ends that has a line. */
  #describedEnd = 0;

  constructor(bytes: Uint8Array) {
    assert(bytes.length >= LOG_FILE_HEADER_SIZE_BYTES, 'a manifest that was read has its header');
    this.#bytes = bytes;
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  add(start: number, end: number, meaning: string): void {
    assert(start >= this.#describedEnd, 'no byte is described twice');
    assert(start <= end, 'a range ends at or after its start');
    assert(end <= this.#bytes.length, 'a range lies in the manifest');
    this.#describedEnd = end;
    const shown = this.#bytes.subarray(start, Math.min(end, start + SHOWN_BYTE_COUNT_MAX));
    const rest = end - start > SHOWN_BYTE_COUNT_MAX ? '…' : '';
    this.say(`${`${start}-${end}`.padEnd(RANGE_WIDTH)} ${hex(shown)}${rest}  # ${meaning}`);
  }

  say(line: string): void {
    this.#lines.push(line);
  }

  gap(): void {
    assert(this.#lines.length > 0, 'a gap has something in front of it');
    this.say('');
  }
}
