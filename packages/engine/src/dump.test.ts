// Approach: one file of each kind as a database leaves it, in memory; a table too large to read as a file of holes.

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { open } from './database.js';
import { dump } from './dump.js';

const DIRECTORY = '/data';

/** A database with a table and a log, closed. */
async function databaseFiles() {
  const fileSystem = new MemoryFileSystem();
  const database = await open(DIRECTORY, { fileSystem, backgroundThreads: 0 });
  await database.put('amber', 'resin');
  await database.flush();
  await database.put('basalt', 'rock');
  await database.close();
  return fileSystem;
}

function pathLike(fileSystem: MemoryFileSystem, pattern: RegExp): string {
  const name = fileSystem.listSync(DIRECTORY).findLast((each) => pattern.test(each));
  return `${DIRECTORY}/${name}`;
}

describe('dump', () => {
  test.each([
    [/\.sst$/, '# data block 0', /# checksum$/],
    [/\.log$/, /^log \d+, database /, /bytes given up$/],
    [/^MANIFEST/, /header: manifest \d+/, /bytes discarded$/],
  ])('gives the lines of %s', async (pattern, first, last) => {
    const fileSystem = await databaseFiles();
    const lines = [...(await dump(pathLike(fileSystem, pattern), { fileSystem }))];
    expect(lines[0]).toMatch(first);
    expect(lines.at(-1)).toMatch(last);
    expect(lines.join('')).not.toContain('\n');
  });

  test('shows damage of a table, and throws for a damaged log before the first line', async () => {
    const fileSystem = await databaseFiles();
    const damage = async (pattern: RegExp) => {
      const path = pathLike(fileSystem, pattern);
      const file = fileSystem.openSync(path, 'write');
      file.writeSync(Uint8Array.of(0xee), 0, 1, 3);
      file.closeSync();
      return dump(path, { fileSystem });
    };
    expect([...(await damage(/\.sst$/))].join()).toContain('checksum mismatch');
    await expect(damage(/\.log$/)).rejects.toMatchObject({ code: 'CORRUPTION' });
  });

  test('refuses what is not a file of a database', async () => {
    const fileSystem = await databaseFiles();
    for (const name of ['CURRENT', 'notes.txt', '13.sst']) {
      await expect(dump(`${DIRECTORY}/${name}`, { fileSystem })).rejects.toThrow(
        /^Cannot dump \/data\/[\w.]+: its name is not that of a table/,
      );
    }
    await expect(dump(`${DIRECTORY}/999999.sst`, { fileSystem })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('refuses a table above 2 GiB without reading it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'varve-dump-'));
    try {
      const path = join(directory, '000013.sst');
      writeFileSync(path, '');
      truncateSync(path, 2 ** 31 + 1);
      await expect(dump(path)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: `Cannot dump ${path}: its 2147483649 bytes are more than the 2147483648 that a dump can hold`,
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
