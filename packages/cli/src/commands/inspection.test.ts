// Approach: one store with tables and a log, looked at by every command that only reads; then with one byte flipped.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { open } from '../store/engine-api.js';
import { runCommand } from '../testing/run-command.js';
import { useTemporaryStore } from '../testing/temporary-store.js';

const store = useTemporaryStore();

/** Two keyspaces with a table each, and one entry that is only in the log. */
beforeEach(async () => {
  // No threads: they cannot load the engine from its source.
  await using database = await open(store.directory, { backgroundThreads: 0 });
  const pairs = await database.keyspace('pairs', {
    keyEncoding: 'tuple',
    valueEncoding: 'msgpack',
  });
  for (let index = 0; index < 200; index += 1) {
    await database.put(`key ${index}`, `value ${index}`, { durability: 'os' });
    await pairs.put(['a', index], { index }, { durability: 'os' });
  }
  await database.flush();
  await database.put('in the log', 'yes');
});

const filesLike = (pattern: RegExp) =>
  readdirSync(store.directory).filter((name) => pattern.test(name));
const pathOf = (name: string) => join(store.directory, name);

function flipByte(name: string, offset: number) {
  const bytes = readFileSync(pathOf(name));
  bytes[offset] = bytes[offset]! ^ 0x40;
  writeFileSync(pathOf(name), bytes);
}

describe('varve keyspaces list', () => {
  test('lists names, encodings and sizes', async () => {
    const { stdout } = await store.runWell(['keyspaces', 'list', 'DIR']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['keyspace', 'keys', 'values', 'compression', 'entries', 'size']);
    expect(lines[1]?.slice(0, 5)).toEqual(['default', 'utf8', 'utf8', 'lz4', '200']);
    expect(lines[2]?.slice(0, 5)).toEqual(['pairs', 'tuple', 'msgpack', 'lz4', '200']);
  });

  test('lists them as JSON', async () => {
    const { stdout } = await store.runWell(['keyspaces', 'list', 'DIR', '--json']);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'default', keyEncoding: 'utf8', entryCount: 200 },
      { name: 'pairs', valueEncoding: 'msgpack', entryCount: 200 },
    ]);
  });
});

describe('varve scan of structured keyspaces', () => {
  test('reads keys and prints entries as JSON', async () => {
    const range = ['--gte', '["a", 198]'];
    const { stdout } = await store.runWell(['scan', 'DIR', '-k', 'pairs', ...range]);
    expect(stdout).toBe('["a",198]\t{"index":198}\n["a",199]\t{"index":199}\n');
    const json = await store.runWell(['scan', 'DIR', '-k', 'pairs', '--json', ...range, '-n', '1']);
    expect(json.stdout).toBe('{"key":["a",198],"value":{"index":198}}\n');
  });

  test('prints their bytes when asked to', async () => {
    const words = [
      'scan',
      'DIR',
      '-k',
      'pairs',
      '--key-encoding',
      'hex',
      '-n',
      '1',
      '--only',
      'keys',
    ];
    expect((await store.runWell(words)).stdout).toMatch(/^0761000480{1}[0-9a-f]*\n$/);
  });

  test('exports what can be imported again, through NDJSON and CSV', async () => {
    for (const format of ['ndjson', 'csv']) {
      const encodings = ['--key-encoding', 'tuple', '--value-encoding', 'msgpack'];
      const exported = await store.runWell(['export', 'DIR', '-k', 'pairs', '--format', format]);
      const other = store.pathOf(`other-${format}`);
      const input = { input: exported.stdout };
      await store.runWell(
        ['import', other, '-', '-k', 'copy', '--format', format, ...encodings],
        input,
      );
      const again = await store.runWell(['export', other, '-k', 'copy', '--format', format]);
      expect(again.stdout).toBe(exported.stdout);
      expect(exported.stdout.trim().split('\n').length).toBe(format === 'csv' ? 201 : 200);
    }
  });
});

describe('varve stats', () => {
  test('prints what the store holds', async () => {
    const { stdout } = await store.runWell(['stats', 'DIR']);
    expect(stdout).toContain(`store                ${store.directory}`);
    expect(stdout).toMatch(/entries in tables {4}400\n/);
    expect(stdout).toContain('replayed 1 write group of the log; nothing was cut short.');
  });

  test('gives everything as JSON', async () => {
    const { stdout } = await store.runWell(['stats', 'DIR', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      directory: store.directory,
      tables: { count: 2 },
      recovery: { replayedGroupCount: 1, discardedBytes: 0 },
    });
  });
});

describe('varve tree', () => {
  test('draws levels and keyspaces', async () => {
    const { stdout } = await store.runWell(['tree', 'DIR']);
    expect(stdout).toMatch(/L\d +2 +400 .* █+▊█+▊\n/);
    expect(stdout).toMatch(/pairs +200 +1 .* L\d:1\n/);
    expect(stdout).toMatch(/a lookup touches {3}at most 1 table\n/);
  });

  test('draws one keyspace', async () => {
    const { stdout } = await store.runWell(['tree', 'DIR', '-k', 'pairs']);
    expect(stdout).toMatch(/L\d +1 +200 /);
    expect(stdout).not.toContain('default');
    const missing = await store.run(['tree', 'DIR', '-k', 'pears']);
    expect([missing.exitCode, missing.stderr]).toEqual([
      1,
      expect.stringContaining('default, pairs'),
    ]);
  });

  test('gives levels as JSON', async () => {
    const { stdout } = await store.runWell(['tree', 'DIR', '--json']);
    const { keyspaces } = JSON.parse(stdout);
    expect(keyspaces.map((keyspace: { levels: unknown[] }) => keyspace.levels.length)).toEqual([
      7, 7,
    ]);
  });
});

