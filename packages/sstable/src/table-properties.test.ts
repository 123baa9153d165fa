import { ByteReader, ByteWriter, createRandom, encodeText } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { decodeProperties, encodeProperties, type TableProperties } from './table-properties.js';
import { ascii, TEST_PATH } from './testing/tables.js';

const PROPERTIES: TableProperties = {
  entryCount: 1000,
  tombstoneCount: 3,
  rawKeyBytes: 2 ** 40,
  rawValueBytes: 0,
  smallestKey: ascii(''),
  largestKey: Uint8Array.of(255, 0),
  smallestSequence: 0,
  largestSequence: Number.MAX_SAFE_INTEGER,
  dataBlockCount: 12,
  contentHash: 0xffff_ffff,
  codec: 'none',
  filterBitsPerKey: 9.6,
  createdBy: 'varve 0.1.0',
  owner: {
    keyspaceId: 3,
    keyspaceName: 'orders',
    keyEncoding: 'utf8',
    valueEncoding: 'json',
  },
};

function decode(bytes: Uint8Array): TableProperties {
  return decodeProperties(
    new ByteReader(bytes, { file: TEST_PATH, where: 'sst.properties', baseOffset: 40 }),
  );
}

/** Properties as they are stored, by name. */
function encodeValues(values: Iterable<[string, Uint8Array]>): Uint8Array {
  const writer = new ByteWriter();
  for (const [name, value] of values) {
    writer.varint(encodeText(name).length);
    writer.text(name);
    writer.varint(value.length);
    writer.bytes(value);
  }
  return writer.toBytes();
}

function valuesOf(bytes: Uint8Array): Map<string, Uint8Array> {
  const reader = new ByteReader(bytes, { file: TEST_PATH, where: 'sst.properties' });
  const values = new Map<string, Uint8Array>();
  while (reader.remaining > 0) {
    const name = reader.text(reader.varint());
    values.set(name, reader.bytes(reader.varint()));
  }
  return values;
}

const VALUES = valuesOf(encodeProperties(PROPERTIES));

describe('decodeProperties', () => {
  test('gives what encodeProperties was given', () => {
    expect(decode(encodeProperties(PROPERTIES))).toEqual(PROPERTIES);
  });

  test('skips properties of a newer version', () => {
    const values = [...VALUES, ['aNewOne', ascii('?')] as [string, Uint8Array]].sort();
    expect(decode(encodeValues(values))).toEqual(PROPERTIES);
  });

  test.each([...VALUES.keys()])('refuses a table without %s', (name) => {
    const values = [...VALUES].filter(([other]) => other !== name);
    expect(() => decode(encodeValues(values))).toThrow(`property ${name} is missing`);
  });

  test('gives no owner where none is named', () => {
    const properties = { ...PROPERTIES, owner: null };
    expect(decode(encodeProperties(properties))).toEqual(properties);
  });

  test('refuses names out of order or twice', () => {
    expect(() => decode(encodeValues([...VALUES].reverse()))).toThrow('out of order');
    expect(() => decode(encodeValues([...VALUES].flatMap((pair) => [pair, pair])))).toThrow(
      'out of order',
    );
  });

  test.each<[string, Uint8Array, string, Record<string, Uint8Array>?]>([
    ['entryCount', Uint8Array.of(0x80), 'not a number'],
    ['entryCount', Uint8Array.of(1, 1), 'not a number'],
    ['entryCount', Uint8Array.of(), 'not a number'],
    ['codec', Uint8Array.of(0xff), 'not text'],
    ['tombstoneCount', Uint8Array.of(0xe9, 0x07), 'contradict'],
    ['dataBlockCount', Uint8Array.of(0xe9, 0x07), 'contradict'],
    ['contentHash', Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10), 'contradict'],
    ['largestKey', Uint8Array.of(), 'contradict', { smallestKey: ascii('a') }],
    ['filterBitsPerKey', ascii('ten'), 'contradict'],
    ['filterBitsPerKey', ascii('-1'), 'contradict'],
  ])('refuses %s with the value %s', (name, value, reason, other = {}) => {
    const values = new Map([...VALUES, ...Object.entries(other)]).set(name, value);
    expect(() => decode(encodeValues(values))).toThrow(reason);
  });

  test('gives properties or CORRUPTION for any bytes', () => {
    // Goal: no other error, whatever the lengths say. Approach: alter each byte, cut everywhere.
    const bytes = encodeProperties(PROPERTIES);
    const random = createRandom(1);
    const cases = Array.from({ length: 20_000 }, () => {
      const altered = bytes.slice(0, 1 + random.below(bytes.length));
      for (let count = random.below(3); count >= 0; count--) {
        altered[random.below(altered.length)] = random.below(256);
      }
      return altered;
    });
    for (const altered of cases) {
      try {
        decode(altered);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPTION', where: 'sst.properties' });
      }
    }
  });
});
