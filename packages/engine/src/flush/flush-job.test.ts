import { createRandom, EntryKind, encodeText, initializeChecksums } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { entrySize, Memtable, writeDelete, writePut } from '../memtable/index.js';
import { newestAt, readTable, type StoredEntry } from '../testing/table-contents.js';
import { type FlushJob, type FlushResult, runFlushJob } from './flush-job.js';

beforeAll(initializeChecksums);

const DIRECTORY = '/db';
const DATABASE_ID = new Uint8Array(16).fill(0xdb);
const PLACE = { directory: DIRECTORY, databaseId: DATABASE_ID };
const EIO = { kind: 'error', errno: 'EIO' } as const;

interface TestEntry extends StoredEntry {
  readonly keyspaceId: number;
}

let fileSystem: MemoryFileSystem;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(DIRECTORY);
});

function put(
  key: string,
  sequence: number,
  value = `${key}${sequence}`,
  keyspaceId = 0,
): TestEntry {
  return { key, sequence, value, keyspaceId };
}

function memtableOf(entries: readonly TestEntry[]): Memtable {
  const memtable = new Memtable({ arenaSizeBytes: 1024 * 1024, firstSequence: 1 });
  for (const { key, value, sequence, keyspaceId } of entries) {
    const keyBytes = encodeText(key);
    const valueBytes = encodeText(value ?? '');
    const kind = value === null ? EntryKind.delete : EntryKind.put;
    const [keyEnd, valueEnd] = [keyBytes.length, valueBytes.length];
    const offset = memtable.arena.reserve(entrySize(kind, keyspaceId, keyEnd, valueEnd));
    const { bytes } = memtable.arena;
    if (value === null) writeDelete(bytes, offset, keyspaceId, keyBytes, 0, keyEnd);
    else writePut(bytes, offset, keyspaceId, keyBytes, 0, keyEnd, valueBytes, 0, valueEnd);
    memtable.insert(offset, sequence);
  }
  return memtable;
}

function jobOf(memtable: Memtable, parts: Partial<FlushJob> = {}): FlushJob {
  return {
    kind: 'flush',
    memtable: memtable.image(),
    keyspaces: memtable.keyspaceIds().map((id) => ({ id, writer: { blockSizeBytes: 512 } })),
    snapshots: [],
    output: {
      ...PLACE,
      tableIdBase: new Uint8Array(16),
      firstFileNumber: 10,
      fileNumberCount: 100,
      targetFileSizeBytes: 2048,
    },
    ...parts,
  };
}

/** Runs a job as a worker would get it. */
function run(job: FlushJob, beat = () => {}): FlushResult {
  return structuredClone(runFlushJob(fileSystem, structuredClone(job), { beat }));
}

function contents(result: FlushResult, keyspaceId: number): StoredEntry[][] {
  return result.tables
    .filter((table) => table.keyspaceId === keyspaceId)
    .map(({ table }) => readTable(fileSystem, PLACE, table));
}

