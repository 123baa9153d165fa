import {
  checksum64,
  compareWhole,
  createRandom,
  initializeChecksums,
  isStorageError,
  writeU32,
  writeU64,
} from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { manifestFileName } from '../directory/index.js';
import {
  LOG_FILE_HEADER_SIZE_BYTES,
  LogKind,
  LogWriter,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
} from '../log/index.js';
import { type ManifestContent, readManifestSync } from './manifest-reader.js';
import { createVersionSet, DATABASE_ID, makeTable, openDirectory } from './testing/fixtures.js';
import type { Version } from './version.js';
import type { VersionEdit } from './version-edit.js';
import { encodeEdit } from './version-edit-codec.js';

beforeAll(initializeChecksums);

const FILE_NUMBER = 11;
const PATH = '/db/MANIFEST-000011';

/** What a database of a few edits looks like after each of them. */
interface Written {
  readonly bytes: Uint8Array;
  /** Where the manifest ends after each edit, and what it says then. */
  readonly states: { readonly sizeBytes: number; readonly edit: VersionEdit }[];
}

let written: Written;

/** Writes three edits, each synced before the next. */
beforeEach(async () => {
  const fileSystem = new MemoryFileSystem();
  const set = await createVersionSet(fileSystem);
  const states = [{ sizeBytes: set.manifestSizeBytes, edit: set.current.toEdit() }];
  const first = set.takeFileNumbers(3);
  for (let index = 0; index < 3; index++) {
    const table = makeTable({ fileNumber: first + index, keys: `k${index}-k${index}z` });
    set.log({ tablesAdded: [{ keyspaceId: 0, level: 6, table }] });
    await set.sync();
    states.push({ sizeBytes: set.manifestSizeBytes, edit: set.current.toEdit() });
  }
  written = { bytes: readWhole(fileSystem, PATH), states };
});

function readWhole(fileSystem: MemoryFileSystem, path: string): Uint8Array {
  const file = fileSystem.openSync(path, 'read');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  file.closeSync();
  return bytes;
}

/** Reads a manifest of these bytes. */
function read(bytes: Uint8Array): ManifestContent {
  const fileSystem = new MemoryFileSystem();
  const directory = openDirectory(fileSystem);
  const file = fileSystem.openSync(directory.pathOf(manifestFileName(FILE_NUMBER)), 'create');
  file.writeSync(bytes, 0, bytes.length, 0);
  file.closeSync();
  const content = readManifestSync(directory, FILE_NUMBER);
  expect(fileSystem.openPaths()).toEqual([]);
  return content;
}

/** A manifest whose records are whole, but hold whatever a test wants. */
function manifestOf(
  payloads: readonly Uint8Array[],
  type: RecordType = RecordType.edit,
): Uint8Array {
  const fileSystem = new MemoryFileSystem();
  const log = LogWriter.createSync(fileSystem, '/log', {
    kind: LogKind.manifest,
    logId: FILE_NUMBER,
    databaseId: DATABASE_ID,
  });
  for (const payload of payloads) {
    const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + payload.length);
    record.set(payload, RECORD_HEADER_SIZE_BYTES);
    log.appendSync(record, 0, payload.length, type);
  }
  log.closeSync();
  return readWhole(fileSystem, '/log');
}

/** Payloads with the right chain. */
function chained(...edits: readonly VersionEdit[]): Uint8Array[] {
  let chain = 0n;
  return edits.map((edit) => {
    const fields = encodeEdit(edit);
    const payload = new Uint8Array(8 + fields.length);
    writeU64(payload, 0, chain);
    payload.set(fields, 8);
    chain = checksum64(payload, 0, payload.length, 0n);
    return payload;
  });
}

function isState(version: Version, edit: VersionEdit): boolean {
  return compareWhole(encodeEdit(version.toEdit()), encodeEdit(edit)) === 0;
}

const START: VersionEdit = {
  nextFileNumber: 9,
  keyspacesAdded: [
    { id: 0, name: 'default', keyEncoding: 'utf8', valueEncoding: 'utf8', compression: 'none' },
  ],
};

