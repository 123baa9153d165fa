// Approach: a disk of which single pages cannot be read, under files in memory, and under a whole database.

import { initializeChecksums, StorageError } from '@varve/base';
import {
  FileSystemWrapper,
  MemoryFileSystem,
  type RandomAccessFile,
  WrappedFile,
} from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { open } from '../database.js';
import { salvage } from '../salvage.js';
import { PatientFileSystem } from './patient-file-system.js';

const PAGE = 4096;

beforeAll(initializeChecksums);

/** Fails every read that touches a bad page of a file whose path is like `pattern`. */
class FailingDisk extends FileSystemWrapper {
  readonly #bad: { readonly pattern: RegExp; readonly page: number; readonly errno: string };

  constructor(inner: MemoryFileSystem, bad: { pattern: RegExp; page: number; errno?: string }) {
    super(inner);
    this.#bad = { errno: 'EIO', ...bad };
  }

  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    const { pattern, page, errno } = this.#bad;
    return pattern.test(file.path) ? new FailingFile(file, { hooks: this, page, errno }) : file;
  }
}

class FailingFile extends WrappedFile {
  readonly #start: number;
  readonly #errno: string;

  constructor(
    inner: RandomAccessFile,
    { hooks, page, errno }: { hooks: FailingDisk; page: number; errno: string },
  ) {
    super(inner, hooks);
    this.#start = page * PAGE;
    this.#errno = errno;
  }

  override readSync(target: Uint8Array, targetOffset: number, length: number, position: number) {
    if (position >= this.#start + PAGE || position + length <= this.#start) {
      return this.inner.readSync(target, targetOffset, length, position);
    }
    const cause = Object.assign(new Error('the disk'), { code: this.#errno });
    throw new StorageError('IO', `Cannot read ${this.path}: bad page`, { cause });
  }
}

function fileOf(sizeBytes: number, bad: { page: number; errno?: string }) {
  const memory = new MemoryFileSystem();
  const written = memory.openSync('/file', 'create');
  written.writeSync(new Uint8Array(sizeBytes).fill(7), 0, sizeBytes, 0);
  written.closeSync();
  const patient = new PatientFileSystem(new FailingDisk(memory, { pattern: /file$/, ...bad }));
  return { patient, file: patient.openSync('/file', 'read') };
}

describe('PatientFileSystem', () => {
  test('gives zeros for the pages that cannot be read, and everything around them', () => {
    const { patient, file } = fileOf(4 * PAGE + 100, { page: 2 });
    const bytes = new Uint8Array(5 * PAGE).fill(9);
    expect(file.readSync(bytes, 10, 5 * PAGE - 10, 50)).toBe(4 * PAGE + 50);
    const expected = new Uint8Array(5 * PAGE).fill(9);
    expected.fill(7, 10, 4 * PAGE + 60).fill(0, 2 * PAGE - 40, 3 * PAGE - 40);
    expect(Buffer.from(bytes).equals(Buffer.from(expected))).toBe(true);
    const range = { path: '/file', offset: 2 * PAGE, end: 3 * PAGE };
    expect(patient.unreadableRanges()).toMatchObject([range]);
  });

  test('tells of a page that is read often once, as far as it was wanted', () => {
    const { patient, file } = fileOf(2 * PAGE, { page: 1 });
    for (const length of [10, 30, 20]) file.readSync(new Uint8Array(30), 0, length, PAGE);
    file.readSync(new Uint8Array(5), 0, 5, PAGE + 28);
    const range = { path: '/file', offset: PAGE, end: PAGE + 33 };
    expect(patient.unreadableRanges()).toMatchObject([range]);
  });

  test('passes on what is no failure of the disk', () => {
    const { patient, file } = fileOf(2 * PAGE, { page: 1, errno: 'EACCES' });
    expect(() => file.readSync(new Uint8Array(10), 0, 10, PAGE)).toThrow('bad page');
    expect(patient.unreadableRanges()).toEqual([]);
  });
});

describe('salvage from a failing disk', () => {
  const ENTRY_COUNT = 400;

  async function madeDatabase(): Promise<MemoryFileSystem> {
    const memory = new MemoryFileSystem();
    const db = await open('/db', { fileSystem: memory, backgroundThreads: 0 });
    const put = (index: number) => db.put(`key ${1000 + index}`, `${index}`.repeat(40));
    for (let index = 0; index < ENTRY_COUNT; index++) await put(index);
    await db.flush();
    for (let index = ENTRY_COUNT; index < 2 * ENTRY_COUNT; index++) await put(index);
    await db.close();
    return memory;
  }

  test.each([/^\/db\/.*\.sst$/, /^\/db\/.*\.log$/])(
    'loses one page of a file like %s, and says so',
    async (pattern) => {
      const memory = await madeDatabase();
      const fileSystem = new FailingDisk(memory, { pattern, page: 1 });
      const report = await salvage('/db', '/saved', { fileSystem });
      expect(report.manifest).toBe('whole');
      expect(report.losses.length).toBeGreaterThan(0);
      for (const { file } of report.losses) expect(`/db/${file}`).toMatch(pattern);
      expect(report.entryCount).toBeGreaterThan(1.5 * ENTRY_COUNT);
      expect(report.entryCount).toBeLessThan(2 * ENTRY_COUNT);
      const told = [...report.notes, ...report.losses.map(({ reason }) => reason)];
      expect(told.some((text) => text.includes('bad page'))).toBe(true);
    },
  );
});
