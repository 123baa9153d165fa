// Approach: the command over a package that stands in for classic-level, so that everything can be asked without native
// code; then over classic-level itself, which the benchmarks install, where it loads.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { installFakeClassicLevel, writeFakeLevelDb } from '../testing/fake-classic-level.js';
import { useTemporaryStore } from '../testing/temporary-store.js';

const store = useTemporaryStore();
afterEach(() => void vi.restoreAllMocks());

/** Runs the command as if it were started in a directory. */
const startedIn = (directory: string) => vi.spyOn(process, 'cwd').mockReturnValue(directory);

const entry = (key: string, value: string) => [Buffer.from(key), Buffer.from(value)] as const;

/** A LevelDB that the stand-in reads, with the words to import it. */
function fakeLevelDb(content: Parameters<typeof writeFakeLevelDb>[1]): string[] {
  const home = store.pathOf('program');
  mkdirSync(home);
  installFakeClassicLevel(home);
  startedIn(home);
  writeFakeLevelDb(store.pathOf('level'), content);
  return ['import', '--from', 'leveldb', store.pathOf('level'), 'DIR'];
}

const scan = async (...words: string[]) =>
  (await store.runWell(['scan', 'DIR', ...words])).stdout.replace(/\n$/, '').split('\n');

describe('varve import --from leveldb', () => {
  const entries = [
    [Buffer.alloc(0), Buffer.from([255])],
    entry('!sub!key', 'value'),
    entry('a', ''),
    [Buffer.from([0xff, 0x00]), Buffer.from([0, 0x80])],
  ] as const;

  test('copies every entry as bytes and says that they are the same', async () => {
    const result = await store.runWell(fakeLevelDb({ entries }));
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(
      /^Copied 4 entries in .*\/s; .* there, .* in tables here\nCompared 4 entries in .*\n✓ Every entry is in /,
    );
    expect(await scan()).toEqual(['\tff', '21737562216b6579\t76616c7565', '61\t', 'ff00\t0080']);
    expect(readFileSync(join(store.pathOf('level'), 'closed'), 'utf8')).toBe('x');
  });

  test('copies more entries than one run has, twice without harm', async () => {
    const many = Array.from({ length: 2500 }, (_, index) =>
      entry(String(index).padStart(6, '0'), `value ${index}`),
    );
    const words = fakeLevelDb({ entries: many });
    await store.runWell(words);
    const { stdout } = await store.runWell([...words, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      isVerified: true,
      entryCount: 2500,
      sameCount: 2500,
      extraCount: 0,
      sourceBytes: expect.any(Number),
      tableBytes: expect.any(Number),
    });
  });

  test('copies into a keyspace next to other data, and tells of entries that were there', async () => {
    await store.runWell(['put', 'DIR', 'other', 'data']);
    await store.runWell(['put', 'DIR', 'b', 'before', '-k', 'moved']);
    const words = [...fakeLevelDb({ entries: [entry('a', '1')] }), '-k', 'moved'];
    const { stderr } = await store.runWell(words);
    expect(stderr).toContain('also holds 1 entry that the LevelDB does not have');
    expect(await scan('-k', 'moved')).toEqual(['a\t1', 'b\tbefore']);
    expect(await scan()).toEqual(['other\tdata']);
  });

  test('creates the keyspace with the encodings it is told', async () => {
    const words = fakeLevelDb({ entries: [entry('a', '{"b":1}')] });
    await store.runWell([...words, '--key-encoding', 'utf8', '--value-encoding', 'json']);
    const { stdout } = await store.runWell(['stats', 'DIR', '--json']);
    expect(stdout).toMatch(/"keyEncoding":"utf8","valueEncoding":"json"/);
    expect((await store.runWell(['scan', 'DIR', '--json'])).stdout).toContain('"value":{"b":1}');
  });

  test('copies an empty LevelDB', async () => {
    const { stderr } = await store.runWell(fakeLevelDb({}));
    expect(stderr).toContain('Copied 0 entries');
  });

  test('keeps what was copied when interrupted', async () => {
    const many = Array.from({ length: 50_000 }, (_, index) => entry(String(100_000 + index), ''));
    const result = await store.run(fakeLevelDb({ entries: many }), {
      onInterruptible: (interrupt) => setTimeout(interrupt, 0),
    });
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toMatch(/Interrupted: [\d,]+ entr(y|ies) copied; nothing was verified/);
    expect(readFileSync(join(store.pathOf('level'), 'closed'), 'utf8')).toBe('x');
  });

  test('says so when classic-level is there and does not load', async () => {
    const words = fakeLevelDb({});
    const file = store.pathOf('program/node_modules/classic-level/index.js');
    writeFileSync(file, "throw new Error('No native build was found\\nfor this platform')");
    const result = await store.run(words);
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('npm rebuild')]);
  });

  test('finds classic-level where only level depends on it', async () => {
    const words = fakeLevelDb({ entries });
    const home = store.pathOf('program/node_modules');
    mkdirSync(join(home, 'level'));
    writeFileSync(join(home, 'level/index.js'), '');
    installFakeClassicLevel(join(home, 'level'));
    writeFileSync(join(home, 'classic-level/package.json'), '{"exports":{}}');
    expect((await store.runWell(words)).stderr).toContain('Copied 4 entries');
  });

  test.each([
    [{ message: 'IO error: lock', code: 'LEVEL_LOCKED' }, 'Close the program'],
    [{ message: 'Corruption: no meta', code: 'LEVEL_CORRUPTION' }, 'repair'],
  ])('passes on that LevelDB cannot open it: %j', async (failure, advice) => {
    const result = await store.run(fakeLevelDb({ failure }));
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(failure.message);
    expect(result.stderr).toContain(advice);
  });

  test('does not let LevelDB near anything else', async () => {
    const words = fakeLevelDb({ entries });
    const [level] = words.slice(3);
    const from = (directory: string) =>
      store.run(['import', '--from', 'leveldb', directory, 'DIR']);
    await store.runWell(['put', store.pathOf('varve'), 'k', 'v']);
    expect((await from(store.pathOf('varve'))).stderr).toContain('holds no LevelDB');
    expect((await from(store.pathOf('none'))).stderr).toContain('no such directory');
    writeFileSync(join(level, 'IDENTITY'), '');
    expect((await from(level)).stderr).toContain('holds no LevelDB');
  });

  test.each([
    [['--format', 'csv'], 'Cannot use --format with --from'],
    [['--key-column', 'a'], 'Cannot use --key-column with --from'],
    [['--key-encoding', 'tuple'], 'Cannot take what a LevelDB holds for tuple'],
    [['--value-encoding', 'msgpack'], 'Cannot take what a LevelDB holds for msgpack'],
  ])('refuses %j', async (extra, message) => {
    const result = await store.run([...fakeLevelDb({}), ...extra]);
    expect([result.exitCode, result.stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('refuses to copy a LevelDB into itself', async () => {
    const words = fakeLevelDb({});
    expect((await store.run([...words.slice(0, -1), words[3]])).exitCode).toBe(2);
  });
});

interface RealLevel {
  open(): Promise<void>;
  batch(
    operations: { type: 'put'; key: string; value: string; sublevel?: unknown }[],
  ): Promise<void>;
  sublevel(name: string): unknown;
  close(): Promise<void>;
}

const BENCHMARKS = join(import.meta.dirname, '../../../../benchmarks');

/** The class, or why there is none. */
function realClassicLevel(): (new (location: string) => RealLevel) | string {
  try {
    return createRequire(join(BENCHMARKS, 'package.json'))('classic-level').ClassicLevel;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

const Real = realClassicLevel();

describe('varve import --from leveldb, with LevelDB itself', () => {
  const title = 'copies entries in tables, in the log and in sublevels';
  if (typeof Real === 'string') {
    test.skip(`${title} - skipped: classic-level does not load here: ${Real}`);
    return;
  }
  test(title, async () => {
    const level = new Real(store.pathOf('level'));
    await level.open();
    for (let start = 0; start < 60_000; start += 10_000) {
      const keys = Array.from({ length: 10_000 }, (_, index) => String(start + index));
      const sublevel = start < 20_000 ? { sublevel: level.sublevel('inner') } : {};
      await level.batch(
        keys.map((key) => ({ type: 'put', key, value: key.repeat(20), ...sublevel })),
      );
    }
    const words = ['import', '--from', 'leveldb', store.pathOf('level'), 'DIR', '--json'];
    startedIn(BENCHMARKS);
    const locked = await store.run(words);
    expect([locked.exitCode, locked.stderr]).toEqual([1, expect.stringContaining('Close the')]);
    await level.close();
    const { stdout } = await store.runWell(words);
    expect(JSON.parse(stdout)).toMatchObject({ isVerified: true, sameCount: 60_000 });
    const { stdout: found } = await store.runWell([
      ...['get', 'DIR', '!inner!19999', '--key-encoding', 'utf8', '--value-encoding', 'utf8'],
    ]);
    expect(found.trim()).toBe('19999'.repeat(20));
  });
});
