import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRandom, encodeText } from '@varve/base';
import {
  type CrashModel,
  FaultyFileSystem,
  type FileSystem,
  MemoryFileSystem,
  NodeFileSystem,
  RecordingFileSystem,
} from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { publishCurrent, readCurrentSync, stageCurrent } from './current-file.js';
import { DatabaseDirectory, type DirectoryOptions } from './database-directory.js';
import { CURRENT_FILE_NAME } from './file-names.js';

const WRITER: DirectoryOptions = { access: 'readWrite', createIfMissing: true, owner: 'a test' };

function openDirectory(fileSystem: FileSystem): DatabaseDirectory {
  return DatabaseDirectory.openSync(fileSystem, '/db', WRITER);
}

function writeFile(fileSystem: FileSystem, name: string, content: Uint8Array): void {
  const file = fileSystem.openSync(name, 'create');
  file.writeSync(content, 0, content.length, 0);
  file.closeSync();
}

async function writeCurrent(directory: DatabaseDirectory, fileNumber: number): Promise<void> {
  await stageCurrent(directory, fileNumber);
  await publishCurrent(directory, fileNumber);
}

describe('readCurrentSync', () => {
  function readWith(content: Uint8Array): number | undefined {
    const fileSystem = new MemoryFileSystem();
    const directory = openDirectory(fileSystem);
    writeFile(fileSystem, directory.pathOf(CURRENT_FILE_NAME), content);
    return readCurrentSync(directory);
  }

  test.each([
    ['MANIFEST-000022\n', 22],
    ['MANIFEST-1234563\n', 1_234_563],
    ['MANIFEST-9007199254740984\n', Number.MAX_SAFE_INTEGER - 7],
  ])('reads %j', (content, fileNumber) => {
    expect(readWith(encodeText(content))).toBe(fileNumber);
  });

  test.each([
    '',
    '\n',
    '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
    'MANIFEST-000022',
    'MANIFEST-000022\0',
    'MANIFEST-000022\n\n',
    'MANIFEST-000022\nMANIFEST-000006\n',
    '\nMANIFEST-000022\n',
    'MANIFEST-000022\r\n',
    ' MANIFEST-000022\n',
    'MANIFEST-000022 \n',
    'MANIFEST-000000\n',
    'MANIFEST-0000022\n',
    'MANIFEST-5\n',
    'MANIFEST-9007199254740993\n',
    'MANIFEST-000005\n',
    'MANIFEST-99999999999999999999\n',
    'MANIFEST-00000a\n',
    '000022.sst\n',
    '../MANIFEST-000022\n',
    '/etc/passwd\n',
    './MANIFEST-000022\n',
    'MANIFEST-000022/../../x\n',
    'M\u00c0NIFEST-000022\n',
  ])('M3: refuses %j', (content) => {
    expect(() => readWith(encodeText(content))).toThrow(
      expect.objectContaining({
        code: 'CORRUPTION',
        where: 'current',
        file: '/db/CURRENT',
        message: 'Cannot read /db/CURRENT: its content does not name a manifest',
      }),
    );
  });

  test('M3: reads no more of a file than a valid one has', () => {
    const content = new Uint8Array(1_000_000).fill(0x4d);
    expect(() => readWith(content)).toThrow(expect.objectContaining({ where: 'current' }));
  });

  test('M3: refuses a CURRENT with any one byte changed to anything', () => {
    const valid = encodeText('MANIFEST-000022\n');
    for (let index = 0; index < valid.length; index++) {
      for (let value = 0; value < 256; value++) {
        if (value === valid[index]) continue;
        const damaged = valid.slice();
        damaged[index] = value;
        expect(() => readWith(damaged)).toThrow(
          expect.objectContaining({ code: 'CORRUPTION', where: 'current' }),
        );
      }
    }
  });

  test('M3: refuses a directory or a symbolic link in its place', () => {
    const parent = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-current-'));
    const directory = DatabaseDirectory.openSync(new NodeFileSystem(), parent, WRITER);
    const current = directory.pathOf(CURRENT_FILE_NAME);
    const refusal = expect.objectContaining({ code: 'CORRUPTION', where: 'current' });
    fs.writeFileSync(path.join(parent, 'secret'), 'MANIFEST-000022\n');
    fs.symlinkSync(path.join(parent, 'secret'), current);
    expect(() => readCurrentSync(directory)).toThrow(refusal);
    fs.unlinkSync(current);
    fs.symlinkSync(path.join(parent, 'nothing'), current);
    expect(() => readCurrentSync(directory)).toThrow(refusal);
    fs.unlinkSync(current);
    fs.mkdirSync(current);
    expect(() => readCurrentSync(directory)).toThrow(refusal);
    directory.close();
    fs.rmSync(parent, { recursive: true });
  });

  test('gives undefined when it is missing', () => {
    expect(readCurrentSync(openDirectory(new MemoryFileSystem()))).toBeUndefined();
  });
});

describe('stageCurrent and publishCurrent', () => {
  test('M4: write and sync a temporary file, rename it, sync the directory', async () => {
    const recording = new RecordingFileSystem(new MemoryFileSystem(), { root: '/db' });
    const directory = openDirectory(recording);
    recording.clear();
    await writeCurrent(directory, 22);
    expect(recording.lines).toEqual([
      'create 000022.tmp',
      'write 000022.tmp 0..16',
      'sync 000022.tmp',
      'rename 000022.tmp -> CURRENT',
      'sync directory .',
    ]);
    expect(readCurrentSync(directory)).toBe(22);
  });

  test.each<CrashModel>(['kill', 'drop', 'ordered', 'posix'])(
    'M4: a crash (%s) before any of their steps leaves the old or the new name',
    async (model) => {
      const random = createRandom(4);
      const seen = new Set<number | undefined>();
      for (let failing = 1; failing <= 40; failing++) {
        const memory = new MemoryFileSystem();
        const faulty = new FaultyFileSystem(memory);
        const directory = openDirectory(faulty);
        directory.syncSync();
        await writeCurrent(directory, 11);
        // Every call from the chosen one on fails, which leaves the file system as it was before it.
        const effect = { kind: 'error', errno: 'EIO' } as const;
        faulty.addRule({ nth: 1 + (failing % 8), duration: 'sticky', effect });
        await writeCurrent(directory, 22).catch(() => {});
        const survivor = openDirectory(memory.crash(model, random));
        seen.add(readCurrentSync(survivor));
      }
      expect([...seen].sort()).toEqual([11, 22]);
    },
  );

  test('leave nothing open when a step fails', async () => {
    for (let nth = 1; nth <= 3; nth++) {
      const memory = new MemoryFileSystem();
      const faulty = new FaultyFileSystem(memory);
      const directory = openDirectory(faulty);
      faulty.addRule({ nth, effect: { kind: 'error', errno: 'ENOSPC' } });
      await expect(stageCurrent(directory, 22)).rejects.toMatchObject({ code: 'NO_SPACE' });
      expect(memory.openPaths()).toEqual([]);
    }
  });
});
