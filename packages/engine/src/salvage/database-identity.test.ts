// Approach: two small databases in memory, made by the same calls, so that their files have the same numbers; then files of
// one are put among those of the other.

import { initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { open } from '../database.js';
import { DatabaseDirectory } from '../directory/index.js';
import { fileBytes } from '../log/testing/log-fixture.js';
import { salvage } from '../salvage.js';
import { agreedDatabaseId, databaseIdIn, isForeign } from './database-identity.js';
import type { SalvageReport } from './salvage-report.js';

type Files = ReadonlyMap<string, Uint8Array>;

const SOURCE = '/db';
const TARGET = '/saved';
const TEXT = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;
const FOREIGN = 'it belongs to another database';

let ours: Files;
let theirs: Files;

beforeAll(async () => {
  await initializeChecksums();
  ours = await filesOf('ours');
  theirs = await filesOf('theirs');
  expect([...theirs.keys()]).toEqual([...ours.keys()]);
});

/** Two tables and a live log; every value is `owner`. */
async function filesOf(owner: string): Promise<Files> {
  const fileSystem = new MemoryFileSystem();
  const db = await open(SOURCE, { fileSystem, backgroundThreads: 0, ...TEXT });
  for (const key of ['amber', 'basalt']) {
    await db.put(key, owner);
    await db.flush();
  }
  for (let count = 0; count < 5; count++) await db.put('chalk', owner);
  await db.close();
  const names = fileSystem.listSync(SOURCE).filter((name) => name !== 'LOCK');
  return new Map(names.map((name) => [name, fileBytes(fileSystem, `${SOURCE}/${name}`)]));
}

function fileSystemWith(files: Files): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(SOURCE);
  for (const [name, bytes] of files) {
    const file = fileSystem.openSync(`${SOURCE}/${name}`, 'create');
    file.writeSync(bytes, 0, bytes.length, 0);
    file.closeSync();
  }
  return fileSystem;
}

function namesLike(pattern: RegExp): string[] {
  return [...ours.keys()].filter((name) => pattern.test(name)).sort();
}

/** The log with entries that are in no table. */
function liveLog(): string {
  return namesLike(/\.log$/).find((name) =>
    Buffer.from(ours.get(name)!).includes(Buffer.from('chalk')),
  )!;
}

function without(pattern: RegExp, files: Files = ours): Map<string, Uint8Array> {
  return new Map([...files].filter(([name]) => !pattern.test(name)));
}

function flipped(bytes: Uint8Array, offset: number): Uint8Array {
  const changed = bytes.slice();
  changed.set([bytes.at(offset)! ^ 0x41], offset < 0 ? bytes.length + offset : offset);
  return changed;
}

async function salvaged(
  files: Files,
): Promise<{ report: SalvageReport; values: [unknown, unknown][] }> {
  const fileSystem = fileSystemWith(files);
  const report = await salvage(SOURCE, TARGET, { fileSystem, ...TEXT });
  const db = await open(TARGET, { fileSystem, backgroundThreads: 0, ...TEXT });
  const values = [...db.entries()] as [unknown, unknown][];
  await db.close();
  expect(fileSystem.openPaths()).toEqual([]);
  return { report, values };
}

function refusedFiles({ losses }: SalvageReport): string[] {
  return losses
    .filter(({ reason }) => reason === FOREIGN)
    .map(({ file }) => file)
    .sort();
}

const ALL_OURS = [
  ['amber', 'ours'],
  ['basalt', 'ours'],
  ['chalk', 'ours'],
];

