// Several files of a database damaged at once, at random: verification names them, dumps are lines or typed errors, salvage
// saves what is outside the losses it reports, and none of them changes a byte.

import { createHash } from 'node:crypto';
import { encodeText, initializeChecksums, isStorageError, type Random } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { seeded } from '../../testkit/src/index.js';
import { open } from './database.js';
import { dump } from './dump.js';
import { type SalvageLoss, type SalvageReport, salvage } from './index.js';
import { verify } from './verify.js';

const SOURCE = '/db';
const TARGET = '/saved';
const KEYSPACES = ['default', 'cities', 'orders'] as const;
/** More than a checksum has bytes. */
const KEPT_ZERO_COUNT = 64;
const TEXT = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

type Files = ReadonlyMap<string, Uint8Array>;

/** Every value a key ever had, the last one last; `null` for a deletion. Keys begin with their keyspace. */
const history = new Map<string, (string | null)[]>();
let files: Files;

beforeAll(async () => {
  await initializeChecksums();
  const fileSystem = new MemoryFileSystem();
  const db = await open(SOURCE, {
    fileSystem,
    backgroundThreads: 0,
    tuning: { blockSizeBytes: 512 },
  });
  for (const name of KEYSPACES)
    await db.keyspace(name, { compression: name === 'orders' ? 'lz4' : 'none' });
  for (let round = 0; round < 4; round++) {
    for (const name of KEYSPACES) {
      const keyspace = await db.keyspace(name);
      for (let index = round; index < 60; index += round + 1) {
        const key = `${name} ${String(index).padStart(3, '0')}`;
        const isDeleted = (index + round) % 7 === 0;
        const value = isDeleted
          ? null
          : `round ${round}, ${index * 7919}/${index * 104729} `.repeat(2);
        if (value === null) await keyspace.del(key);
        else await keyspace.put(key, value);
        history.set(key, [...(history.get(key) ?? []), value]);
      }
    }
    if (round < 3) await db.flush();
    if (round === 1) await db.compact();
  }
  await db.close();
  await (await open(SOURCE, { fileSystem, backgroundThreads: 0 })).close();
  files = filesOf(fileSystem);
});

