// A database that an earlier state of the program wrote must open, or be refused as what it is: bar B24.
//
// testdata/format-1.json has the files of one, as hexadecimal text. Until the first release the format may change; then
// `VARVE_WRITE_FIXTURE=1 vitest run formats.test.ts` writes it again. From then on there is one more for each release.

import { readFileSync, writeFileSync } from 'node:fs';
import { checksum64, initializeChecksums, readU64, writeU32, writeU64 } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { open } from './database.js';
import { verify } from './verify.js';

const FIXTURE = new URL('testdata/format-1.json', import.meta.url);
const DIRECTORY = '/db';
const OPTIONS = { backgroundThreads: 0, durability: 'os' } as const;

type Files = Map<string, Uint8Array>;

beforeAll(initializeChecksums);

function readFixture(): Files {
  const text = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<string, string>;
  return new Map(
    Object.entries(text).map(([name, hex]) => [name, Uint8Array.from(Buffer.from(hex, 'hex'))]),
  );
}

function fileSystemWith(files: Files): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(DIRECTORY);
  for (const [name, bytes] of files) {
    const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'create');
    file.writeSync(bytes, 0, bytes.length, 0);
    file.closeSync();
  }
  return fileSystem;
}

function contentOf(fileSystem: MemoryFileSystem): Files {
  const files: Files = new Map();
  for (const name of fileSystem.listSync(DIRECTORY)) {
    if (name === 'LOCK' || name.endsWith('.spare')) continue;
    const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'read');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    files.set(name, bytes);
  }
  return files;
}

/** A database with a bit of everything: two keyspaces, two levels, a deletion, a live log. */
async function writeFixture(): Promise<void> {
  const fileSystem = new MemoryFileSystem();
  const db = await open(DIRECTORY, { ...OPTIONS, fileSystem });
  const cities = await db.keyspace('cities', { valueEncoding: 'json', compression: 'none' });
  for (const key of ['amber', 'basalt', 'chalk']) await db.put(key, `${key} 1`);
  await cities.put('rome', { since: -753 });
  await db.compact();
  await db.put('basalt', 'basalt 2');
  await db.del('chalk');
  await db.flush();
  await db.batch([
    { type: 'put', key: 'dolomite', value: 'in the log' },
    { type: 'del', key: 'amber' },
  ]);
  await db.close();
  const text = [...contentOf(fileSystem)].map(([name, bytes]) => [
    name,
    Buffer.from(bytes).toString('hex'),
  ]);
  writeFileSync(FIXTURE, `${JSON.stringify(Object.fromEntries(text), null, 2)}\n`);
}

/** Gives a file the version after today's, with its checksum made right. */
const NEWER: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  '.log': newerLog,
  'MANIFEST-': newerLog,
  '.sst': (bytes) => {
    const start = bytes.length - 128;
    writeU32(bytes, start + 8, 2);
    const seed = (readU64(bytes, start + 16) ^ BigInt(start)) * 0x9e37_79b1_85eb_ca87n;
    const sum = checksum64(bytes, start, start + 120, BigInt.asUintN(64, seed));
    writeU64(bytes, start + 120, sum);
  },
};

function newerLog(bytes: Uint8Array): void {
  writeU32(bytes, 8, 2);
  writeU64(bytes, 56, checksum64(bytes, 0, 56, 0n));
}

describe('a database of format 1', () => {
  test.runIf(process.env['VARVE_WRITE_FIXTURE'] !== undefined)('is written', writeFixture);

  test('B24: opens, has everything, is whole, and can be written to', async () => {
    const fileSystem = fileSystemWith(readFixture());
    expect((await verify(DIRECTORY, { fileSystem })).damage).toEqual([]);
    const db = await open(DIRECTORY, { ...OPTIONS, fileSystem });
    expect([...db.entries()]).toEqual([
      ['basalt', 'basalt 2'],
      ['dolomite', 'in the log'],
    ]);
    const cities = await db.keyspace('cities', { valueEncoding: 'json' });
    expect(await cities.get('rome')).toEqual({ since: -753 });
    await db.put('chalk', 'again');
    await db.compact();
    await db.close();
    expect((await verify(DIRECTORY, { fileSystem })).damage).toEqual([]);
  });

  test.each(Object.keys(NEWER))(
    'B24, M9: with a newer version in every %s is refused as that, and nothing is changed',
    async (part) => {
      const files = readFixture();
      const names = [...files.keys()].filter((name) => name.includes(part));
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) NEWER[part]!(files.get(name)!);
      const fileSystem = fileSystemWith(files);
      for (const options of [OPTIONS, { ...OPTIONS, readOnly: true }]) {
        await expect(open(DIRECTORY, { ...options, fileSystem })).rejects.toMatchObject({
          code: 'UNSUPPORTED_FORMAT',
          file: expect.stringContaining(part),
        });
      }
      expect(contentOf(fileSystem)).toEqual(files);
    },
  );
});
