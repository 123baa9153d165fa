// Goal: a disk that dies while a salvage reads it costs what it does not give any more, and nothing else.
//
// Approach: a database whose newest table has new versions of some keys and removes others. A page of that table is read well
// n times and never again, for every n, so that it dies while the table is opened, looked through, and copied. What must still
// be there follows from where the entries lie.

import {
  compareWhole,
  decodeText,
  encodeText,
  initializeChecksums,
  StorageError,
} from '@varve/base';
import { readTableFooter, scanBlocks } from '@varve/sstable';
import {
  type FaultRule,
  FaultyFileSystem,
  FileSystemWrapper,
  MemoryFileSystem,
  type RandomAccessFile,
  WrappedFile,
} from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { open } from '../database.js';
import { fileBytes } from '../log/testing/log-fixture.js';
import { salvage } from '../salvage.js';
import { verify } from '../verify.js';
import type { SalvageLoss, SalvageReport } from './salvage-report.js';
import { entriesOf } from './table-source.js';

const PAGE = 4096;
const KEY_COUNT = 500;
const AGAIN = 'could not be read again';
const WORDS = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

/** Which reads of a page of a table fail: all that touch it, but the first `goodCount`, up to `badCount` of them. */
interface Death {
  readonly file: string;
  readonly page: number;
  readonly goodCount: number;
  readonly badCount?: number;
}

class DyingDisk extends FileSystemWrapper {
  readonly #death: Death;
  readCount = 0;

  constructor(inner: MemoryFileSystem, death: Death) {
    super(inner);
    this.#death = death;
  }

  /** Called before each read. */
  check(path: string, offset: number, end: number): void {
    const { page, goodCount, badCount = Number.POSITIVE_INFINITY } = this.#death;
    if (offset >= (page + 1) * PAGE || end <= page * PAGE) return;
    this.readCount += 1;
    if (this.readCount <= goodCount || this.readCount > goodCount + badCount) return;
    const cause = Object.assign(new Error('the disk'), { code: 'EIO' });
    throw new StorageError('IO', `Cannot read ${path}: bad page`, { cause });
  }

  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    return file.path === `/db/${this.#death.file}` ? new DyingFile(file, this) : file;
  }
}

class DyingFile extends WrappedFile {
  readonly #disk: DyingDisk;

  constructor(inner: RandomAccessFile, disk: DyingDisk) {
    super(inner, disk);
    this.#disk = disk;
  }

  override readSync(target: Uint8Array, targetOffset: number, length: number, position: number) {
    this.#disk.check(this.path, position, position + length);
    return this.inner.readSync(target, targetOffset, length, position);
  }
}

const model = new Map<string, string>();
/** Every value a key ever had. */
const history = new Map<string, Set<string>>();
/** Where the newest table has each of its keys. */
const places = new Map<string, { readonly offset: number; readonly end: number }>();
let newestTable: string;
let pageCount: number;
let memory: MemoryFileSystem;

async function madeDatabase(): Promise<MemoryFileSystem> {
  const made = new MemoryFileSystem();
  const tuning = { blockSizeBytes: 512 };
  const db = await open('/db', { fileSystem: made, backgroundThreads: 0, tuning, ...WORDS });
  const put = async (index: number, value: string) => {
    const key = `key ${1000 + index}`;
    await db.put(key, value);
    model.set(key, value);
    history.set(key, (history.get(key) ?? new Set()).add(value));
  };
  for (let index = 0; index < KEY_COUNT; index++) await put(index, `old ${index ** 3}`);
  await db.compact();
  for (let index = 0; index < KEY_COUNT; index++) {
    if (index % 3 === 1) await put(index, `new ${index} ${index ** 3 * 7919} ${index ** 4 * 31}`);
    if (index % 3 !== 2) continue;
    await db.del(`key ${1000 + index}`);
    model.delete(`key ${1000 + index}`);
  }
  await db.flush();
  await db.close();
  return copyOf(made);
}

/** Without the space that logs have in advance, which takes no part, and time. */
function copyOf(made: MemoryFileSystem): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  copy.makeDirectorySync('/db');
  for (const name of made.listSync('/db')) {
    const bytes = fileBytes(made, `/db/${name}`);
    const usedSizeBytes = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const sizeBytes = name.endsWith('.log') ? usedSizeBytes : bytes.length;
    const file = copy.openSync(`/db/${name}`, 'create');
    file.writeSync(bytes, 0, sizeBytes, 0);
    file.closeSync();
  }
  return copy;
}

