import {
  checksum64,
  createRandom,
  EntryKind,
  encodeText,
  initializeChecksums,
  type Random,
  readU64,
  writeU64,
} from '@varve/base';
import { TableWriter } from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tableFileName } from '../directory/index.js';
import type { TableMetadata } from '../manifest/index.js';
import { withFewFiles } from '../testing/few-files.js';
import { HookedFileSystem } from '../testing/hooked-file-system.js';
import {
  compareStored,
  newestAt,
  readTable,
  type StoredEntry,
  visibleAt,
} from '../testing/table-contents.js';
import { type CompactionJob, type CompactionResult, runCompactionJob } from './compaction-job.js';

beforeAll(initializeChecksums);

const DIRECTORY = '/db';
const DATABASE_ID = new Uint8Array(16).fill(0xdb);
const PLACE = { directory: DIRECTORY, databaseId: DATABASE_ID };
const FIRST_OUTPUT = 1000;
const EIO = { kind: 'error', errno: 'EIO' } as const;

let fileSystem: MemoryFileSystem;
let nextFileNumber: number;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(DIRECTORY);
  nextFileNumber = 1;
});

function put(key: string, sequence: number, value = `${key}${sequence}`): StoredEntry {
  return { key, sequence, value };
}

function del(key: string, sequence: number): StoredEntry {
  return { key, sequence, value: null };
}

function pathOf(fileNumber: number): string {
  return `${DIRECTORY}/${tableFileName(fileNumber)}`;
}

function writeTable(entries: readonly StoredEntry[]): TableMetadata {
  const fileNumber = nextFileNumber++;
  const tableId = new Uint8Array(16).fill(fileNumber);
  const file = fileSystem.openSync(pathOf(fileNumber), 'create');
  const identity = { fileNumber, tableId, databaseId: DATABASE_ID };
  const writer = new TableWriter(file, identity, { blockSizeBytes: 512, codec: 'lz4' });
  for (const { key, value, sequence } of [...entries].sort(compareStored)) {
    const [keyBytes, valueBytes] = [encodeText(key), encodeText(value ?? '')];
    const kind = value === null ? EntryKind.delete : EntryKind.put;
    writer.add(keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length, sequence, kind);
  }
  const summary = writer.finish();
  file.syncDataSync();
  file.closeSync();
  return summary;
}

/** A sorted run, cut into tables at random between keys. */
function writeRun(random: Random, entries: readonly StoredEntry[]): TableMetadata[] {
  const tables: StoredEntry[][] = [];
  for (const entry of [...entries].sort(compareStored)) {
    const table = tables.at(-1);
    if (table === undefined || (table.at(-1)!.key !== entry.key && random.below(10) === 0)) {
      tables.push([entry]);
    } else table.push(entry);
  }
  return tables.map(writeTable);
}

function jobOf(runs: CompactionJob['runs'], parts: Partial<CompactionJob> = {}): CompactionJob {
  return {
    kind: 'compact',
    keyspaceId: 0,
    runs,
    reach: 'above',
    snapshots: [],
    boundaries: [],
    writer: { blockSizeBytes: 512, codec: 'none' },
    output: {
      ...PLACE,
      tableIdBase: new Uint8Array(16),
      firstFileNumber: FIRST_OUTPUT,
      fileNumberCount: 500,
      targetFileSizeBytes: 4096,
    },
    ...parts,
  };
}

/** Replaces the keys of the only block of a table, with a right checksum: as a faulty writer would. */
function forgeKeys({ fileNumber, tableId }: TableMetadata, keys: string): void {
  const file = fileSystem.openSync(pathOf(fileNumber), 'write');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  const contentEnd = Buffer.from(bytes).indexOf('second') + 'second'.length;
  bytes.set(encodeText(keys), Buffer.from(bytes).indexOf('ab'));
  // Codec and content length come before the checksum: docs/format/sstable.md.
  const checksumOffset = contentEnd + 5;
  const seed = BigInt.asUintN(64, readU64(tableId, 0) * 0x9e37_79b1_85eb_ca87n);
  writeU64(bytes, checksumOffset, checksum64(bytes, 0, checksumOffset, seed));
  file.writeSync(bytes, 0, bytes.length, 0);
  file.closeSync();
}

/** Runs a job as a worker would get it. */
function run(job: CompactionJob, beat = () => {}): CompactionResult {
  return structuredClone(runCompactionJob(fileSystem, structuredClone(job), { beat }));
}

function contents({ tables }: CompactionResult): StoredEntry[][] {
  return tables.map((table) => readTable(fileSystem, PLACE, table));
}

function names(): string[] {
  return fileSystem.listSync(DIRECTORY);
}