describe('readManifestSync', () => {
  test('gives the state the edits lead to', () => {
    const content = read(written.bytes);
    expect(content.version.toEdit()).toEqual(written.states[3].edit);
    expect(content).toMatchObject({ databaseId: DATABASE_ID, editCount: 4, discardedBytes: 0 });
  });

  test('M1: a manifest cut short anywhere goes back to the last whole edit', () => {
    for (let length = 0; length < written.bytes.length; length++) {
      const cut = written.bytes.subarray(0, length);
      const expected = written.states.findLast(({ sizeBytes }) => sizeBytes - 16 <= length);
      if (expected === undefined) {
        expect(() => read(cut)).toThrow(
          expect.objectContaining({ code: 'CORRUPTION', where: 'manifest', file: PATH }),
        );
      } else {
        const { version } = read(cut);
        expect(isState(version, expected.edit), `length ${length}`).toBe(true);
      }
    }
  });

  test('M1: an edit torn by a crash is given up, and reported', () => {
    const start = written.states[2].sizeBytes;
    const random = createRandom(1);
    for (let torn = start + 1; torn < written.bytes.length - RECORD_HEADER_SIZE_BYTES; torn++) {
      const bytes = written.bytes.slice(0, written.bytes.length - RECORD_HEADER_SIZE_BYTES);
      random.fill(bytes.subarray(torn - 1));
      const content = read(bytes);
      expect(isState(content.version, written.states[2].edit)).toBe(true);
      expect(content.discardedBytes).toBeGreaterThan(0);
    }
  });

  test('M2: every bit flipped in a closed manifest is either refused or changes nothing', () => {
    for (let bit = 0; bit < written.bytes.length * 8; bit++) {
      const damaged = written.bytes.slice();
      damaged[bit >> 3] ^= 1 << (bit & 7);
      try {
        const { version } = read(damaged);
        // Only the last marker attests nothing that matters.
        expect(isState(version, written.states[3].edit)).toBe(true);
        expect(bit >> 3).toBeGreaterThanOrEqual(written.bytes.length - RECORD_HEADER_SIZE_BYTES);
      } catch (error) {
        if (!isStorageError(error)) throw error;
        expect(error).toMatchObject({ code: 'CORRUPTION', where: 'manifest', file: PATH });
      }
    }
  });

  test('M2: damage to the last durable edit is told from a torn one', () => {
    const { sizeBytes } = written.states[2];
    const damaged = written.bytes.slice();
    damaged[sizeBytes + RECORD_HEADER_SIZE_BYTES] ^= 1;
    expect(() => read(damaged)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'manifest', offset: sizeBytes }),
    );
  });

  test('M2: refuses an edit that does not follow from the one before it', () => {
    const [start, first, second] = chained(START, { lastSequence: 1 }, { lastSequence: 2 });
    expect(read(manifestOf([start, first, second])).version.lastSequence).toBe(2);
    for (const wrong of [
      [first, second],
      [start, second],
      [start, first, first],
      [start, start],
      [start, second, first],
    ]) {
      expect(() => read(manifestOf(wrong))).toThrow(
        expect.objectContaining({
          code: 'CORRUPTION',
          where: 'manifest',
          message: expect.stringContaining('it does not follow from the edit before it'),
        }),
      );
    }
  });

  test('M2: refuses an edit shorter than its chain', () => {
    const [start] = chained(START);
    expect(() => read(manifestOf([start, new Uint8Array(7)]))).toThrow(/does not follow/);
  });

  test('M2: refuses edits that make no sense, naming where they stand', () => {
    const table = makeTable({ fileNumber: 5, keys: 'a-m' });
    const overlapping = makeTable({ fileNumber: 6, keys: 'm-z' });
    const add = (level: number, added: typeof table): VersionEdit => ({
      tablesAdded: [{ keyspaceId: 0, level, table: added }],
    });
    for (const edit of [
      { tablesRemoved: [{ keyspaceId: 0, level: 6, fileNumber: 3 }] },
      add(6, overlapping),
      add(7, overlapping),
      add(6, makeTable({ fileNumber: 9, keys: 'x-z' })),
      add(6, makeTable({ fileNumber: 6, keys: 'z-x' })),
      { nextFileNumber: 3 },
      { keyspacesDropped: [0] },
    ]) {
      const bytes = manifestOf(chained(START, add(6, table), edit));
      expect(() => read(bytes)).toThrow(
        expect.objectContaining({
          code: 'CORRUPTION',
          where: 'manifest',
          message: expect.stringMatching(/^Cannot read edit at offset \d+ of /),
        }),
      );
    }
  });

  test('M2: refuses a state that breaks what must be true of every version', () => {
    const table = makeTable({ fileNumber: 5, keys: 'a-m' });
    const twice = [0, 6].map((level) => ({ keyspaceId: 0, level, table }));
    const bytes = manifestOf(chained({ ...START, tablesAdded: twice }));
    expect(() => read(bytes)).toThrow(/file number 5 is used twice/);
    expect(() => read(manifestOf(chained({ nextFileNumber: 9 })))).toThrow(/no default keyspace/);
  });

  test('refuses a record that is no edit', () => {
    const [start] = chained(START);
    expect(() => read(manifestOf([start], RecordType.batch))).toThrow(/a record of type 1/);
  });

  test('refuses a manifest whose first edit is not whole', () => {
    for (const bytes of [
      written.bytes.slice(0, LOG_FILE_HEADER_SIZE_BYTES),
      written.bytes.slice(0, LOG_FILE_HEADER_SIZE_BYTES + 40),
    ]) {
      expect(() => read(bytes)).toThrow(
        expect.objectContaining({
          code: 'CORRUPTION',
          message: expect.stringContaining('its first edit is not whole'),
        }),
      );
    }
  });

  test('M3: refuses a manifest that CURRENT names and that does not exist', () => {
    const directory = openDirectory(new MemoryFileSystem());
    expect(() => readManifestSync(directory, 7)).toThrow(
      expect.objectContaining({
        code: 'CORRUPTION',
        where: 'manifest',
        file: '/db/MANIFEST-000007',
      }),
    );
  });

  test('refuses a manifest under another number', () => {
    const fileSystem = new MemoryFileSystem();
    const directory = openDirectory(fileSystem);
    const file = fileSystem.openSync(directory.pathOf(manifestFileName(2)), 'create');
    file.writeSync(written.bytes, 0, written.bytes.length, 0);
    file.closeSync();
    expect(() => readManifestSync(directory, 2)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'manifest' }),
    );
  });

  test('M9: refuses a newer version of the file', () => {
    const newer = written.bytes.slice();
    writeU32(newer, 8, 2);
    writeU64(newer, 56, checksum64(newer, 0, 56, 0n));
    expect(() => read(newer)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }));
  });

  test('M9: refuses a required field of a newer release, and skips an optional one', () => {
    const [start] = chained(START);
    const withField = (tag: number): Uint8Array => {
      const payload = new Uint8Array(8 + 3);
      writeU64(payload, 0, checksum64(start, 0, start.length, 0n));
      payload.set([tag, 1, 0], 8);
      return manifestOf([start, payload]);
    };
    expect(read(withField(100)).editCount).toBe(2);
    expect(() => read(withField(101))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
    );
  });
});