describe('salvage', () => {
  test('refuses the log of another database in the place of its own, and reports it as lost', async () => {
    const log = liveLog();
    const { report, values } = await salvaged(new Map(ours).set(log, theirs.get(log)!));
    expect(values).toEqual(ALL_OURS.slice(0, 2));
    const { length } = theirs.get(log)!;
    const loss = { file: log, offset: 0, sizeBytes: length, reason: FOREIGN };
    expect(report).toMatchObject({ manifest: 'whole', losses: [loss] });
  });

  test('refuses the log of another database also when its header is damaged', async () => {
    const log = liveLog();
    const { report, values } = await salvaged(
      new Map(ours).set(log, flipped(theirs.get(log)!, 60)),
    );
    expect(values).toEqual(ALL_OURS.slice(0, 2));
    expect(report.losses).toMatchObject([{ file: log, offset: 0 }]);
  });

  test('without a manifest refuses files of another database, whatever their numbers', async () => {
    const [table] = namesLike(/\.sst$/);
    const log = liveLog();
    const files = without(/^(?:MANIFEST|CURRENT)/).set('000998.sst', theirs.get(table!)!);
    const { report, values } = await salvaged(files.set(log, theirs.get(log)!));
    expect(values).toEqual(ALL_OURS.slice(0, 2));
    expect(report.manifest).toBe('lost');
    expect(refusedFiles(report)).toEqual([log, '000998.sst'].sort());
  });

  test('without a manifest takes the files that the most others agree with', async () => {
    const [first] = namesLike(/\.sst$/);
    const files = without(/^(?:MANIFEST|CURRENT)/).set(first!, theirs.get(first!)!);
    const { report, values } = await salvaged(files);
    expect(values).toEqual(ALL_OURS.slice(1));
    expect(refusedFiles(report)).toEqual([first]);
  });

  test('keeps what it can prove when only the manifest is of another database', async () => {
    const files = without(/^CURRENT/);
    for (const name of namesLike(/^MANIFEST/)) files.set(name, theirs.get(name)!);
    const { report, values } = await salvaged(files);
    expect(values).toEqual(ALL_OURS);
    expect(refusedFiles(report)).toEqual(namesLike(/^MANIFEST/));
  });

  test('keeps a table and a log of its own whose footer and header do not tell', async () => {
    const files = without(/^(?:MANIFEST|CURRENT)/);
    const [table] = namesLike(/\.sst$/);
    const log = liveLog();
    // The padding of the footer, and the checksum of the header.
    files.set(table!, flipped(ours.get(table!)!, -20)).set(log, flipped(ours.get(log)!, 60));
    const { report, values } = await salvaged(files);
    expect(values).toEqual(ALL_OURS);
    expect(report.losses).toEqual([]);
  });
});

describe('agreedDatabaseId', () => {
  function identify(files: Files): string | null {
    const directory = directoryWith(files);
    const numbers = (pattern: RegExp) =>
      [...files.keys()].filter((name) => pattern.test(name)).map((name) => numberIn(name));
    const id = agreedDatabaseId(directory, {
      tables: new Set(numbers(/\.sst$/)),
      logs: new Set(numbers(/\.log$/)),
      manifests: numbers(/^MANIFEST/),
    });
    return id === null ? null : Buffer.from(id).toString('hex');
  }

  function numberIn(name: string): number {
    return Number(/\d+/.exec(name)![0]);
  }

  function directoryWith(files: Files): DatabaseDirectory {
    return DatabaseDirectory.openSync(fileSystemWith(files), SOURCE, {
      access: 'readOnly',
      createIfMissing: false,
      owner: 'a test',
    });
  }

  test('prefers what a manifest and another file name to what many files name', () => {
    const [first, ...others] = namesLike(/\.(?:sst|log)$/);
    const files = new Map(ours);
    for (const name of others) files.set(name, theirs.get(name)!);
    expect(identify(files)).toBe(identify(ours));
    expect(identify(files.set(first!, theirs.get(first!)!))).toBe(identify(theirs));
  });

  test('of two that equally many files name takes that of the first table', () => {
    const [first, second] = namesLike(/\.sst$/);
    const files = new Map([
      [first!, ours.get(first!)!],
      [second!, theirs.get(second!)!],
    ]);
    expect(identify(files)).toBe(identify(ours));
  });

  test('gives null when no file names any', () => {
    expect(identify(new Map([['000007.sst', new Uint8Array(500)]]))).toBeNull();
  });

  test('isForeign judges nothing whose database, or whose own, is not known', () => {
    const [table] = namesLike(/\.sst$/);
    const named = { kind: 'table', fileNumber: numberIn(table!) } as const;
    const id = databaseIdIn(directoryWith(ours), named)!;
    expect(isForeign(directoryWith(ours), named, id)).toBe(false);
    expect(isForeign(directoryWith(theirs), named, id)).toBe(true);
    expect(isForeign(directoryWith(theirs), named, null)).toBe(false);
    const damaged = new Map(theirs).set(table!, flipped(theirs.get(table!)!, -20));
    expect(isForeign(directoryWith(damaged), named, id)).toBe(false);
  });
});
