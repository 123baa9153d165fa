// The annotated dump, and the worked example of docs/format/manifest.md, checked byte for byte.

import { readFileSync } from 'node:fs';
import { initializeChecksums } from '@varve/base';
import { MemoryFileSystem, type RandomAccessFile } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeManifest } from './describe-manifest.js';
import { readManifestSync } from './manifest-reader.js';
import { makeTable, newVersionSet, openDirectory } from './testing/fixtures.js';
import { VersionSet } from './version-set.js';

beforeAll(initializeChecksums);

const PAGE = new URL('../../../../docs/format/manifest.md', import.meta.url);
const PATH = '/db/MANIFEST-000011';

/** Sixteen ascending bytes. */
function identifier(first: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => first + index);
}

/** The bytes of the page's block marked `hex`: lines of an offset, a colon, bytes, and a comment after `#`. */
function exampleBytes(): Uint8Array {
  const block = /```hex\n(?<lines>[^`]*)```/.exec(readFileSync(PAGE, 'utf8'))?.groups?.['lines'];
  const bytes: number[] = [];
  for (const line of (block ?? '').trim().split('\n')) {
    const [offset, rest] = line.split(':');
    expect(Number.parseInt(offset, 10), line).toBe(bytes.length);
    const hex = rest.split('#')[0].trim().split(/\s+/);
    bytes.push(...hex.map((digits) => Number.parseInt(digits, 16)));
  }
  return Uint8Array.from(bytes);
}

/** Does what the page says. */
async function writeExample(fileSystem: MemoryFileSystem): Promise<void> {
  const set = VersionSet.create(openDirectory(fileSystem), {
    databaseId: identifier(0xd0),
    defaultKeyspace: {
      id: 0,
      name: 'default',
      keyEncoding: 'utf8',
      valueEncoding: 'json',
      compression: 'lz4',
    },
  });
  await set.publish();
  const fileNumber = set.takeFileNumbers(3);
  set.log({ logsAdded: [fileNumber] });
  const table = makeTable({
    fileNumber: fileNumber + 1,
    keys: 'aa-zz',
    tableId: identifier(0xe0),
    sizeBytes: 5_000,
    entryCount: 300,
    tombstoneCount: 2,
    smallestSequence: 1,
    largestSequence: 300,
    rawKeyBytes: 1_200,
    rawValueBytes: 3_000,
    contentHash: 0xcafe_f00d,
  });
  set.log({
    logsAdded: [fileNumber + 2],
    minimumLogNumber: fileNumber + 2,
    lastSequence: 300,
    tablesAdded: [{ keyspaceId: 0, level: 0, table }],
  });
  await set.sync();
  await set.close();
}

function readWhole(file: RandomAccessFile): Uint8Array {
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  return bytes;
}

describe('docs/format/manifest.md', () => {
  test('shows the bytes that the writer writes', async () => {
    const fileSystem = new MemoryFileSystem();
    await writeExample(fileSystem);
    const file = fileSystem.openSync(PATH, 'read');
    expect(exampleBytes()).toEqual(readWhole(file));
    file.closeSync();
  });

  test('shows bytes that read as the page says', () => {
    const fileSystem = new MemoryFileSystem();
    const directory = openDirectory(fileSystem);
    const file = fileSystem.openSync(PATH, 'create');
    const bytes = exampleBytes();
    file.writeSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    const { version, editCount, databaseId } = readManifestSync(directory, 11);
    expect({ editCount, databaseId }).toEqual({ editCount: 3, databaseId: identifier(0xd0) });
    expect([version.logs, version.minimumLogNumber, version.lastSequence]).toEqual([[14], 14, 300]);
    expect(version.keyspaces.get(0)?.levels[0].tables).toHaveLength(1);
  });
});

describe('describeManifest', () => {
  test('describes every byte of the example', async () => {
    const fileSystem = new MemoryFileSystem();
    await writeExample(fileSystem);
    const file = fileSystem.openSync(PATH, 'read');
    await expect(describeManifest(file, 11)).toMatchFileSnapshot('testdata/example.txt');
    file.closeSync();
  });

  test('describes edits of every kind, and a tail that is given up', async () => {
    const fileSystem = new MemoryFileSystem();
    const set = newVersionSet(openDirectory(fileSystem));
    await set.publish();
    const first = set.takeFileNumbers(2);
    const second = { id: 1, name: 'sécond', keyEncoding: 'tuple', valueEncoding: 'binary' };
    const table = makeTable({ fileNumber: first, keys: '\u0001-\u00ff' });
    set.log({ keyspacesAdded: [{ ...second, compression: 'none' }] });
    set.log({ tablesAdded: [{ keyspaceId: 1, level: 2, table }] });
    await set.sync();
    set.log({ tablesRemoved: [{ keyspaceId: 1, level: 2, fileNumber: first }] });
    set.log({ keyspacesDropped: [1] });
    const size = set.manifestSizeBytes;
    set.log({ lastSequence: 9_999 });
    const file = fileSystem.openSync(PATH, 'write');
    file.truncateSync(size + 20);
    await expect(describeManifest(file, 11)).toMatchFileSnapshot('testdata/every-edit.txt');
    file.closeSync();
    await set.close();
  });

  test('refuses what cannot be read', async () => {
    const fileSystem = new MemoryFileSystem();
    await writeExample(fileSystem);
    const file = fileSystem.openSync(PATH, 'write');
    file.writeSync(Uint8Array.of(0xff), 0, 1, 90);
    expect(() => describeManifest(file, 11)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'manifest' }),
    );
    file.closeSync();
  });
});
