import { encodeText, initializeChecksums } from '@varve/base';
import { TableReader } from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TableOutputOptions, TableOutputs } from './table-outputs.js';
import { DATABASE_ID, DIRECTORY, tablePath } from './testing/table-fixture.js';

beforeAll(initializeChecksums);

const OPTIONS: TableOutputOptions = {
  directory: DIRECTORY,
  databaseId: DATABASE_ID,
  tableIdBase: Uint8Array.from({ length: 16 }, () => 0xff),
  firstFileNumber: 20,
  fileNumberCount: 3,
  targetFileSizeBytes: 4096,
};

let fileSystem: MemoryFileSystem;
let recording: RecordingFileSystem;
let faulty: FaultyFileSystem;
let outputs: TableOutputs;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(DIRECTORY);
  recording = new RecordingFileSystem(fileSystem, { root: DIRECTORY, writes: 'names' });
  faulty = new FaultyFileSystem(recording);
  outputs = new TableOutputs(faulty, OPTIONS);
});

function add(key: string, sequence = 1): void {
  const bytes = encodeText(key);
  outputs.writer.add(bytes, 0, bytes.length, bytes, 0, bytes.length, sequence, 1);
}

function failOnce(operation: 'syncData' | 'write' | 'remove' | 'close', nth = 1): void {
  faulty.addRule({ operation, nth, effect: { kind: 'error', errno: 'EIO' } });
}

describe('TableOutputs', () => {
  test('syncs each table before the next, and at the end the directory once', () => {
    add('a');
    outputs.cut();
    add('b');
    expect(outputs.finish().map(({ fileNumber }) => fileNumber)).toEqual([20, 21]);
    expect(recording.lines).toEqual([
      'create 000020.sst',
      'write 000020.sst',
      'sync 000020.sst',
      'create 000021.sst',
      'write 000021.sst',
      'sync 000021.sst',
      'sync directory .',
    ]);
    expect(fileSystem.describeUnsynced()).toEqual([`make directory ${DIRECTORY}`]);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('does nothing to the disk when nothing is written', () => {
    outputs.cut();
    expect(outputs.finish()).toEqual([]);
    expect(recording.lines).toEqual([]);
  });

  test('tells the size of the table being written', () => {
    expect(outputs.currentSizeBytes).toBe(0);
    for (let index = 0; index < 1000; index++) add(String(index).padStart(4, '0'));
    expect(outputs.currentSizeBytes).toBeGreaterThan(4096);
    outputs.cut();
    expect(outputs.currentSizeBytes).toBe(0);
    expect(outputs.targetFileSizeBytes).toBe(4096);
  });

  test('gives every table an identifier of its own, also when the number in it overflows', () => {
    add('a');
    outputs.cut();
    add('b');
    const ids = outputs.finish().map(({ tableId }) => Buffer.from(tableId).toString('hex'));
    expect(ids).toEqual(['f'.repeat(32), `${'0'.repeat(8)}${'f'.repeat(24)}`]);
  });

  test('finishes the table when the options change', () => {
    outputs.configure({ filterBitsPerKey: 0 });
    add('a');
    outputs.configure({ filterBitsPerKey: 30 });
    add('b');
    const [without, withFilter] = outputs.finish().map((summary) => {
      const { fileNumber, sizeBytes, tableId } = summary;
      const file = fileSystem.openSync(tablePath(fileNumber), 'read');
      const expected = { fileNumber, sizeBytes, tableId, databaseId: DATABASE_ID };
      return TableReader.openSync(file, expected);
    });
    expect(without!.properties.filterBitsPerKey).toBe(0);
    expect(withFilter!.properties.filterBitsPerKey).toBe(30);
  });

  test('refuses to take a number that was not reserved for it', () => {
    for (const key of ['a', 'b', 'c']) {
      add(key);
      outputs.cut();
    }
    expect(() => add('d')).toThrow('more tables than it reserved');
  });

  test('removes everything it wrote when it is abandoned, and nothing else', () => {
    fileSystem.openSync(tablePath(19), 'create').closeSync();
    fileSystem.openSync(tablePath(22), 'create').closeSync();
    add('a');
    outputs.cut();
    add('b');
    outputs.abandon();
    expect(fileSystem.listSync(DIRECTORY)).toEqual(['000019.sst', '000022.sst']);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('I2: a table whose sync failed is removed, and never synced again', () => {
    failOnce('syncData');
    add('a');
    expect(() => outputs.finish()).toThrow(expect.objectContaining({ code: 'IO' }));
    recording.clear();
    outputs.abandon();
    expect(recording.lines).toEqual(['remove 000020.sst']);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('leaves nothing open when it is abandoned in the middle of a failed write', () => {
    failOnce('write');
    add('a');
    expect(() => outputs.cut()).toThrow(expect.objectContaining({ code: 'IO' }));
    outputs.abandon();
    expect(fileSystem.openPaths()).toEqual([]);
    expect(fileSystem.listSync(DIRECTORY)).toEqual([]);
  });

  test('I10: abandons as much as it can when a file cannot be removed', () => {
    // What made the job fail is what counts: a file that stays is an orphan, removed at the next open.
    add('a');
    outputs.cut();
    add('b');
    outputs.cut();
    failOnce('remove');
    outputs.abandon();
    expect(fileSystem.listSync(DIRECTORY)).toEqual(['000020.sst']);
  });

  test('abandons as much as it can when a file cannot be closed', () => {
    add('a');
    failOnce('close');
    outputs.abandon();
    expect(fileSystem.listSync(DIRECTORY)).toEqual([]);
  });

  test('writes over what an attempt before it left under its numbers', () => {
    // A thread that dies in the middle of a job removes nothing, and the job is run again as it is.
    fileSystem.openSync(tablePath(20), 'create').closeSync();
    add('a');
    expect(outputs.finish()).toHaveLength(1);
  });
});
