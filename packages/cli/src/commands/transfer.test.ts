// Approach: import and export over real files; what was exported is imported into another store and exported again, and
// the two exports are equal.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useTemporaryStore } from '../testing/temporary-store.js';

const store = useTemporaryStore();

const scan = async (...words: string[]) =>
  (await store.runWell(['scan', 'DIR', ...words])).stdout.trim().split('\n');

describe('varve import', () => {
  test('stores whole NDJSON records under a key field', async () => {
    const file = store.write('people.ndjson', '{"id":2,"name":"Bo"}\n{"id":1,"name":"Al"}\n');
    const result = await store.runWell(['import', 'DIR', file, '--key-column', 'id']);
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(/^Imported 2 records \(42 B\) into .* in .*: .*\/s\n$/);
    expect(await scan()).toEqual(['1\t{"id":1,"name":"Al"}', '2\t{"id":2,"name":"Bo"}']);
  });

  test('stores CSV columns, quotes and all', async () => {
    const file = store.write('people.csv', 'id,name,age\n1,"Al, ""Jr""",30\n2,Bo,40\n');
    await store.runWell(['import', 'DIR', file, '--key-column', 'id', '--value-column', 'name']);
    expect(await scan()).toEqual(['1\tAl, "Jr"', '2\tBo']);
  });

  test('stores TSV rows as JSON', async () => {
    const file = store.write('people.tsv', 'id\tname\n1\tAl\n');
    await store.runWell(['import', 'DIR', file, '--key-column', 'id']);
    expect(await scan()).toEqual(['1\t{"id":"1","name":"Al"}']);
  });

  test('reads standard input', async () => {
    const setting = { input: '{"key":"k","value":"v"}' };
    await store.runWell(['import', 'DIR', '-', '--format', 'ndjson'], setting);
    expect(await scan()).toEqual(['k\tv']);
  });

  test('summarises as JSON', async () => {
    const file = store.write('in.ndjson', '{"key":"k","value":"v"}\n');
    const { stdout } = await store.runWell(['import', 'DIR', file, '--json', '-k', 'pairs']);
    expect(JSON.parse(stdout)).toMatchObject({ keyspace: 'pairs', recordCount: 1, bytesRead: 24 });
  });

  test('keeps what came before a bad record and says how much', async () => {
    const file = store.write(
      'in.ndjson',
      '{"key":"a","value":"1"}\n{"key":"b","value":"2"}\nnonsense\n',
    );
    const result = await store.run(['import', 'DIR', file]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('line 3 of in.ndjson');
    expect(result.stderr).toContain('2 records before that stored.');
    expect(await scan()).toEqual(['a\t1', 'b\t2']);
  });

  test('refuses numbers that would become equal', async () => {
    const lines = [1, 2, 3].map((digit) => `{"id":123456789012345678${digit},"t":"x"}`);
    const file = store.write('tweets.ndjson', lines.join('\n'));
    const result = await store.run(['import', 'DIR', file, '--key-column', 'id']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('Cannot use "id" in line 1 of tweets.ndjson');
    expect(result.stderr).toContain('Nothing was stored. Write it in quotes');
  });

  test('says that a file cannot be opened', async () => {
    // Not even root can open a socket as a file.
    const path = store.pathOf('in.csv');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const result = await store.run(['import', 'DIR', path]);
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('Cannot read')]);
    server.close();
    await once(server, 'close');
  });

  test('closes the file when the store cannot be opened', async () => {
    const path = store.write('in.csv', 'key,value\n');
    store.write('store', 'a file where the store should be');
    expect((await store.run(['import', 'DIR', path])).exitCode).toBe(1);
  });

  test('lists the fields there are when the key field is missing', async () => {
    const file = store.write('in.csv', 'id,name\n1,Al\n');
    const result = await store.run(['import', 'DIR', file]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('it has id, name');
    expect(result.stderr).toContain('Nothing was stored.');
    expect(result.stderr).toContain('--key-column');
  });

  test('keeps what was imported when interrupted', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `{"key":"${index}","value":""}`);
    const file = store.write('in.ndjson', lines.join('\n'));
    const result = await store.run(['import', 'DIR', file], {
      onInterruptible: (interrupt) => setTimeout(interrupt, 0),
    });
    expect(result.exitCode).toBe(130);
    const count = Number(
      /Interrupted: ([\d,]+) record/.exec(result.stderr)?.[1]?.replaceAll(',', ''),
    );
    expect(count).toBeLessThan(50_000);
    expect((await scan('--only', 'keys')).filter((key) => key !== '').length).toBe(count);
  });

  test.each([
    [['import', 'DIR', 'in.txt'], 2, '--format'],
    [['import', 'DIR', '-'], 2, '--format'],
    [['import', 'DIR', 'none.csv'], 1, 'no such file'],
    [['import', 'DIR', 'none.csv', '--delimiter', 'ab'], 2, 'one character'],
    [['import', 'DIR', '-', '--format', 'xml'], 2, 'ndjson, csv'],
  ])('%j ends with %d and mentions %s', async (words, exitCode, text) => {
    const result = await store.run(words);
    expect([result.exitCode, result.stderr]).toEqual([exitCode, expect.stringContaining(text)]);
    expect((await store.run(['scan', 'DIR'])).exitCode).toBe(1);
  });
});