function filesOf(fileSystem: MemoryFileSystem): Files {
  const names = fileSystem.listSync(SOURCE).filter((name) => !/LOCK|spare/.test(name));
  return new Map(
    names.map((name) => {
      const file = fileSystem.openSync(`${SOURCE}/${name}`, 'read');
      const bytes = new Uint8Array(file.sizeSync());
      file.readSync(bytes, 0, bytes.length, 0);
      file.closeSync();
      // Of the zeros ahead of the records of a log enough is kept for any file whose last bytes happen to be zeros.
      const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
      return [name, bytes.slice(0, end + KEPT_ZERO_COUNT)];
    }),
  );
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

/** A hash of the names and contents of the whole directory. */
function hashOf(fileSystem: MemoryFileSystem): string {
  const hash = createHash('sha256');
  for (const name of fileSystem.listSync(SOURCE)) {
    const file = fileSystem.openSync(`${SOURCE}/${name}`, 'read');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    hash.update(`${name} ${bytes.length} `).update(bytes);
  }
  return hash.digest('hex');
}

/** Damages one file; `null` removes it. */
function damaged(random: Random, original: Uint8Array): Uint8Array | null {
  const bytes = original.slice();
  const start = random.below(bytes.length);
  switch (random.below(5)) {
    case 0:
      return null;
    case 1:
      return bytes.slice(0, start);
    case 2:
      return bytes.fill(bytes[start]! ^ 0xff, start, start + 512);
    default:
      for (let count = 1 + random.below(6); count > 0; count--) {
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      }
      return bytes;
  }
}

/** One to four files damaged, by name. */
function damageIn(random: Random, names: readonly string[]): Map<string, Uint8Array | null> {
  const damage = new Map<string, Uint8Array | null>();
  for (let count = 1 + random.below(4); count > 0; count--) {
    const name = names[random.below(names.length)]!;
    const bytes = damaged(random, files.get(name)!);
    // Two flips of one bit are none.
    if (bytes === null || !Buffer.from(bytes).equals(files.get(name)!)) damage.set(name, bytes);
  }
  return damage;
}

function applied(damage: ReadonlyMap<string, Uint8Array | null>): MemoryFileSystem {
  const content = new Map(files);
  for (const [name, bytes] of damage) {
    if (bytes === null) content.delete(name);
    else content.set(name, bytes);
  }
  return fileSystemWith(content);
}

/** Everything that was saved, by key, whatever keyspace it is in. */
async function savedIn(fileSystem: MemoryFileSystem): Promise<Map<string, string>> {
  const db = await open(TARGET, { ...TEXT, fileSystem, readOnly: true });
  const saved = new Map<string, string>();
  for (const { name } of db.keyspaces()) {
    for await (const [key, value] of (await db.keyspace(name, TEXT)).entries())
      saved.set(key, value);
  }
  await db.close();
  return saved;
}

/** Whether a loss says that it may have taken a key. */
function explains(loss: SalvageLoss, key: string): boolean {
  const [keyspace] = key.split(' ');
  if (loss.keyspace !== undefined && loss.keyspace !== keyspace) return false;
  const bytes = Buffer.from(encodeText(key));
  const isBehindFirst = loss.firstKey === undefined || Buffer.compare(loss.firstKey, bytes) <= 0;
  return isBehindFirst && (loss.lastKey === undefined || Buffer.compare(bytes, loss.lastKey) <= 0);
}

function checkSaved(saved: Map<string, string>, report: SalvageReport): number {
  let lostCount = 0;
  for (const [key, values] of history) {
    const found = saved.get(key) ?? null;
    if (found !== null) expect(values, `${key} was made up`).toContain(found);
    if (found === values.at(-1)) continue;
    lostCount++;
    const isExplained = report.losses.some((loss) => explains(loss, key));
    expect(isExplained || report.manifest !== 'whole', `${key} is lost without a word`).toBe(true);
  }
  expect([...saved.keys()].filter((key) => !history.has(key))).toEqual([]);
  return lostCount;
}

async function checkDumps(fileSystem: MemoryFileSystem): Promise<void> {
  for (const name of fileSystem.listSync(SOURCE)) {
    try {
      for (const line of await dump(`${SOURCE}/${name}`, { fileSystem }))
        expect(line).toBeTypeOf('string');
    } catch (error) {
      if (!isStorageError(error)) throw error;
    }
  }
}

describe('a database with several damaged files', () => {
  test(
    'whose tables are damaged is verified, dumped and salvaged as far as it is whole',
    seeded(
      async (random) => {
        const tables = [...files.keys()].filter((name) => name.endsWith('.sst'));
        expect(tables.length).toBeGreaterThan(6);
        const damage = damageIn(random, tables);
        const fileSystem = applied(damage);
        const before = hashOf(fileSystem);
        const named = (await verify(SOURCE, { fileSystem })).damage.map(({ file }) => file);
        for (const name of damage.keys()) expect(named).toContain(`${SOURCE}/${name}`);
        const others = named.filter((file) => !damage.has(file!.slice(SOURCE.length + 1)));
        expect(others, 'damage where there is none').toEqual([]);
        await checkDumps(fileSystem);
        const report = await salvage(SOURCE, TARGET, { ...TEXT, fileSystem });
        expect(hashOf(fileSystem)).toBe(before);
        expect((await verify(TARGET, { fileSystem })).damage).toEqual([]);
        checkSaved(await savedIn(fileSystem), report);
        for (const { file } of report.losses) expect(damage.has(file), file).toBe(true);
      },
      { runCount: 25 },
    ),
    120_000,
  );

  test(
    'of any kind is salvaged without anything being made up',
    seeded(
      async (random) => {
        const fileSystem = applied(damageIn(random, [...files.keys()]));
        const before = hashOf(fileSystem);
        await verify(SOURCE, { fileSystem }).catch((error: unknown) => {
          if (!isStorageError(error)) throw error;
        });
        await checkDumps(fileSystem);
        const report = await salvage(SOURCE, TARGET, { ...TEXT, fileSystem });
        expect(hashOf(fileSystem)).toBe(before);
        expect((await verify(TARGET, { fileSystem })).damage).toEqual([]);
        // Whole records cut off the end of the last log leave no trace, only a note (W3).
        const isCut = report.notes.some((note) => note.includes('was not closed'));
        if (!isCut) checkSaved(await savedIn(fileSystem), report);
      },
      { runCount: 25 },
    ),
    120_000,
  );

  test('and no manifest gets its keyspaces back from its tables', async () => {
    const fileSystem = fileSystemWith(
      new Map([...files].filter(([name]) => !/^(?:MANIFEST|CURRENT)/.test(name))),
    );
    const report = await salvage(SOURCE, TARGET, { fileSystem });
    expect(report).toMatchObject({ manifest: 'lost', losses: [] });
    expect(report.keyspaces.map(({ name, origin }) => [name, origin])).toEqual(
      KEYSPACES.map((name) => [name, 'table']),
    );
    const saved = await savedIn(fileSystem);
    // What was deleted may come back: without a manifest nothing says that a table was replaced.
    for (const [key, values] of history) {
      const last = values.at(-1);
      if (last !== null) expect(saved.get(key), key).toBe(last);
    }
  });
});