describe('varve verify', () => {
  test('finds nothing wrong with a good store', async () => {
    const { stdout } = await store.runWell(['verify', 'DIR']);
    expect(stdout).toContain('in the log         1 entry in 1 write group');
    expect(stdout).toContain('✓ No damage');
    const json = JSON.parse((await store.runWell(['verify', 'DIR', '--json'])).stdout);
    expect(json).toMatchObject({ isWhole: true, entryCount: 400, tableCount: 2, damage: [] });
  });

  test('names every damaged file and ends with 1', async () => {
    const tables = filesLike(/\.sst$/);
    for (const name of tables) {
      flipByte(name, 10);
    }
    const result = await store.run(['verify', 'DIR']);
    expect(result.exitCode).toBe(1);
    for (const name of tables) {
      expect(result.stdout).toMatch(new RegExp(`${name} +\\d+ +sst\\.data `));
    }
    expect(result.stdout).toContain('✗ Damaged: 2 problems in 2 files');
    const json = await store.run(['verify', 'DIR', '--json']);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      isWhole: false,
      damage: [{ code: 'CORRUPTION', where: 'sst.data' }, { code: 'CORRUPTION' }],
    });
  });

  test('reports a damaged manifest, and other commands say to verify', async () => {
    flipByte(filesLike(/^MANIFEST/)[0]!, 100);
    const result = await store.run(['verify', 'DIR']);
    expect([result.exitCode, result.stdout]).toEqual([1, expect.stringContaining('✗ Damaged')]);
    const read = await store.run(['scan', 'DIR']);
    expect([read.exitCode, read.stderr]).toEqual([1, expect.stringContaining('varve verify')]);
  });

  test('says that there is no store', async () => {
    const result = await store.run(['verify', store.pathOf('nothing')]);
    expect([result.exitCode, result.stderr]).toEqual([
      1,
      expect.stringContaining('Check the path'),
    ]);
  });
});

describe('varve dump', () => {
  /** Adds a table whose dump fills the output many times, and gives its path. */
  async function largeTable(): Promise<string> {
    await using database = await open(store.directory, { backgroundThreads: 0 });
    for (let index = 0; index < 2000; index += 1) {
      await database.put(`large ${index}`, 'x'.repeat(100), { durability: 'os' });
    }
    await database.flush();
    const table = filesLike(/\.sst$/).at(-1);
    return pathOf(table!);
  }

  test.each([
    ['table', /\.sst$/, 'block'],
    ['wal', /\.log$/, 'in the log'],
    ['manifest', /^MANIFEST/, 'pairs'],
  ])('describes a %s', async (kind, pattern, text) => {
    const outputs = [];
    for (const name of filesLike(pattern)) {
      const { stdout } = await store.runWell(['dump', kind, pathOf(name)]);
      const json = JSON.parse((await store.runWell(['dump', kind, pathOf(name), '--json'])).stdout);
      expect(json).toMatchObject({ kind, file: pathOf(name) });
      expect(`${json.lines.join('\n')}\n`).toBe(stdout);
      outputs.push(stdout);
    }
    expect(outputs.join()).toContain(text);
  });

  test.each([
    ['text', []],
    ['JSON', ['--json']],
  ])('stops quietly when the reader of the %s leaves', async (_name, options) => {
    const path = await largeTable();
    let writtenLength = 0;
    const stdout = new Writable({
      write(chunk, _encoding, done) {
        writtenLength += chunk.length;
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      },
    });
    const result = await runCommand(['dump', 'table', path, ...options], { stdout });
    expect([result.exitCode, result.stderr]).toEqual([0, '']);
    expect(writtenLength).toBeGreaterThan(0);
    expect(writtenLength).toBeLessThan(100_000);
  });

  test('tells which kind a file is', async () => {
    const [log] = filesLike(/\.log$/);
    const wrong = await store.run(['dump', 'table', pathOf(log!)]);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('varve dump wal')]);
    const directory = await store.run(['dump', 'manifest', 'DIR']);
    expect([directory.exitCode, directory.stderr]).toEqual([
      2,
      expect.stringContaining('a file in that directory'),
    ]);
    const missing = await store.run(['dump', 'wal', pathOf('999999.log')]);
    expect([missing.exitCode, missing.stderr]).toEqual([
      1,
      expect.stringContaining('no such file'),
    ]);
  });
});

describe('commands that read', () => {
  test('change no byte and leave no file', async () => {
    const copy = store.pathOf('copy');
    mkdirSync(copy);
    for (const name of readdirSync(store.directory)) {
      copyFileSync(pathOf(name), join(copy, name));
    }
    const [table] = filesLike(/\.sst$/);
    const commands = [
      ['get', 'DIR', 'key 1'],
      ['scan', 'DIR'],
      ['export', 'DIR'],
      ['stats', 'DIR'],
      ['tree', 'DIR'],
      ['verify', 'DIR'],
      ['keyspaces', 'list', 'DIR'],
      ['dump', 'table', pathOf(table!)],
    ];
    for (const words of commands) {
      await store.runWell(words);
    }
    expect(readdirSync(store.directory)).toEqual(readdirSync(copy));
    for (const name of readdirSync(copy)) {
      expect(readFileSync(pathOf(name)).equals(readFileSync(join(copy, name))), name).toBe(true);
    }
  });

  test('work while another process has the store open, commands that write do not', async () => {
    await using _holder = await open(store.directory, { backgroundThreads: 0 });
    expect((await store.runWell(['get', 'DIR', 'key 1'])).stdout).toBe('value 1\n');
    const result = await store.run(['put', 'DIR', 'k', 'v']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(String(process.pid));
    expect(result.stderr).toContain('Close the process that holds it');
  });
});
