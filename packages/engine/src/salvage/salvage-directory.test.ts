// Goal: whatever happens to a file of a database, salvage gives every entry outside the damage, no value that was never
// written, a database that is whole, and does not touch the damaged one.
//
// Approach: a database with tables on two levels, two keyspaces and a live log. Where the newest version of every key lies
// is worked out once. Then each file is removed, cut at many lengths, and damaged in every part; what must still be there
// follows from where the damage is.

import { createRandom, decodeText, EntryKind, encodeText, initializeChecksums } from '@varve/base';
import {
  entryCountOf,
  keyEnd,
  keyStart,
  kindAt,
  readTableFooter,
  scanBlocks,
  sequenceAt,
} from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { open } from '../database.js';
import { parseFileName } from '../directory/index.js';
import { LogKind, RECORD_HEADER_SIZE_BYTES, RecordType } from '../log/index.js';
import { fileBytes } from '../log/testing/log-fixture.js';
import { decodeEntry, EntrySlots, walkPayload } from '../memtable/index.js';
import { type SalvageOptions, salvage } from '../salvage.js';
import { verify } from '../verify.js';
import { scanLog } from './record-scan.js';
import type { SalvageReport } from './salvage-report.js';

const SOURCE = '/db';
const TARGET = '/saved/db';

type Files = Map<string, Uint8Array>;

interface Place {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly sequence: number;
  readonly kind: number;
}

/** Every value a key ever had; keys of both keyspaces are different. */
const history = new Map<string, Set<string>>();
/** Values of the keys that are there in the end. */
const model = new Map<string, string>();
/** Where the newest version of each key lies. */
const places = new Map<string, Place>();
let files: Files;

function filesOf(fileSystem: MemoryFileSystem, directory: string): Files {
  const names = fileSystem.listSync(directory).filter((name) => name !== 'LOCK');
  return new Map(names.map((name) => [name, fileBytes(fileSystem, `${directory}/${name}`)]));
}

/** Space that a log has in advance takes no part, and time to compare. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  const length = bytes.findLastIndex((byte) => byte !== 0) + 1;
  return bytes.slice(0, length + RECORD_HEADER_SIZE_BYTES);
}

function hexOf(content: Files): Map<string, string> {
  return new Map([...content].map(([name, bytes]) => [name, Buffer.from(bytes).toString('hex')]));
}

function fileSystemWith(content: Files): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(SOURCE);
  for (const [name, bytes] of content) {
    const file = fileSystem.openSync(`${SOURCE}/${name}`, 'create');
    file.writeSync(bytes, 0, bytes.length, 0);
    file.closeSync();
  }
  return fileSystem;
}

beforeAll(async () => {
  await initializeChecksums();
  const fileSystem = new MemoryFileSystem();
  const db = await open(SOURCE, {
    fileSystem,
    backgroundThreads: 0,
    durability: 'always',
    tuning: { blockSizeBytes: 512 },
  });
  const cities = await db.keyspace('cities');
  const put = async (key: string, value: string) => {
    const keyspace = key.startsWith('city') ? cities : db;
    await keyspace.put(key, value);
    history.set(key, (history.get(key) ?? new Set()).add(value));
    model.set(key, value);
  };
  const del = async (key: string) => {
    await (key.startsWith('city') ? cities : db).del(key);
    model.delete(key);
  };
  const text = (index: number) => `${index * 7919}/`.repeat(4);
  for (let index = 0; index < 120; index++) {
    await put(`key ${index}`, `first ${text(index)}`);
    await put(`city ${index}`, `founded ${text(index)}`);
  }
  await db.compact();
  for (let index = 0; index < 120; index += 3) await put(`key ${index}`, `second ${text(index)}`);
  for (let index = 1; index < 120; index += 9) await del(`key ${index}`);
  await db.flush();
  for (let index = 0; index < 120; index += 7) await put(`city ${index}`, `grown ${text(index)}`);
  await db.flush();
  for (let index = 0; index < 120; index += 11) await put(`key ${index}`, `third ${text(index)}`);
  await del('key 2');
  await db.close();
  // Opening once more removes the logs whose entries are in tables, so that every place left counts.
  await (await open(SOURCE, { fileSystem, backgroundThreads: 0 })).close();
  files = filesOf(fileSystem, SOURCE);
  for (const [name, bytes] of files) files.set(name, withoutZeros(bytes));
  for (const name of files.keys()) locate(fileSystem, name);
});

function locate(fileSystem: MemoryFileSystem, name: string): void {
  const parsed = parseFileName(name);
  if (parsed?.kind === 'table') locateInTable(fileSystem, name);
  if (parsed?.kind === 'log') locateInLog(fileSystem, name, parsed.fileNumber);
}

function notePlace(key: Uint8Array, place: Place): void {
  const text = decodeText(key)!;
  const known = places.get(text);
  if (known === undefined || known.sequence < place.sequence) places.set(text, place);
}

function locateInTable(fileSystem: MemoryFileSystem, name: string): void {
  const path = `${SOURCE}/${name}`;
  const file = fileSystem.openSync(path, 'read');
  const { tableId } = readTableFooter(file);
  file.closeSync();
  for (const found of scanBlocks(files.get(name)!, { tableId, path })) {
    expect(found.kind === 'gap' && found.end < files.get(name)!.length).toBe(false);
    if (found.kind !== 'block') continue;
    for (let index = 0; index < entryCountOf(found.content, 0); index++) {
      const key = found.content.slice(
        keyStart(found.content, 0, index),
        keyEnd(found.content, 0, index),
      );
      const sequence = sequenceAt(found.content, 0, index);
      const kind = kindAt(found.content, 0, index);
      notePlace(key, { file: name, start: found.offset, end: found.end, sequence, kind });
    }
  }
}

function locateInLog(fileSystem: MemoryFileSystem, name: string, logId: number): void {
  const file = fileSystem.openSync(`${SOURCE}/${name}`, 'read');
  const log = scanLog(file, { kind: LogKind.wal, logId, databaseIds: [] })!;
  file.closeSync();
  const slots = new EntrySlots();
  for (const record of log.records) {
    if (record.type !== RecordType.batch) continue;
    const context = { file: name, where: 'wal' } as const;
    walkPayload(log.bytes, record.payloadStart, record.end, context, (offset, sequence) => {
      decodeEntry(log.bytes, offset, slots);
      const { kind, keyStart: start, keyEnd: end } = slots;
      const place = { file: name, start: record.offset, end: record.end, sequence, kind };
      notePlace(log.bytes.slice(start, end), place);
    });
  }
}

interface Damage {
  readonly file: string;
  /** Bytes that are not what they were. */
  readonly start: number;
  readonly end: number;
  /** The file as it is now; `null` when it is gone. */
  readonly bytes: Uint8Array | null;
}