function content(): Map<string, string> {
  const names = memory.listSync('/db').filter((name) => name !== 'LOCK');
  return new Map(
    names.map((name) => [name, Buffer.from(fileBytes(memory, `/db/${name}`)).toString('hex')]),
  );
}

function locate(): void {
  places.clear();
  newestTable = memory
    .listSync('/db')
    .filter((name) => name.endsWith('.sst'))
    .sort()
    .at(-1)!;
  const path = `/db/${newestTable}`;
  const bytes = fileBytes(memory, path);
  pageCount = Math.ceil(bytes.length / PAGE);
  const file = memory.openSync(path, 'read');
  const { tableId } = readTableFooter(file);
  file.closeSync();
  for (const found of scanBlocks(bytes, { tableId, path })) {
    if (found.kind !== 'block') continue;
    for (const { key } of entriesOf(found.content)) places.set(decodeText(key)!, found);
  }
}

beforeAll(initializeChecksums);

beforeEach(async () => {
  model.clear();
  history.clear();
  memory = await madeDatabase();
  locate();
});

let targetCount = 0;

async function salvaged(fileSystem: FileSystemWrapper | MemoryFileSystem) {
  const before = content();
  const target = `/saved ${targetCount++}`;
  const report = await salvage('/db', target, { fileSystem, ...WORDS });
  expect(content()).toEqual(before);
  expect((await verify(target, { fileSystem: memory })).damage).toEqual([]);
  const values = new Map<string, string>();
  const db = await open(target, { fileSystem: memory, readOnly: true, ...WORDS });
  for await (const [key, value] of db.entries()) values.set(key, value);
  await db.close();
  expect(values.size).toBe(report.keyspaces[0]!.entryCount);
  expect(memory.openPaths()).toEqual([]);
  return { report, values };
}

function covers({ file, firstKey, lastKey }: SalvageLoss, key: string): boolean {
  const bytes = encodeText(key);
  if (file !== newestTable) return false;
  if (firstKey !== undefined && compareWhole(bytes, firstKey) < 0) return false;
  return lastKey === undefined || compareWhole(bytes, lastKey) <= 0;
}

function lostCountIn({ losses }: SalvageReport): number {
  return losses.reduce((total, { entryCount }) => total + entryCount!, 0);
}

/** Keys that are not as they were: each must lie on the page, and in a loss. Gives how many there are. */
function checkLost(
  { report, values }: { report: SalvageReport; values: Map<string, string> },
  { page }: Death,
): number {
  const wrong = [...history.keys()].filter((key) => values.get(key) !== model.get(key));
  for (const key of wrong) {
    const value = values.get(key);
    expect(value === undefined || history.get(key)!.has(value), key).toBe(true);
    const { offset, end } = places.get(key)!;
    expect(offset < (page + 1) * PAGE && end > page * PAGE, `${key}: undamaged`).toBe(true);
    expect(
      report.losses.some((loss) => covers(loss, key)),
      `${key}: not reported`,
    ).toBe(true);
  }
  return wrong.length;
}

