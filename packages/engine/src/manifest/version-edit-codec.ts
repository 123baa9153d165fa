// Version edits as bytes and back; see manifest-format.ts for the layout.
//
// The decoder takes bytes that anyone may have chosen. Every repeated field costs the bytes it stands
// in, lengths are compared with what is left before anything is allocated, and nothing recurses: time
// and memory are bounded by the size of the input. What the values mean for a version is checked by
// `Version.apply`.

import {
  assert,
  ByteReader,
  ByteWriter,
  type DecodeContext,
  encodeText,
  MAX_KEY_SIZE_BYTES,
  StorageError,
  varintLength,
} from '@varve/base';
import type { KeyspaceMetadata, TableCompression } from './keyspace.js';
import {
  COMPRESSION_CODES,
  EditTag,
  isRequiredTag,
  NAME_SIZE_BYTES_MAX,
} from './manifest-format.js';
import { TABLE_ID_SIZE_BYTES, type TableMetadata } from './table-metadata.js';
import type { TableAddition, TableRemoval, VersionEdit } from './version-edit.js';

/** The fewest bytes of each value: integers of one byte each, and texts and keys that are empty. */
const REMOVAL_SIZE_BYTES_MIN = 3;
const TABLE_SIZE_BYTES_MIN = TABLE_ID_SIZE_BYTES + 14;
const ADDITION_SIZE_BYTES_MIN = 2 + TABLE_SIZE_BYTES_MIN;
const KEYSPACE_SIZE_BYTES_MIN = 5;