interface Saved {
  readonly report: SalvageReport;
  /** Values of each key in all keyspaces. */
  readonly values: Map<string, string[]>;
}

async function salvaged(content: Files, options: SalvageOptions = {}): Promise<Saved> {
  const fileSystem = fileSystemWith(content);
  const words = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;
  const report = await salvage(SOURCE, TARGET, { fileSystem, ...words, ...options });
  expect(hexOf(filesOf(fileSystem, SOURCE))).toEqual(hexOf(content));
  expect((await verify(TARGET, { fileSystem })).damage).toEqual([]);
  const values = await valuesIn(fileSystem);
  expect(fileSystem.openPaths()).toEqual([]);
  return { report, values };
}

async function valuesIn(fileSystem: MemoryFileSystem): Promise<Map<string, string[]>> {
  const probe = await open(TARGET, {
    fileSystem,
    readOnly: true,
    keyEncoding: 'utf8',
    valueEncoding: 'utf8',
  });
  const values = new Map<string, string[]>();
  for (const { name, keyEncoding, valueEncoding } of probe.keyspaces()) {
    const keyspace = await probe.keyspace(name, { keyEncoding, valueEncoding } as never);
    for await (const [key, value] of keyspace.entries() as AsyncIterable<[unknown, unknown]>) {
      const list = values.get(textOf(key)) ?? [];
      values.set(textOf(key), [...list, textOf(value)]);
    }
  }
  await probe.close();
  return values;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : decodeText(value as Uint8Array)!;
}

/** What has to hold after any damage. Gives how many keys were lost. */
async function checkSalvage(damage: Damage): Promise<number> {
  const label = `${damage.file} [${damage.start}, ${damage.end})`;
  const content = new Map(files);
  if (damage.bytes === null) content.delete(damage.file);
  else content.set(damage.file, damage.bytes);
  const { report, values } = await salvaged(content);
  const wrong = [...values].filter(
    ([key, found]) => !found.every((value) => history.get(key)?.has(value)),
  );
  expect(wrong, label).toEqual([]);
  let lostCount = 0;
  const missing: string[] = [];
  for (const [key, value] of model) {
    const place = places.get(key)!;
    const isHit =
      place.file === damage.file && place.start < damage.end && damage.start < place.end;
    if (values.get(key)?.includes(value)) continue;
    if (!isHit) missing.push(key);
    lostCount += 1;
  }
  expect(missing, `${label}: lost although undamaged`).toEqual([]);
  if (lostCount > 0) checkReported(damage, report, label);
  return lostCount;
}

