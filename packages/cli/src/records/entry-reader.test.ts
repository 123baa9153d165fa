import { describe, expect, test } from 'vitest';
import { NotSoError } from '../failures.js';
import { createTextCodec } from '../text/text-codec.js';
import { createEntryReader, type EntryColumns } from './entry-reader.js';

const utf8 = createTextCodec('utf8');
const hex = createTextCodec('hex');
const base64 = createTextCodec('base64');
const json = createTextCodec('json');

function read(fields: Record<string, unknown>, columns: Partial<EntryColumns> = {}) {
  return readJson(JSON.stringify(fields), columns);
}

function readJson(recordJson: string, columns: Partial<EntryColumns>) {
  const fields = JSON.parse(recordJson);
  const readEntry = createEntryReader({
    keyColumn: undefined,
    valueColumn: undefined,
    keyCodec: utf8,
    valueCodec: utf8,
    fieldKind: 'json',
    inputName: 'in',
    ...columns,
  });
  const entry = readEntry({ lineNumber: 7, fields, json: recordJson });
  return [entry.key, entry.value].map((stored) => Buffer.from(stored as Uint8Array).toString());
}

describe('createEntryReader', () => {
  test.each([
    ['key and value by default', { key: 'k', value: 'v', other: 1 }, {}, ['k', 'v']],
    [
      'the whole record for a key column',
      { id: 7, n: 'x' },
      { keyColumn: 'id' },
      ['7', '{"id":7,"n":"x"}'],
    ],
    ['two columns', { id: 'a', n: 'x' }, { keyColumn: 'id', valueColumn: 'n' }, ['a', 'x']],
    ['a value that is not text, as JSON', { key: 'k', value: { a: [1] } }, {}, ['k', '{"a":[1]}']],
    ['null as a value', { key: 'k', value: null }, {}, ['k', 'null']],
    [
      'hex and base64',
      { key: '6b', value: 'dg==' },
      { keyCodec: hex, valueCodec: base64 },
      ['k', 'v'],
    ],
    ['structured values', { key: 'k', value: 'text' }, { valueCodec: json }, ['k', '"text"']],
    [
      'JSON in the text of a column',
      { key: 'k', value: '[1, 2]' },
      { valueCodec: json, fieldKind: 'text' },
      ['k', '[1,2]'],
    ],
    ['a structured key', { key: ['a', 1], value: 'v' }, { keyCodec: json }, ['["a",1]', 'v']],
    [
      'an own field called __proto__',
      JSON.parse('{"__proto__":"p"}'),
      { keyColumn: '__proto__' },
      ['p', '{"__proto__":"p"}'],
    ],
  ] as const)('takes %s', (_name, fields, columns, expected) => {
    expect(read(fields, columns)).toEqual(expected);
  });

  test.each([
    [
      'a missing key field, listing those there are',
      { id: 1, n: 2 },
      {},
      /"key" in line 7 of in: it has id, n/,
    ],
    [
      'an inherited field',
      { id: 1 },
      { keyColumn: 'toString' },
      /Cannot find the field "toString"/,
    ],
    [
      'a key that is an object',
      { key: {}, value: '' },
      {},
      /a key must be text or a number: received \{\}/,
    ],
    ['a missing value', { key: 'a' }, {}, /Cannot find the field "value"/],
    [
      'hex that is not hex',
      { key: 'xy', value: '' },
      { keyCodec: hex },
      /"key" in line 7 of in: .*hex/,
    ],
  ] as const)('refuses %s', (_name, fields, columns, message) => {
    expect(() => read(fields, columns)).toThrow(message);
  });

  test.each([
    ['a key', '{"id":1234567890123456781}', { keyColumn: 'id' }],
    ['a value', '{"key":"a","value":[1e400]}', {}],
    ['a value to be JSON', '{"key":"a","value":{"n":9007199254740993}}', { valueCodec: json }],
    [
      'JSON in the text of a column',
      '{"key":"a","value":"[9007199254740993]"}',
      { valueCodec: json, fieldKind: 'text' },
    ],
    [
      'a record to be JSON',
      '{"id":"a","n":1234567890123456781}',
      { keyColumn: 'id', valueCodec: json },
    ],
  ] as const)('refuses a number that would change in %s', (_name, recordJson, columns) => {
    expect(() => readJson(recordJson, columns)).toThrow(NotSoError);
    expect(() => readJson(recordJson, columns)).toThrow(
      /^Cannot use .* in line 7 of in: .*it holds the number/,
    );
  });

  test('takes a record whose other numbers would change as it came', () => {
    const recordJson = '{"id":5,"n":1234567890123456781}';
    expect(readJson(recordJson, { keyColumn: 'id' })).toEqual(['5', recordJson]);
  });
});