describe('runFlushJob', () => {
  test.each(Array.from({ length: 40 }, (_, index) => 0xf105 + index))(
    'keeps for every keyspace what each snapshot and everybody later sees (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      const count = random.below(400);
      const keyCount = 1 + random.below(60);
      const entries = Array.from({ length: count }, (_, index) => ({
        keyspaceId: random.below(3),
        key: `k${random.below(keyCount)}`,
        sequence: index + 1,
        value: random.below(4) === 0 ? null : `${index}${'.'.repeat(random.below(80))}`,
      }));
      const snapshots = [...new Set([0, 1, 2].map(() => random.below(count + 2)))];
      snapshots.sort((a, b) => a - b);
      const result = run(jobOf(memtableOf(entries), { snapshots }));
      let keptCount = 0;
      for (const keyspaceId of [0, 1, 2]) {
        const before = entries.filter((entry) => entry.keyspaceId === keyspaceId);
        const tables = contents(result, keyspaceId);
        const after = tables.flat();
        keptCount += after.length;
        for (const sequence of [...snapshots, count, count + 100]) {
          // Tombstones count: what they hide may lie in older tables.
          expect(newestAt(after, sequence)).toEqual(newestAt(before, sequence));
        }
        const keysOfTables = tables.map((table) => new Set(table.map(({ key }) => key)));
        const allKeys = keysOfTables.flatMap((keys) => [...keys]);
        expect(new Set(allKeys).size).toBe(allKeys.length);
        expect(allKeys).toEqual([...allKeys].sort());
      }
      expect(result.droppedEntryCount).toBe(count - keptCount);
      expect(fileSystem.openPaths()).toEqual([]);
      expect(fileSystem.describeUnsynced()).toEqual([`make directory ${DIRECTORY}`]);
    },
  );

  test('starts the next table at the target size, never between two versions of a key', () => {
    const entries = Array.from({ length: 200 }, (_, index) =>
      put(`k${String(index >> 3).padStart(3, '0')}`, index + 1, '.'.repeat(100)),
    );
    const snapshots = entries.map(({ sequence }) => sequence);
    const result = run(jobOf(memtableOf(entries), { snapshots }));
    const tables = contents(result, 0);
    expect(tables.length).toBeGreaterThan(5);
    expect(tables.flat()).toHaveLength(200);
    for (const table of tables) {
      for (const { key } of table) {
        expect(table.filter((entry) => entry.key === key)).toHaveLength(8);
      }
    }
  });

  test('writes each keyspace with its own options, and leaves out those not asked for', () => {
    const entries = [put('a', 1, 'x', 0), put('a', 2, 'y', 7), put('a', 3, 'z', 9)];
    const memtable = memtableOf(entries);
    const keyspaces = [
      { id: 9, writer: { filterBitsPerKey: 0 } },
      { id: 0, writer: {} },
    ];
    const result = run(jobOf(memtable, { keyspaces }));
    expect(result.tables.map(({ keyspaceId }) => keyspaceId)).toEqual([9, 0]);
    expect(contents(result, 9)).toEqual([[{ key: 'a', sequence: 3, value: 'z' }]]);
    expect(contents(result, 0)).toEqual([[{ key: 'a', sequence: 1, value: 'x' }]]);
    expect(result.droppedEntryCount).toBe(0);
  });

  test('tells the empty key apart from the start', () => {
    const result = run(jobOf(memtableOf([put('', 1), put('', 2), put('a', 3)])));
    expect(contents(result, 0)[0]!.map(({ key, sequence }) => [key, sequence])).toEqual([
      ['', 2],
      ['a', 3],
    ]);
    expect(result.droppedEntryCount).toBe(1);
  });

  test('writes nothing for a memtable without entries', () => {
    expect(run(jobOf(memtableOf([])))).toEqual({ kind: 'flush', tables: [], droppedEntryCount: 0 });
    expect(fileSystem.listSync(DIRECTORY)).toEqual([]);
  });

  test('keeps a table of which only tombstones are left', () => {
    const result = run(jobOf(memtableOf([put('a', 1), { ...put('a', 2), value: null }])));
    expect(contents(result, 0)).toEqual([[{ key: 'a', sequence: 2, value: null }]]);
    expect(result.tables[0]!.table.tombstoneCount).toBe(1);
  });

  test('says that it is alive', () => {
    const entries = Array.from({ length: 9000 }, (_, index) => put(`k${index}`, index + 1, ''));
    let beatCount = 0;
    run(jobOf(memtableOf(entries)), () => {
      beatCount += 1;
    });
    expect(beatCount).toBe(2);
  });

  test.each(['create', 'write', 'syncData', 'syncDirectory'] as const)(
    'I2, I5: removes what it wrote when a %s fails, at any moment',
    (operation) => {
      const entries = Array.from({ length: 100 }, (_, index) =>
        put(`k${index}`, index + 1, '.'.repeat(100)),
      );
      const job = jobOf(memtableOf(entries));
      let failedCount = 0;
      for (let nth = 1; nth < 50; nth++) {
        const faulty = new FaultyFileSystem(fileSystem, {
          rules: [{ operation, nth, effect: EIO }],
        });
        try {
          runFlushJob(faulty, job, { beat: () => {} });
          break;
        } catch (error) {
          expect(error).toMatchObject({
            code: operation === 'syncDirectory' ? 'DURABILITY_UNKNOWN' : 'IO',
          });
          failedCount += 1;
        }
        expect(fileSystem.listSync(DIRECTORY)).toEqual([]);
        expect(fileSystem.openPaths()).toEqual([]);
      }
      expect(failedCount).toBeGreaterThan(0);
      expect(fileSystem.listSync(DIRECTORY)).not.toEqual([]);
    },
  );

  test('can be run again as it is, also over what an attempt left behind', () => {
    const job = jobOf(memtableOf([put('a', 1)]));
    const first = run(job);
    expect(run(job)).toEqual(first);
  });
});