/** Every loss is reported where it is; whole records cut off the last log leave no trace (W3). */
function checkReported(damage: Damage, report: SalvageReport, label: string): void {
  const isReported = report.losses.some(
    ({ file, offset, sizeBytes }) =>
      file === damage.file &&
      (sizeBytes === 0 || (offset < damage.end && damage.start <= offset + sizeBytes)),
  );
  const isCutLog = damage.file.endsWith('.log') && (damage.bytes?.length ?? 0) === damage.start;
  expect(isReported || isCutLog, label).toBe(true);
}

function flipped(name: string, offset: number): Damage {
  const bytes = files.get(name)!.slice();
  bytes[offset]! ^= 0x41;
  return { file: name, start: offset, end: offset + 1, bytes };
}

function cut(name: string, length: number): Damage {
  const whole = files.get(name)!;
  return { file: name, start: length, end: whole.length, bytes: whole.slice(0, length) };
}

function withoutManifest(content: Files): Files {
  return new Map([...content].filter(([name]) => !/^(?:MANIFEST|CURRENT)/.test(name)));
}

describe('salvage', () => {
  test('of a whole database gives all of it, and no loss', async () => {
    const { report, values } = await salvaged(files);
    expect(report).toMatchObject({ manifest: 'whole', losses: [], notes: [], discardedBytes: 0 });
    expect(values).toEqual(new Map([...model].map(([key, value]) => [key, [value]])));
    expect(report.entryCount).toBe(model.size);
    expect(report.keyspaces.map(({ name, origin }) => [name, origin])).toEqual([
      ['default', 'manifest'],
      ['cities', 'manifest'],
    ]);
    for (const [key, { kind }] of places) expect(kind === EntryKind.put).toBe(model.has(key));
  });

  test('the database of these tests has tables in several levels, logs and a manifest', () => {
    const kinds = [...files.keys()].map((name) => parseFileName(name)?.kind ?? name);
    expect(kinds.filter((kind) => kind === 'table').length).toBeGreaterThanOrEqual(4);
    expect(new Set(kinds)).toEqual(new Set(['table', 'log', 'manifest', 'CURRENT']));
  });

  test('T4, W7, M3: of a database without one of its files loses what was in it', async () => {
    for (const [name, { length }] of files) {
      await checkSalvage({ file: name, start: 0, end: length, bytes: null });
    }
  });

  test('T6, W2, M1: of a file cut short anywhere gives what is before the cut', async () => {
    for (const [name, { length }] of files) {
      const step = Math.max(1, Math.floor(length / 25));
      for (let size = 0; size < length; size += step) await checkSalvage(cut(name, size));
    }
  });

  test('T1, T2, T3, W4, M2: of a file with a damaged byte gives everything else', async () => {
    let lostCount = 0;
    for (const [name, { length }] of files) {
      const step = Math.max(1, Math.floor(length / 40));
      for (let offset = 0; offset < length; offset += step) {
        lostCount += await checkSalvage(flipped(name, offset));
      }
    }
    expect(lostCount).toBeGreaterThan(100);
  });

  test('W3: notes a log that was not closed, whose last records may be gone', async () => {
    const name = [...files.keys()].filter((file) => file.endsWith('.log')).at(-1)!;
    const { report } = await salvaged(new Map(files).set(name, cut(name, 400).bytes!));
    expect(report.notes).toEqual([`${name}: was not closed, its last writes may be missing`]);
  });

  test('of a damaged block tells the range of keys and how many entries', async () => {
    const [name] = [...files].find(([file]) => file.endsWith('.sst'))!;
    const content = new Map(files).set(name, flipped(name, 20).bytes!);
    const { report } = await salvaged(content);
    expect(report.losses).toHaveLength(1);
    const [loss] = report.losses;
    expect(loss).toMatchObject({ file: name, offset: 0, keyspace: expect.any(String) });
    expect(loss!.entryCount).toBeGreaterThan(0);
    expect(decodeText(loss!.firstKey!)).toMatch(/^(?:key|city) /);
    expect(loss!.lastKey).toBeDefined();
  });

  test('without any manifest goes by what the tables say of their keyspace', async () => {
    const { report, values } = await salvaged(withoutManifest(files));
    expect(report.manifest).toBe('lost');
    expect(report.keyspaces.map(({ name, origin }) => [name, origin])).toEqual([
      ['default', 'table'],
      ['cities', 'table'],
    ]);
    for (const [key, value] of model) expect(values.get(key)).toEqual([value]);
  });

  test('without a manifest and properties keeps tables apart, or puts them together when told to', async () => {
    const content = withoutManifest(files);
    const tables = [...content.keys()].filter((name) => name.endsWith('.sst'));
    // The last byte of the checksum of the properties is just in front of the footer.
    for (const name of tables)
      content.set(name, flipped(name, files.get(name)!.length - 129).bytes!);
    const { report } = await salvaged(content);
    const apart = report.keyspaces.filter(({ origin }) => origin === 'apart');
    expect(apart).toHaveLength(tables.length);
    const together = await salvaged(content, { unassigned: 'default' });
    const names = together.report.keyspaces.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('table'))).toEqual([]);
    for (const [key, value] of model) expect(together.values.get(key)).toContain(value);
  });

  test('without a manifest finds whose a table is also when its footer and index are damaged', async () => {
    const content = withoutManifest(files);
    for (const [name, { length }] of content) {
      // The padding of the footer: the identifier in front of it is still there.
      if (name.endsWith('.sst')) content.set(name, flipped(name, length - 20).bytes!);
    }
    const { report, values } = await salvaged(content);
    expect(report.keyspaces.map(({ origin }) => origin)).toEqual(['table', 'table']);
    for (const [key, value] of model) expect(values.get(key)).toEqual([value]);
  });

  test('reads nothing but regular files', async () => {
    const fileSystem = fileSystemWith(files);
    fileSystem.makeDirectorySync(`${SOURCE}/999999.sst`);
    const report = await salvage(SOURCE, TARGET, { fileSystem });
    expect(report.notes).toEqual(['999999.sst: is no regular file, and was not read']);
    expect(report.entryCount).toBe(model.size);
  });

  test.each([
    ['the damaged directory', SOURCE, 'INVALID_ARGUMENT'],
    ['a directory inside it', `${SOURCE}/saved`, 'INVALID_ARGUMENT'],
    ['a directory with something in it', '/full', 'ALREADY_EXISTS'],
  ])('refuses %s as a target, and makes nothing', async (_, target, code) => {
    const fileSystem = fileSystemWith(files);
    fileSystem.makeDirectorySync('/full/of');
    await expect(salvage(SOURCE, target, { fileSystem })).rejects.toMatchObject({ code });
    expect(hexOf(filesOf(fileSystem, SOURCE))).toEqual(hexOf(files));
  });

  test('refuses a directory that holds nothing of a database', async () => {
    const fileSystem = fileSystemWith(new Map([['notes.txt', encodeText('hello')]]));
    const attempt = salvage(SOURCE, TARGET, { fileSystem });
    await expect(attempt).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(salvage('/none', TARGET, { fileSystem })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('that is cut short while it writes leaves no database, and can be started again', async () => {
    const fileSystem = fileSystemWith(files);
    const onProgress = () => {
      throw new Error('enough');
    };
    await expect(salvage(SOURCE, TARGET, { fileSystem, onProgress })).rejects.toThrow('enough');
    fileSystem.makeDirectorySync(TARGET);
    fileSystem.openSync(`${TARGET}/LOCK`, 'create').closeSync();
    expect((await salvage(SOURCE, TARGET, { fileSystem })).entryCount).toBe(model.size);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('M5: makes the name of a directory that it found durable, and gives its lock back where that fails', async () => {
    const fileSystem = fileSystemWith(files);
    fileSystem.makeDirectorySync(TARGET);
    fileSystem.syncDirectorySync('/');
    const effect = { kind: 'error', errno: 'EMFILE' } as const;
    const rules = [{ operation: 'syncDirectory', path: '/saved', effect }] as const;
    const faulty = new FaultyFileSystem(fileSystem, { rules });
    await expect(salvage(SOURCE, TARGET, { fileSystem: faulty })).rejects.toThrow('open files');
    await salvage(SOURCE, TARGET, { fileSystem });
    expect(fileSystem.crash('drop', createRandom(1)).existsSync(`${TARGET}/CURRENT`)).toBe(true);
  });

  test('tells how far it is, up to the whole', async () => {
    const fileSystem = fileSystemWith(files);
    const seen: number[] = [];
    const onProgress = (progress: { doneBytes: number; totalBytes: number }) =>
      seen.push(progress.doneBytes / progress.totalBytes);
    await salvage(SOURCE, TARGET, { fileSystem, onProgress });
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThanOrEqual(1);
  });
});