describe('salvage from a disk that dies meanwhile', () => {
  test('the table of these tests has several pages', () => {
    expect(pageCount).toBeGreaterThanOrEqual(3);
    expect(places.size).toBeGreaterThan(KEY_COUNT / 2);
  });

  test('loses the blocks on a page that is read well n times, and says so', async () => {
    const whole = await salvaged(memory);
    expect(whole.report.losses).toEqual([]);
    const reasons = new Set<string>();
    for (let page = 0; page < pageCount; page++) {
      for (let goodCount = 0; goodCount <= 20; goodCount++) {
        const death = { file: newestTable, page, goodCount };
        const { report, values } = await salvaged(new DyingDisk(memory, death));
        const lostCount = checkLost({ report, values }, death);
        expect(report.losses.length > 0 || lostCount === 0).toBe(true);
        expect(report.readEntryCount).toBe(whole.report.readEntryCount - lostCountIn(report));
        for (const { reason, keyspace } of report.losses) {
          reasons.add(reason.includes(AGAIN) ? AGAIN : 'not found');
          expect(keyspace).toBe('default');
        }
        if (report.losses.length > 0) expect(report.notes.join()).toContain('bad page');
      }
    }
    expect(reasons).toEqual(new Set([AGAIN, 'not found']));
  });

  test('does so also without a manifest', async () => {
    for (const name of memory.listSync('/db')) {
      if (/^(?:MANIFEST|CURRENT)/.test(name)) memory.removeSync(`/db/${name}`);
    }
    // Behind the entries are the properties, which alone tell the keyspace here.
    for (let page = 0; page < pageCount - 1; page++) {
      for (let goodCount = 0; goodCount <= 20; goodCount++) {
        const death = { file: newestTable, page, goodCount };
        checkLost(await salvaged(new DyingDisk(memory, death)), death);
      }
    }
    for (let goodCount = 0; goodCount <= 20; goodCount++) {
      const death = { file: newestTable, page: pageCount - 1, goodCount };
      const { report } = await salvaged(new DyingDisk(memory, death));
      expect(report.entryCount).toBeGreaterThan(0);
    }
  });

  test('loses nothing when a block is given again at the second attempt', async () => {
    const death = { file: newestTable, page: 1, goodCount: Number.POSITIVE_INFINITY };
    const healthy = new DyingDisk(memory, death);
    await salvaged(healthy);
    // The last read is one that copies; it fails as a whole, and once more page by page.
    const goodCount = healthy.readCount - 1;
    const { report, values } = await salvaged(
      new DyingDisk(memory, { ...death, goodCount, badCount: 2 }),
    );
    expect(report.losses).toEqual([]);
    expect(values).toEqual(model);
  });

  test('gives neighbouring blocks as one loss, with the keys around them', async () => {
    const { report: whole } = await salvaged(memory);
    const death = { file: newestTable, page: 1, goodCount: Number.POSITIVE_INFINITY };
    const healthy = new DyingDisk(memory, death);
    await salvaged(healthy);
    const blocks = new Set(
      [...places.values()].filter(({ offset, end }) => offset < 2 * PAGE && end > PAGE),
    );
    expect(blocks.size).toBeGreaterThan(1);
    const goodCount = healthy.readCount - blocks.size;
    const { report } = await salvaged(new DyingDisk(memory, { ...death, goodCount }));
    expect(report.losses).toHaveLength(1);
    const [loss] = report.losses;
    const lost = [...places].filter(([, place]) => blocks.has(place)).map(([key]) => key);
    expect(loss).toMatchObject({ file: newestTable, keyspace: 'default', entryCount: lost.length });
    expect(loss!.offset).toBe(Math.min(...[...blocks].map(({ offset }) => offset)));
    expect(loss!.offset + loss!.sizeBytes).toBe(Math.max(...[...blocks].map(({ end }) => end)));
    expect(decodeText(loss!.firstKey!)! < lost[0]!).toBe(true);
    expect(decodeText(loss!.lastKey!)! > lost.at(-1)!).toBe(true);
    expect(loss!.reason).toContain(AGAIN);
    expect(report.readEntryCount).toBe(whole.readEntryCount - lost.length);
  });

  test.each(['read', 'open'] as const)(
    'resolves when every %s of a table fails from the nth on',
    async (operation) => {
      const rule = { operation, path: '*.sst', duration: 'sticky' } as const;
      for (let nth = 1; nth <= 200; nth += 3) {
        const effect = { kind: 'error', errno: 'EIO' } as const;
        const { report, values } = await salvagedFrom([{ ...rule, nth, effect }]);
        const isWhole = values.size === model.size;
        expect(report.losses.length > 0 || isWhole, `${nth}`).toBe(true);
      }
    },
  );

  test.each([1, 2, 3])('resolves when the disk lies and fails at random: seed %i', async (seed) => {
    const rule = { operation: 'read', path: '*.sst' } as const;
    const { report, values } = await salvagedFrom([
      { ...rule, chance: { probability: 0.1, seed }, effect: { kind: 'error', errno: 'EIO' } },
      {
        ...rule,
        chance: { probability: 0.1, seed: seed + 100 },
        effect: { kind: 'corrupt', bit: 777 },
      },
      {
        ...rule,
        chance: { probability: 0.1, seed: seed + 200 },
        effect: { kind: 'short', sizeBytes: 9 },
      },
    ]);
    expect(report.losses).not.toEqual([]);
    for (const [key, value] of values) expect(history.get(key)!.has(value)).toBe(true);
  });
});

/** Only tables of the database fail, not those that are written. */
async function salvagedFrom(rules: readonly FaultRule[]) {
  return salvaged(
    new FaultyFileSystem(memory, {
      rules: rules.map((rule) => ({ ...rule, path: `/db/${rule.path!}` })),
    }),
  );
}
