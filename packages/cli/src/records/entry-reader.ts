// Which part of a record is the key and which the value.
//
//   nothing said                                   the fields `key` and `value`, as `varve export` writes them
//   --key-column id                                the field `id`; the value is the whole record as JSON
//   --key-column id --value-column name            these two fields

import { NotSoError, UsageError } from '../failures.js';
import { isTextForm } from '../text/byte-text.js';
import {
  describeInexactNumber,
  findInexactNumber,
  INEXACT_NUMBER_ADVICE,
  type NumberSearch,
} from '../text/inexact-number.js';
import type { Stored, TextCodec } from '../text/text-codec.js';
import type { SourceRecord } from './source-record.js';

const DEFAULT_KEY_COLUMN = 'key';
const DEFAULT_VALUE_COLUMN = 'value';
const LISTED_FIELD_COUNT_MAX = 12;

/** What `import` was told about the columns. */
export interface EntryColumns {
  readonly keyColumn: string | undefined;
  readonly valueColumn: string | undefined;
  readonly keyCodec: TextCodec;
  readonly valueCodec: TextCodec;
  /** `'text'`: every field is text in the encoding of its column (CSV). `'json'`: fields are JSON values. */
  readonly fieldKind: 'text' | 'json';
  readonly inputName: string;
}

/** An entry as the engine takes it. */
export interface StoredEntry {
  readonly key: Stored;
  readonly value: Stored;
  /** About how large it is. */
  readonly sizeBytes: number;
}

/** Makes the function that turns records into entries. It throws NotSoError, naming line and field. */
export function createEntryReader(columns: EntryColumns): (record: SourceRecord) => StoredEntry {
  const { keyCodec, valueCodec } = columns;
  const keyColumn = columns.keyColumn ?? DEFAULT_KEY_COLUMN;
  const valueColumn =
    columns.valueColumn ?? (columns.keyColumn === undefined ? DEFAULT_VALUE_COLUMN : undefined);
  const toKey = isTextForm(keyCodec.encoding) ? checkedKeyParser(keyCodec) : fieldParser(keyCodec);
  const readKey = fieldReader(columns, {
    column: keyColumn,
    parse: parserFor(columns, keyCodec, toKey),
  });
  const readValue =
    valueColumn === undefined
      ? recordWriter(columns)
      : fieldReader(columns, {
          column: valueColumn,
          parse: parserFor(columns, valueCodec, fieldParser(valueCodec)),
        });
  return (record) => ({
    key: readKey(record),
    value: readValue(record),
    sizeBytes: record.json.length,
  });
}

type FieldParser = (field: unknown) => Stored;

function parserFor(columns: EntryColumns, codec: TextCodec, parseField: FieldParser): FieldParser {
  return columns.fieldKind === 'text' ? (field) => codec.parse(String(field)) : parseField;
}

function fieldParser(codec: TextCodec): FieldParser {
  return (field) => codec.parseField(field);
}

/** A plain key is text or the digits of a number; an object as a key is more likely the wrong column. */
function checkedKeyParser(codec: TextCodec): FieldParser {
  return (field) => {
    if (typeof field !== 'string' && typeof field !== 'number') {
      throw new UsageError(`a key must be text or a number: received ${JSON.stringify(field)}`);
    }
    return codec.parseField(field);
  };
}

/** The whole record as the value: exactly the JSON it came as, except where the encoding has its own form. */
function recordWriter(columns: EntryColumns): (record: SourceRecord) => Stored {
  const codec = columns.valueCodec;
  if (isTextForm(codec.encoding)) {
    return (record) => Buffer.from(record.json);
  }
  return (record) => {
    assertExact(record, columns);
    return codec.parseField(record.fields);
  };
}

function fieldReader(
  columns: EntryColumns,
  field: { column: string; parse: FieldParser },
): (record: SourceRecord) => Stored {
  const { column, parse } = field;
  return (record) => {
    if (!Object.hasOwn(record.fields, column)) {
      throw missingField(record, column, placeOf(record, columns));
    }
    const field = record.fields[column];
    if (columns.fieldKind === 'json' && typeof field !== 'string') {
      assertExact(record, columns, { field: column });
    }
    try {
      return parse(field);
    } catch (error) {
      if (error instanceof UsageError) {
        throw new NotSoError(
          `Cannot use ${JSON.stringify(column)} in ${placeOf(record, columns)}: ${error.message}`,
        );
      }
      throw error;
    }
  };
}

/**
 * Throws NotSoError when reading the record changed a number that is going to be stored. The rest of it may hold any: a
 * record that is stored as it came, under a key that is exact, loses nothing.
 */
function assertExact(record: SourceRecord, columns: EntryColumns, search: NumberSearch = {}): void {
  const literal = findInexactNumber(record.json, search);
  if (literal !== undefined) {
    const what = search.field === undefined ? 'the record' : JSON.stringify(search.field);
    throw new NotSoError(
      `Cannot use ${what} in ${placeOf(record, columns)}: it holds ${describeInexactNumber(literal)}`,
      { advice: INEXACT_NUMBER_ADVICE },
    );
  }
}

function placeOf(record: SourceRecord, columns: EntryColumns): string {
  return `line ${record.lineNumber} of ${columns.inputName}`;
}

function missingField(record: SourceRecord, column: string, place: string): NotSoError {
  const names = Object.keys(record.fields);
  const listed = names.slice(0, LISTED_FIELD_COUNT_MAX).join(', ');
  const list = names.length > LISTED_FIELD_COUNT_MAX ? `${listed}, …` : listed || 'no fields';
  return new NotSoError(
    `Cannot find the field ${JSON.stringify(column)} in ${place}: it has ${list}`,
    {
      advice:
        'Name the field that holds the key with --key-column, and with --value-column the one that holds the value (without it, the whole record is stored as JSON).',
    },
  );
}
