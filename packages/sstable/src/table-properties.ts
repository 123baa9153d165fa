// The properties block: what a table says about itself, by name.
//
//   property*:   | name length (varint) | name (UTF-8) | value length (varint) | value |
//
// Names ascend, so that a set of properties has one encoding. A value is a varint, a key or UTF-8
// text; numbers that may have a fraction are text. A reader skips names it does not know and
// refuses a table that lacks one it needs. Whose a table is stands in all four names or in none.

import {
  type ByteReader,
  ByteWriter,
  compareWhole,
  decodeText,
  encodeText,
  readVarint,
  varintLength,
} from '@varve/base';
import type { TableStatistics } from './table-statistics.js';

/** Whose a table is: what the manifest says too, for when there is no manifest any more. */
export interface TableOwner {
  readonly keyspaceId: number;
  readonly keyspaceName: string;
  /** Names of the encodings of its keys and values. */
  readonly keyEncoding: string;
  readonly valueEncoding: string;
}

/** Everything in the properties block. */
export interface TableProperties extends TableStatistics {
  /** How blocks were to be compressed; each block says itself how it is. */
  readonly codec: string;
  /** How large the filter was made; 0 if there is none. */
  readonly filterBitsPerKey: number;
  /** Which program wrote the table. */
  readonly createdBy: string;
  /** `null` if its writer was not told. */
  readonly owner: TableOwner | null;
}

const NUMBER_NAMES = [
  'contentHash',
  'dataBlockCount',
  'entryCount',
  'largestSequence',
  'rawKeyBytes',
  'rawValueBytes',
  'smallestSequence',
  'tombstoneCount',
] as const satisfies readonly (keyof TableProperties)[];
const KEY_NAMES = ['largestKey', 'smallestKey'] as const;
const TEXT_NAMES = ['codec', 'createdBy', 'filterBitsPerKey'] as const;
const OWNER_ID_NAME = 'keyspaceId';
const OWNER_TEXT_NAMES = ['keyspaceName', 'keyEncoding', 'valueEncoding'] as const;

/** Gives the content of a properties block. */
export function encodeProperties(properties: TableProperties): Uint8Array {
  const values = new Map<string, Uint8Array>();
  for (const name of NUMBER_NAMES) {
    values.set(name, varintBytes(properties[name]));
  }
  for (const name of KEY_NAMES) values.set(name, properties[name]);
  for (const name of TEXT_NAMES) values.set(name, encodeText(String(properties[name])));
  if (properties.owner !== null) addOwner(values, properties.owner);
  const writer = new ByteWriter();
  for (const name of [...values.keys()].sort()) {
    writeSized(writer, encodeText(name));
    writeSized(writer, values.get(name)!);
  }
  return writer.toBytes();
}

function addOwner(values: Map<string, Uint8Array>, owner: TableOwner): void {
  values.set(OWNER_ID_NAME, varintBytes(owner.keyspaceId));
  for (const name of OWNER_TEXT_NAMES) values.set(name, encodeText(owner[name]));
}

function varintBytes(value: number): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(value);
  return writer.toBytes();
}

/** Decodes the content that `reader` covers. Throws `CORRUPTION` if it makes no sense. O(bytes). */
export function decodeProperties(reader: ByteReader): TableProperties {
  const values = readValues(reader);
  const properties: TableProperties = {
    entryCount: numberNamed(values, 'entryCount', reader),
    tombstoneCount: numberNamed(values, 'tombstoneCount', reader),
    rawKeyBytes: numberNamed(values, 'rawKeyBytes', reader),
    rawValueBytes: numberNamed(values, 'rawValueBytes', reader),
    smallestKey: valueNamed(values, 'smallestKey', reader),
    largestKey: valueNamed(values, 'largestKey', reader),
    smallestSequence: numberNamed(values, 'smallestSequence', reader),
    largestSequence: numberNamed(values, 'largestSequence', reader),
    dataBlockCount: numberNamed(values, 'dataBlockCount', reader),
    contentHash: numberNamed(values, 'contentHash', reader),
    codec: textNamed(values, 'codec', reader),
    filterBitsPerKey: Number(textNamed(values, 'filterBitsPerKey', reader)),
    createdBy: textNamed(values, 'createdBy', reader),
    owner: readOwner(values, reader),
  };
  if (
    properties.tombstoneCount > properties.entryCount ||
    properties.dataBlockCount > properties.entryCount ||
    properties.contentHash > 0xffff_ffff ||
    !(properties.filterBitsPerKey >= 0) ||
    properties.smallestSequence > properties.largestSequence ||
    compareWhole(properties.smallestKey, properties.largestKey) > 0
  ) {
    reader.fail('properties contradict each other');
  }
  return properties;
}

function readOwner(values: Map<string, Uint8Array>, reader: ByteReader): TableOwner | null {
  const names = [OWNER_ID_NAME, ...OWNER_TEXT_NAMES];
  if (!names.some((name) => values.has(name))) return null;
  return {
    keyspaceId: numberNamed(values, OWNER_ID_NAME, reader),
    keyspaceName: textNamed(values, 'keyspaceName', reader),
    keyEncoding: textNamed(values, 'keyEncoding', reader),
    valueEncoding: textNamed(values, 'valueEncoding', reader),
  };
}

function readValues(reader: ByteReader): Map<string, Uint8Array> {
  const values = new Map<string, Uint8Array>();
  let previousName = '';
  while (reader.remaining > 0) {
    const name = reader.text(reader.varint());
    if (name <= previousName) reader.fail('property names out of order');
    values.set(name, reader.bytes(reader.varint()));
    previousName = name;
  }
  return values;
}

function valueNamed(values: Map<string, Uint8Array>, name: string, reader: ByteReader): Uint8Array {
  return values.get(name) ?? reader.fail(`property ${name} is missing`);
}

function numberNamed(values: Map<string, Uint8Array>, name: string, reader: ByteReader): number {
  const bytes = valueNamed(values, name, reader);
  const value = readVarint(bytes, 0, bytes.length);
  return value >= 0 && varintLength(value) === bytes.length
    ? value
    : reader.fail(`property ${name} is not a number`);
}

function textNamed(values: Map<string, Uint8Array>, name: string, reader: ByteReader): string {
  return (
    decodeText(valueNamed(values, name, reader)) ?? reader.fail(`property ${name} is not text`)
  );
}

function writeSized(writer: ByteWriter, bytes: Uint8Array): void {
  writer.varint(bytes.length);
  writer.bytes(bytes);
}
