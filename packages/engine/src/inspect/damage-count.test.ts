// More lines and more damage than a call can have arguments, which is where a list is no longer to be spread into a call.

import { initializeChecksums, StorageError } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { open } from '../database.js';
import { describeLog } from './describe-log.js';
import { verifyDirectory } from './verify-directory.js';

const COUNT = 150_000;
const DIRECTORY = '/db';

let fileSystem: MemoryFileSystem;

beforeAll(async () => {
  await initializeChecksums();
  fileSystem = new MemoryFileSystem();
  const db = await open(DIRECTORY, { fileSystem, backgroundThreads: 0 });
  await db.put('amber', 'resin');
  await db.flush();
  await db.batch(
    Array.from({ length: COUNT }, (_, index) => ({ type: 'put', key: `${index}`, value: '' })),
  );
  await db.close();
});

const damages = Array.from(
  { length: COUNT },
  (_, offset) =>
    new StorageError('CORRUPTION', 'a damaged block', { file: 'a', where: 'sst.data', offset }),
);

vi.mock(import('./check-table.js'), async (original) => ({
  ...(await original()),
  checkTable: () => damages,
  checkUnknownTable: () => [...damages, ...damages],
}));

describe('describeLog', () => {
  test('describes a group of more entries than a call has arguments', () => {
    const texts = fileSystem
      .listSync(DIRECTORY)
      .filter((name) => name.endsWith('.log'))
      .map((name) => textOf(name));
    const lines = texts.join('').split('\n');
    expect(lines.filter((line) => line.includes('  put ')).length).toBeGreaterThanOrEqual(COUNT);
  });
});

describe('verifyDirectory', () => {
  const options = () => ({ fileSystem, yieldTurn: async () => {} });

  test('gives all damage of a table with more damaged blocks than a call has arguments', async () => {
    const { damage, tableCount } = await verifyDirectory(DIRECTORY, options());
    expect(damage).toHaveLength(COUNT * tableCount);
  });

  test('without a manifest gives each damage once, in time that grows with their number', async () => {
    for (const name of fileSystem.listSync(DIRECTORY)) {
      if (/^(?:MANIFEST|CURRENT)/.test(name)) fileSystem.removeSync(`${DIRECTORY}/${name}`);
    }
    const { damage } = await verifyDirectory(DIRECTORY, options());
    expect(damage.filter(({ where }) => where === 'sst.data')).toHaveLength(COUNT);
  });
});

function textOf(name: string): string {
  const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'read');
  const text = describeLog(file, Number.parseInt(name, 10));
  file.closeSync();
  return text;
}