describe('varve export', () => {
  const awkward = [
    { key: '', value: 'empty key' },
    { key: 'comma,"quote"', value: 'line\nend\r\n' },
    { key: 'é漢😀', value: '\ufeff mark' },
    { key: 'z', value: '' },
  ];

  test.each(['ndjson', 'csv'])('writes %s that import reads back equal', async (format) => {
    const input = store.write(
      'in.ndjson',
      awkward.map((entry) => JSON.stringify(entry)).join('\n'),
    );
    await store.runWell(['import', 'DIR', input]);
    const first = store.pathOf(`first.${format}`);
    const result = await store.runWell(['export', 'DIR', first]);
    expect(result.stderr).toContain('Exported 4 entries');
    const other = store.pathOf('other');
    await store.runWell(['import', other, first]);
    const second = store.pathOf(`second.${format}`);
    await store.runWell(['export', other, second]);
    expect(readFileSync(second, 'utf8')).toBe(readFileSync(first, 'utf8'));
    expect(readFileSync(first, 'utf8')).toContain('é漢😀');
  });

  test('writes binary entries that import reads back equal', async () => {
    const encodings = ['--key-encoding', 'hex', '--value-encoding', 'base64'];
    await store.runWell(['put', 'DIR', '00ff', 'AP8=', ...encodings]);
    const { stdout } = await store.runWell(['export', 'DIR', ...encodings]);
    expect(stdout).toBe('{"key":"00ff","value":"AP8="}\n');
    const other = store.pathOf('other');
    await store.runWell(['import', other, '-', '--format', 'ndjson', ...encodings], {
      input: stdout,
    });
    expect((await store.runWell(['export', other, ...encodings])).stdout).toBe(stdout);
  });

  test('does not replace a file unless forced', async () => {
    await store.runWell(['put', 'DIR', 'k', 'v']);
    const file = store.write('out.csv', 'precious');
    const result = await store.run(['export', 'DIR', file]);
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('--force')]);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    await store.runWell(['export', 'DIR', file, '--force']);
    expect(readFileSync(file, 'utf8')).toBe('key,value\nk,v\n');
  });

  test('leaves the file it cannot replace', async () => {
    await store.runWell(['put', 'DIR', 'k1', 'v']);
    await store.runWell(['put', 'DIR', 'k2', '-'], { input: new Uint8Array([0xff]) });
    const file = store.write('backup.ndjson', 'precious');
    const result = await store.run(['export', 'DIR', file, '--force']);
    expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining('UTF-8')]);
    expect(readFileSync(file, 'utf8')).toBe('precious');
    const other = store.pathOf('other.ndjson');
    expect((await store.run(['export', 'DIR', other])).exitCode).toBe(1);
    expect(readdirSync(dirname(file)).toSorted()).toEqual(['backup.ndjson', 'store']);
  });

  test('exports a range', async () => {
    const input = awkward.map((entry) => JSON.stringify(entry)).join('\n');
    await store.runWell(['import', 'DIR', '-', '--format', 'ndjson'], { input });
    const { stdout } = await store.runWell([
      'export',
      'DIR',
      '--gte',
      'z',
      '--lt',
      'zz',
      '--format',
      'csv',
    ]);
    expect(stdout).toBe('key,value\nz,\n');
  });
});