/** A part of a buffer. */
export interface ByteRange {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Encodes the fields of an edit. A value outside its range is a bug. */
export function encodeEdit(edit: VersionEdit): Uint8Array {
  const target = new ByteWriter();
  const number = (tag: number, value: number | undefined): void => {
    if (value === undefined) return;
    assertNumber(value);
    writeField(target, tag, (field) => field.varint(value));
  };
  number(EditTag.nextFileNumber, edit.nextFileNumber);
  number(EditTag.nextKeyspaceId, edit.nextKeyspaceId);
  number(EditTag.lastSequence, edit.lastSequence);
  number(EditTag.minimumLogNumber, edit.minimumLogNumber);
  for (const log of edit.logsAdded ?? []) {
    assert(log > 0, 'a log has a number from 1 on');
    number(EditTag.logAdded, log);
  }
  for (const keyspace of edit.keyspacesAdded ?? []) {
    writeField(target, EditTag.keyspaceAdded, (field) => writeKeyspace(field, keyspace));
  }
  for (const removal of edit.tablesRemoved ?? []) {
    writeField(target, EditTag.tableRemoved, (field) => writeRemoval(field, removal));
  }
  for (const addition of edit.tablesAdded ?? []) {
    writeField(target, EditTag.tableAdded, (field) => writeAddition(field, addition));
  }
  for (const id of edit.keyspacesDropped ?? []) number(EditTag.keyspaceDropped, id);
  return target.toBytes();
}

/**
 * Decodes the fields of an edit. `context.baseOffset` is where `range.bytes` starts in the file.
 *
 * @throws StorageError CORRUPTION when they are not valid, UNSUPPORTED_FORMAT when they hold something
 * that only a newer release understands.
 */
export function decodeEdit(range: ByteRange, context: DecodeContext): VersionEdit {
  const edit: MutableEdit = {};
  walkFields(range, context, (field) => readField(edit, field, context));
  assert(edit.logsAdded?.length !== 0, 'an edit without logs has no list of them');
  assert(edit.keyspacesAdded?.length !== 0, 'an edit without keyspaces has no list of them');
  assert(edit.tablesAdded?.length !== 0, 'an edit without tables has no list of them');
  return edit;
}

/** A field as it stands in the file. */
export interface EditField {
  readonly tag: number;
  /** Where the tag stands in the buffer. */
  readonly offset: number;
  /** Reads the value, and nothing behind it. */
  readonly value: ByteReader;
}

/** Hands each field to `visit`, which has to read it to its end unless the field may be skipped. */
export function walkFields(
  range: ByteRange,
  context: DecodeContext,
  visit: (field: EditField) => void,
): void {
  const source = new ByteReader(range.bytes, context, range.start, range.end);
  while (source.remaining > 0) {
    const { offset } = source;
    assert(offset < range.end, 'a field starts inside its edit');
    const tag = source.varint();
    const length = source.varint();
    assertTook(source, offset, varintLength(tag) + varintLength(length));
    if (length > source.remaining) {
      source.fail(`field ${tag} has ${length} bytes, ${source.remaining} are left`);
    }
    const end = source.offset + length;
    assert(end <= range.end, 'a value ends inside its edit');
    const value = new ByteReader(range.bytes, context, source.offset, end);
    visit({ tag, offset, value });
    assert(value.offset >= source.offset, 'a value is read from its start on');
    assert(value.offset <= end, 'nothing behind a value is read with it');
    source.offset = end;
  }
  assert(source.offset === range.end, 'the fields fill their edit');
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MutableEdit = Mutable<VersionEdit>;
type NumberField = 'nextFileNumber' | 'nextKeyspaceId' | 'lastSequence' | 'minimumLogNumber';

/** Adds one field to `edit`. */
function readField(edit: MutableEdit, { tag, value }: EditField, context: DecodeContext): void {
  const start = value.offset;
  switch (tag) {
    case EditTag.nextFileNumber:
      readNumberOnce(edit, 'nextFileNumber', value);
      break;
    case EditTag.nextKeyspaceId:
      readNumberOnce(edit, 'nextKeyspaceId', value);
      break;
    case EditTag.lastSequence:
      readNumberOnce(edit, 'lastSequence', value);
      break;
    case EditTag.minimumLogNumber:
      readNumberOnce(edit, 'minimumLogNumber', value);
      break;
    case EditTag.logAdded:
      edit.logsAdded = appended(edit.logsAdded, readFileNumber(value));
      break;
    case EditTag.keyspaceAdded:
      edit.keyspacesAdded = appended(edit.keyspacesAdded, readKeyspace(value, context));
      break;
    case EditTag.keyspaceDropped:
      edit.keyspacesDropped = appended(edit.keyspacesDropped, value.varint());
      break;
    case EditTag.tableAdded:
      edit.tablesAdded = appended(edit.tablesAdded, readAddition(value));
      break;
    case EditTag.tableRemoved:
      edit.tablesRemoved = appended(edit.tablesRemoved, readRemoval(value));
      break;
    default:
      if (isRequiredTag(tag)) throw unsupported(`field ${tag}`, value, context);
      return;
  }
  assertTook(value, start, 1);
  value.expectEnd();
}

/** The list grows in place: it was made here, and nobody has seen it yet. */
function appended<T>(list: readonly T[] | undefined, item: T): readonly T[] {
  assert(list?.length !== 0, 'a list is made for its first item');
  const grown = (list ?? []) as T[];
  grown.push(item);
  return grown;
}

function readNumberOnce(edit: MutableEdit, name: NumberField, value: ByteReader): void {
  if (edit[name] !== undefined) value.fail(`${name} is given twice`);
  const number = value.varint();
  assertNumber(number);
  edit[name] = number;
}

function writeField(target: ByteWriter, tag: number, write: (field: ByteWriter) => void): void {
  assert(isRequiredTag(tag), 'a field that is written is understood by every reader or refused');
  const start = target.length;
  const field = new ByteWriter();
  write(field);
  assert(field.length > 0, 'a field has a value');
  target.varint(tag);
  target.varint(field.length);
  target.bytes(field.toBytes());
  const headLength = varintLength(tag) + varintLength(field.length);
  assert(target.length === start + headLength + field.length, 'a field is written whole');
}

function writeRemoval(field: ByteWriter, removal: TableRemoval): void {
  assertNumber(removal.keyspaceId);
  assertNumber(removal.level);
  assert(removal.fileNumber > 0, 'a table has a number from 1 on');
  field.varint(removal.keyspaceId);
  field.u8(removal.level);
  field.varint(removal.fileNumber);
  assert(field.length >= REMOVAL_SIZE_BYTES_MIN, 'a removal is written whole');
}

function readRemoval(value: ByteReader): TableRemoval {
  const start = value.offset;
  const removal = {
    keyspaceId: value.varint(),
    level: value.u8(),
    fileNumber: readFileNumber(value),
  };
  assertTook(value, start, REMOVAL_SIZE_BYTES_MIN);
  return removal;
}

function writeAddition(field: ByteWriter, { keyspaceId, level, table }: TableAddition): void {
  assert(table.tableId.length === TABLE_ID_SIZE_BYTES, 'a table id is 16 bytes');
  assertNumber(keyspaceId);
  assertNumber(level);
  assert(table.fileNumber > 0, 'a table has a number from 1 on');
  field.varint(keyspaceId);
  field.u8(level);
  field.varint(table.fileNumber);
  field.bytes(table.tableId);
  field.varint(table.sizeBytes);
  field.varint(table.entryCount);
  field.varint(table.tombstoneCount);
  field.varint(table.smallestSequence);
  field.varint(table.largestSequence);
  field.varint(table.rawKeyBytes);
  field.varint(table.rawValueBytes);
  field.u32(table.contentHash);
  writeSized(field, table.smallestKey);
  writeSized(field, table.largestKey);
  assert(field.length >= ADDITION_SIZE_BYTES_MIN, 'an addition is written whole');
}

function readAddition(value: ByteReader): TableAddition {
  const start = value.offset;
  const addition = { keyspaceId: value.varint(), level: value.u8(), table: readTable(value) };
  assertTook(value, start, ADDITION_SIZE_BYTES_MIN);
  return addition;
}

function readTable(value: ByteReader): TableMetadata {
  const start = value.offset;
  const table = {
    fileNumber: readFileNumber(value),
    tableId: value.bytes(TABLE_ID_SIZE_BYTES),
    sizeBytes: value.varint(),
    entryCount: value.varint(),
    tombstoneCount: value.varint(),
    smallestSequence: value.varint(),
    largestSequence: value.varint(),
    rawKeyBytes: value.varint(),
    rawValueBytes: value.varint(),
    contentHash: value.u32(),
    smallestKey: readKey(value),
    largestKey: readKey(value),
  };
  const keyBytes = table.smallestKey.length + table.largestKey.length;
  assertTook(value, start, TABLE_SIZE_BYTES_MIN + keyBytes);
  assert(table.tableId.length === TABLE_ID_SIZE_BYTES, 'a table id is 16 bytes');
  return table;
}

function writeKeyspace(field: ByteWriter, keyspace: KeyspaceMetadata): void {
  assertNumber(keyspace.id);
  field.varint(keyspace.id);
  for (const name of [keyspace.name, keyspace.keyEncoding, keyspace.valueEncoding]) {
    const encoded = encodeText(name);
    assert(encoded.length <= NAME_SIZE_BYTES_MAX, 'names in a keyspace are at most 255 bytes');
    writeSized(field, encoded);
  }
  field.u8(COMPRESSION_CODES[keyspace.compression]);
  assert(field.length >= KEYSPACE_SIZE_BYTES_MIN, 'a keyspace is written whole');
}

function readKeyspace(value: ByteReader, context: DecodeContext): KeyspaceMetadata {
  const start = value.offset;
  const keyspace = {
    id: value.varint(),
    name: readName(value),
    keyEncoding: readName(value),
    valueEncoding: readName(value),
    compression: readCompression(value, context),
  };
  assertTook(value, start, KEYSPACE_SIZE_BYTES_MIN);
  return keyspace;
}

function readCompression(value: ByteReader, context: DecodeContext): TableCompression {
  const start = value.offset;
  const code = value.u8();
  assertTook(value, start, 1);
  switch (code) {
    case COMPRESSION_CODES.none:
      return 'none';
    case COMPRESSION_CODES.lz4:
      return 'lz4';
    default:
      throw unsupported(`compression ${code}`, value, context);
  }
}

function readName(value: ByteReader): string {
  const length = value.varint();
  if (length > NAME_SIZE_BYTES_MAX) value.fail(`a name of ${length} bytes`);
  const start = value.offset;
  const name = value.text(length);
  assertTook(value, start, length);
  assert(name.length <= length, 'a text has no more characters than bytes');
  return name;
}

function writeSized(field: ByteWriter, bytes: Uint8Array): void {
  const start = field.length;
  field.varint(bytes.length);
  field.bytes(bytes);
  const length = varintLength(bytes.length) + bytes.length;
  assert(field.length === start + length, 'bytes stand behind their length');
}

function readKey(value: ByteReader): Uint8Array {
  const length = value.varint();
  if (length > MAX_KEY_SIZE_BYTES) value.fail(`a key of ${length} bytes`);
  const start = value.offset;
  const key = value.bytes(length);
  assertTook(value, start, length);
  assert(key.length === length, 'a key is as long as its length says');
  return key;
}

function readFileNumber(value: ByteReader): number {
  const start = value.offset;
  const fileNumber = value.varint();
  assertTook(value, start, varintLength(fileNumber));
  assertNumber(fileNumber);
  return fileNumber > 0 ? fileNumber : value.fail('file number 0');
}

function unsupported(what: string, value: ByteReader, context: DecodeContext): StorageError {
  const { file } = context;
  const offset = (context.baseOffset ?? 0) + value.offset;
  assert(value.remaining >= 0, 'a value is read no further than to its end');
  assert(offset >= value.offset, 'a buffer starts at or after the start of its file');
  return new StorageError(
    'UNSUPPORTED_FORMAT',
    `Cannot read ${file}: ${what} at offset ${offset} needs a newer release`,
    { file, offset },
  );
}

/** What is encoded, and what a varint can hold. */
function assertNumber(value: number): void {
  assert(Number.isSafeInteger(value), 'a number in an edit is a safe integer');
  assert(value >= 0, 'a number in an edit is not negative');
}

/** Requires: `source` was at `start`, and has read something of at least `sizeBytes` since. */
function assertTook(source: ByteReader, start: number, sizeBytes: number): void {
  assert(source.offset >= start + sizeBytes, 'reading moves on by what was read');
  assert(source.remaining >= 0, 'nothing behind the end is read');
}
