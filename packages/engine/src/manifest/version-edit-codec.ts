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
    if (value !== undefined) writeField(target, tag, (field) => field.varint(value));
  };
  number(EditTag.nextFileNumber, edit.nextFileNumber);
  number(EditTag.nextKeyspaceId, edit.nextKeyspaceId);
  number(EditTag.lastSequence, edit.lastSequence);
  number(EditTag.minimumLogNumber, edit.minimumLogNumber);
  for (const log of edit.logsAdded ?? []) number(EditTag.logAdded, log);
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
    const tag = source.varint();
    const length = source.varint();
    if (length > source.remaining) {
      source.fail(`field ${tag} has ${length} bytes, ${source.remaining} are left`);
    }
    const end = source.offset + length;
    const value = new ByteReader(range.bytes, context, source.offset, end);
    visit({ tag, offset, value });
    source.offset = end;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type MutableEdit = Mutable<VersionEdit>;
type NumberField = 'nextFileNumber' | 'nextKeyspaceId' | 'lastSequence' | 'minimumLogNumber';

/** Adds one field to `edit`. */
function readField(edit: MutableEdit, { tag, value }: EditField, context: DecodeContext): void {
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
  value.expectEnd();
}

/** The list grows in place: it was made here, and nobody has seen it yet. */
function appended<T>(list: readonly T[] | undefined, item: T): readonly T[] {
  const grown = (list ?? []) as T[];
  grown.push(item);
  return grown;
}

function readNumberOnce(edit: MutableEdit, name: NumberField, value: ByteReader): void {
  if (edit[name] !== undefined) value.fail(`${name} is given twice`);
  edit[name] = value.varint();
}

function writeField(target: ByteWriter, tag: number, write: (field: ByteWriter) => void): void {
  const field = new ByteWriter();
  write(field);
  target.varint(tag);
  target.varint(field.length);
  target.bytes(field.toBytes());
}

function writeRemoval(field: ByteWriter, removal: TableRemoval): void {
  field.varint(removal.keyspaceId);
  field.u8(removal.level);
  field.varint(removal.fileNumber);
}

function readRemoval(value: ByteReader): TableRemoval {
  return { keyspaceId: value.varint(), level: value.u8(), fileNumber: readFileNumber(value) };
}

function writeAddition(field: ByteWriter, { keyspaceId, level, table }: TableAddition): void {
  assert(table.tableId.length === TABLE_ID_SIZE_BYTES, 'a table id is 16 bytes');
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
}

function readAddition(value: ByteReader): TableAddition {
  return { keyspaceId: value.varint(), level: value.u8(), table: readTable(value) };
}

function readTable(value: ByteReader): TableMetadata {
  return {
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
}

function writeKeyspace(field: ByteWriter, keyspace: KeyspaceMetadata): void {
  field.varint(keyspace.id);
  for (const name of [keyspace.name, keyspace.keyEncoding, keyspace.valueEncoding]) {
    const encoded = encodeText(name);
    assert(encoded.length <= NAME_SIZE_BYTES_MAX, 'names in a keyspace are at most 255 bytes');
    writeSized(field, encoded);
  }
  field.u8(COMPRESSION_CODES[keyspace.compression]);
}

function readKeyspace(value: ByteReader, context: DecodeContext): KeyspaceMetadata {
  return {
    id: value.varint(),
    name: readName(value),
    keyEncoding: readName(value),
    valueEncoding: readName(value),
    compression: readCompression(value, context),
  };
}

function readCompression(value: ByteReader, context: DecodeContext): TableCompression {
  const code = value.u8();
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
  return value.text(length);
}

function writeSized(field: ByteWriter, bytes: Uint8Array): void {
  field.varint(bytes.length);
  field.bytes(bytes);
}

function readKey(value: ByteReader): Uint8Array {
  const length = value.varint();
  if (length > MAX_KEY_SIZE_BYTES) value.fail(`a key of ${length} bytes`);
  return value.bytes(length);
}

function readFileNumber(value: ByteReader): number {
  const fileNumber = value.varint();
  return fileNumber > 0 ? fileNumber : value.fail('file number 0');
}

function unsupported(what: string, value: ByteReader, context: DecodeContext): StorageError {
  const { file } = context;
  const offset = (context.baseOffset ?? 0) + value.offset;
  return new StorageError(
    'UNSUPPORTED_FORMAT',
    `Cannot read ${file}: ${what} at offset ${offset} needs a newer release`,
    { file, offset },
  );
}