describe('runCompactionJob', () => {
  test.each(Array.from({ length: 60 }, (_, index) => 0xc0b7 + index))(
    'leaves what every snapshot and everybody later sees as it was (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      const runCount = 1 + random.below(4);
      const keyCount = 1 + random.below(80);
      let sequence = 0;
      const runs = Array.from({ length: runCount }, () =>
        Array.from({ length: random.below(200) }, () => {
          sequence += 1;
          const value = random.below(4) === 0 ? null : `${sequence}${'.'.repeat(random.below(90))}`;
          return { key: `k${random.below(keyCount)}`, sequence, value };
        }),
      )
        .filter((entries) => entries.length > 0)
        .reverse();
      const before = runs.flat();
      const snapshots = [...new Set([0, 1, 2].map(() => random.below(sequence + 2)))];
      snapshots.sort((a, b) => a - b);
      const reach = random.below(2) === 0 ? 'bottom' : 'above';
      const boundaries = [1, 2, 3].map((index) => encodeText(`k${index * 2}`));
      const inputs = runs.map((entries) => writeRun(random, entries));
      const result = run(jobOf(inputs, { reach, snapshots, boundaries }));
      const tables = contents(result);
      const after = tables.flat();
      const seen = reach === 'bottom' ? visibleAt : newestAt;
      for (const at of [...snapshots, sequence, sequence + 100]) {
        expect(seen(after, at)).toEqual(seen(before, at));
      }
      expect(after).toEqual([...after].sort(compareStored));
      for (const [index, { smallestKey }] of result.tables.slice(1).entries()) {
        const { largestKey } = result.tables[index]!;
        expect(Buffer.compare(largestKey, smallestKey)).toBe(-1);
      }
      expect(result.readEntryCount).toBe(before.length);
      expect(result.droppedEntryCount).toBe(before.length - after.length);
      expect(fileSystem.openPaths()).toEqual([]);
    },
  );

  test('keeps one version of each key when nobody looks back, without its sequence at the bottom', () => {
    const runs = [
      [writeTable([put('a', 9), del('b', 8)])],
      [writeTable([put('a', 5), put('b', 4), put('c', 3)])],
    ];
    expect(contents(run(jobOf(runs)))).toEqual([[put('a', 9), del('b', 8), put('c', 3)]]);
    expect(contents(run(jobOf(runs, { reach: 'bottom' })))).toEqual([
      [put('a', 0, 'a9'), put('c', 0, 'c3')],
    ]);
  });

  test('writes no table when nothing is left', () => {
    const runs = [[writeTable([del('a', 9)])], [writeTable([put('a', 5)])]];
    const result = run(jobOf(runs, { reach: 'bottom' }));
    expect(result).toEqual({
      kind: 'compact',
      tables: [],
      readEntryCount: 2,
      droppedEntryCount: 2,
    });
    expect(names()).toHaveLength(2);
  });

  test('cuts at the target size, and at a boundary once half of it is reached', () => {
    const entries = Array.from({ length: 100 }, (_, index) =>
      put(`k${String(index).padStart(3, '0')}`, index + 1, '.'.repeat(90)),
    );
    const input = [[writeTable(entries)]];
    const firstKeys = (boundaries: string[]): (string | undefined)[] =>
      contents(run(jobOf(input, { boundaries: boundaries.map(encodeText) }))).map(
        (table) => table[0]?.key,
      );
    const unguided = firstKeys([]);
    expect(unguided.length).toBeGreaterThan(2);
    // Too early for a cut; a good place; a place that no key has.
    const guided = firstKeys(['k005', 'k030', 'k0555']);
    expect(guided[1]).toBe('k030');
    expect(guided).toContain('k056');
    expect(guided).not.toContain('k005');
    // A boundary before all keys or behind them changes nothing.
    expect(firstKeys(['a', 'z'])).toEqual(unguided);
  });

  test('merges a level of many tables, opening one of them at a time', () => {
    const level = Array.from({ length: 20 }, (_, index) =>
      writeTable([put(`k${String(index).padStart(2, '0')}`, index + 1)]),
    );
    const result = run(jobOf([[writeTable([put('k05', 100)])], level]));
    expect(contents(result).flat()).toHaveLength(20);
    expect(contents(result).flat()[5]).toEqual(put('k05', 100));
  });

  const manyTables = () =>
    Array.from({ length: 60 }, (_, index) => writeTable([put(`k${index + 100}`, index + 1)]));

  test.each([3, 4, 17, 40, 100])('I6: merges 60 tables where %i files may be open', (limit) => {
    const tables = manyTables();
    for (const runs of [[tables], tables.map((table) => [table])]) {
      const few = withFewFiles(fileSystem, limit);
      const result = runCompactionJob(few, jobOf(runs), { beat: () => {} });
      expect(contents(result).flat()).toHaveLength(60);
      expect(fileSystem.openPaths()).toEqual([]);
      for (const { fileNumber } of result.tables) fileSystem.removeSync(pathOf(fileNumber));
    }
  });

  test('I6: keeps few files of a long level open, and opens each of them once', () => {
    const [level, newer] = [manyTables(), writeTable([put('k100', 900), put('k159', 901)])];
    const hooked = new HookedFileSystem(fileSystem);
    let [openedCount, openCountMax] = [0, 0];
    hooked.beforeCall = ({ operation, path }) => {
      if (operation === 'open' && !path.endsWith(tableFileName(FIRST_OUTPUT))) openedCount += 1;
      openCountMax = Math.max(openCountMax, fileSystem.openPaths().length);
    };
    runCompactionJob(hooked, jobOf([[newer], level]), { beat: () => {} });
    expect(openedCount).toBe(61);
    expect(openCountMax).toBeLessThanOrEqual(18);
  });

  test('takes the compression and block size it is told', () => {
    const entries = Array.from({ length: 40 }, (_, index) =>
      put(`k${index + 10}`, index + 1, '.'.repeat(90)),
    );
    const input = [[writeTable(entries)]];
    const [plain] = run(jobOf(input, { writer: { codec: 'none' } })).tables;
    const [packed] = run(jobOf(input, { writer: { codec: 'lz4' } })).tables;
    expect(packed!.sizeBytes).toBeLessThan(plain!.sizeBytes / 2);
    expect(readTable(fileSystem, PLACE, packed!)).toEqual(entries);
  });

  test('says that it is alive', () => {
    const entries = Array.from({ length: 9000 }, (_, index) =>
      put(`k${index + 10_000}`, index + 1, ''),
    );
    let beatCount = 0;
    run(jobOf([[writeTable(entries)]]), () => {
      beatCount += 1;
    });
    expect(beatCount).toBe(2);
  });

  test('T9: fails at damage in an input, keeps all inputs and leaves no output', () => {
    const entries = Array.from({ length: 100 }, (_, index) =>
      put(`k${index + 100}`, index + 1, '.'.repeat(90)),
    );
    const inputs = [[writeTable([put('k100', 900)])], [writeTable(entries)]];
    const [, [table]] = inputs as [TableMetadata[], [TableMetadata]];
    const before = names();
    for (const offset of [20, 700, 1500]) {
      flip(table.fileNumber, offset);
      expect(() => run(jobOf(inputs))).toThrow(
        expect.objectContaining({
          code: 'CORRUPTION',
          where: 'sst.data',
          file: pathOf(table.fileNumber),
        }),
      );
      flip(table.fileNumber, offset);
      expect(names()).toEqual(before);
      expect(fileSystem.openPaths()).toEqual([]);
    }
    expect(contents(run(jobOf(inputs))).flat()).toHaveLength(100);
  });

  test('T8: finds an input whose entries are out of order behind a right checksum', () => {
    const table = writeTable([put('a', 2, 'first'), put('b', 1, 'second')]);
    const before = names();
    forgeKeys(table, 'ba');
    expect(() => run(jobOf([[table]]))).toThrow(
      expect.objectContaining({
        code: 'CORRUPTION',
        where: 'sst.data',
        file: pathOf(table.fileNumber),
        message: expect.stringContaining('out of order'),
      }),
    );
    expect(names()).toEqual(before);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('T2: leaves nothing open when an input cannot be opened', () => {
    const [first, second] = [writeTable([put('a', 1)]), writeTable([put('b', 2)])];
    flip(second.fileNumber, second.sizeBytes - 3);
    expect(() => run(jobOf([[first], [second]]))).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'sst.footer' }),
    );
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('T4: says which input is missing', () => {
    const table = writeTable([put('a', 1)]);
    fileSystem.removeSync(pathOf(table.fileNumber));
    expect(() => run(jobOf([[table]]))).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'sst.missing', file: pathOf(1) }),
    );
  });

  test.each(['open', 'read', 'create', 'write', 'syncData', 'syncDirectory'] as const)(
    'I2, I5: removes what it wrote when a %s fails, at any moment',
    (operation) => {
      const entries = Array.from({ length: 100 }, (_, index) =>
        put(`k${index + 100}`, index + 1, '.'.repeat(90)),
      );
      const inputs = [[writeTable([put('k150', 900)])], writeRun(createRandom(1), entries)];
      const before = names();
      const job = jobOf(inputs);
      let failedCount = 0;
      for (let nth = 1; nth < 60; nth++) {
        const faulty = new FaultyFileSystem(fileSystem, {
          rules: [{ operation, nth, effect: EIO }],
        });
        try {
          runCompactionJob(faulty, job, { beat: () => {} });
          break;
        } catch (error) {
          expect(error).toMatchObject({
            code: operation === 'syncDirectory' ? 'DURABILITY_UNKNOWN' : 'IO',
          });
          failedCount += 1;
        }
        expect(names()).toEqual(before);
        expect(fileSystem.openPaths()).toEqual([]);
      }
      expect(failedCount).toBeGreaterThan(0);
    },
  );
});

/** Inverts one bit of a table, or puts it back. */
function flip(fileNumber: number, offset: number): void {
  const file = fileSystem.openSync(pathOf(fileNumber), 'write');
  const byte = new Uint8Array(1);
  file.readSync(byte, 0, 1, offset);
  byte[0]! ^= 8;
  file.writeSync(byte, 0, 1, offset);
  file.closeSync();
}
