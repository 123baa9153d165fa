import { readFileSync } from 'node:fs';
import { EntryKind, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeTable } from './describe-table.js';
import { DirectBlockSource } from './direct-block-source.js';
import { TableCursor } from './table-cursor.js';
import type { TableWriterOptions } from './table-writer.js';
import type { Entry } from './testing/entries.js';
import { footerOf, forgeTable } from './testing/forgery.js';
import { ascii, buildTable, openTable } from './testing/tables.js';
import { verifyTable } from './verify-table.js';

beforeAll(initializeChecksums);

function put(key: string, value: string, sequence: number): Entry {
  return { key: ascii(key), value: ascii(value), sequence, kind: EntryKind.put };
}

function remove(key: string, sequence: number): Entry {
  return { key: ascii(key), value: ascii(''), sequence, kind: EntryKind.delete };
}

/** Versions, a tombstone, sequences far apart, a key and a value that are not text. */
const ENTRIES = [
  put('amber', 'a fossil resin', 12),
  put('amber', 'a colour', 7),
  remove('basalt', 9),
  put('clay', 'fine-grained', 2 ** 40),
  { ...put('', '', 11), key: Uint8Array.of(0xff, 0x00), value: Uint8Array.of(0, 1, 2) },
];

const OWNER = {
  keyspaceId: 1,
  keyspaceName: 'rocks',
  keyEncoding: 'utf8',
  valueEncoding: 'utf8',
};

/** The bytes of a dump: everything between an offset without "+" and a comment. */
function bytesOf(dump: string): Uint8Array {
  const hex = dump
    .split('\n')
    .map((line) => /^[0-9a-f]{6}: ([0-9a-f ]*)/.exec(line)?.[1] ?? '')
    .join(' ');
  return Uint8Array.from(hex.split(' ').filter(Boolean), (byte) => Number.parseInt(byte, 16));
}

/** The lines of a dump as one text. */
function dumpOf(bytes: Uint8Array): string {
  return `${[...describeTable(bytes)].join('\n')}\n`;
}

describe('describeTable', () => {
  test('shows two blocks', async () => {
    const dump = dumpOf(buildTable(ENTRIES, { blockSizeBytes: 64 }).bytes);
    await expect(dump).toMatchFileSnapshot('testdata/two-blocks.txt');
  });

  test('shows a compressed block and its content', async () => {
    const entries = ['a', 'b', 'c'].map((key) => put(key, 'varve '.repeat(20), 1));
    const options = { codec: 'lz4', filterBitsPerKey: 0 } as const;
    const dump = dumpOf(buildTable(entries, options).bytes);
    await expect(dump).toMatchFileSnapshot('testdata/compressed-block.txt');
  });

  test.each<TableWriterOptions>([{}, { blockSizeBytes: 64 }, { codec: 'lz4' }])(
    'shows every byte once, options %o',
    (options) => {
      const { bytes } = buildTable(ENTRIES, options);
      expect(bytesOf(dumpOf(bytes))).toEqual(bytes);
    },
  );

  test('shows every byte of a damaged table, and where the damage is', () => {
    const { bytes } = buildTable(ENTRIES, { blockSizeBytes: 64 });
    const { filterOffset, indexOffset, propertiesOffset } = footerOf(bytes);
    const damaged: [number, string][] = [
      [5, 'Cannot read block at offset 0 of the table: checksum mismatch'],
      [filterOffset, `Cannot read block at offset ${filterOffset} of the table: checksum`],
      [indexOffset, `Cannot read block at offset ${indexOffset} of the table: checksum`],
      [propertiesOffset, `Cannot read block at offset ${propertiesOffset} of the table: checksum`],
      [bytes.length - 1, 'Cannot decode sst.footer'],
    ];
    for (const [offset, message] of damaged) {
      const altered = bytes.slice();
      altered[offset] ^= 1;
      const dump = dumpOf(altered);
      expect(dump).toContain(`# ${message}`);
      expect(bytesOf(dump)).toEqual(altered);
    }
  });

  test('shows what is too short to be a table', () => {
    const dump = dumpOf(ascii('too short'));
    expect(dump).toContain('# Cannot read the table: 9 bytes hold no footer');
    expect(bytesOf(dump)).toEqual(ascii('too short'));
    expect(dumpOf(new Uint8Array(0))).toContain('0 bytes');
  });

  test('cuts long keys and values short in comments only', () => {
    const { bytes } = buildTable([put('k', 'x'.repeat(100), 1)]);
    const dump = dumpOf(bytes);
    expect(dump).toContain(`# value 0: "${'x'.repeat(40)}..."`);
    expect(bytesOf(dump)).toEqual(bytes);
  });

  test('makes lines only as they are asked for', () => {
    const { bytes } = buildTable(ENTRIES, { blockSizeBytes: 64 });
    const lines = describeTable(bytes);
    expect(lines.next().value).toBe('# data block 0');
    bytes[bytes.length - 1] = 0xab;
    expect([...lines].at(-1)).toMatch(/ab +# checksum$/);
  });

  test('shows properties it does not know', () => {
    const { bytes } = buildTable(ENTRIES);
    const properties = Uint8Array.of(1, 97, 1, 49);
    expect(dumpOf(forgeTable(bytes, { properties }))).toContain('is missing');
  });
});

describe('docs/format/sstable.md', () => {
  const page = readFileSync(new URL('../../../docs/format/sstable.md', import.meta.url), 'utf8');
  const example = /```text\n(# data block 0\n[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const entries = [put('basalt', 'dark', 3), remove('basalt', 2), put('chalk', 'white', 1)];

  test('has an example that is what a writer writes', () => {
    const { bytes } = buildTable(entries, { blockSizeBytes: 60, owner: OWNER });
    expect(dumpOf(bytes)).toBe(example);
  });

  test('has an example that is a table', () => {
    const reader = openTable(bytesOf(example));
    expect(verifyTable(reader).entryCount).toBe(3);
    expect(reader.blockCount).toBe(2);
    const cursor = new TableCursor(reader, new DirectBlockSource());
    cursor.seek(ascii('c'), 0, 1);
    expect(cursor.sequence).toBe(1);
  });
});
