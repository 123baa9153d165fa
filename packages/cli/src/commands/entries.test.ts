// Approach: put, get, del and scan together over one real store per test, as a person would use them.

import { describe, expect, test } from 'vitest';
import { useTemporaryStore } from '../testing/temporary-store.js';

const store = useTemporaryStore();

describe('varve put and get', () => {
  test('stores a value and prints it', async () => {
    const put = await store.run(['put', 'DIR', 'user:1', 'Ada']);
    expect(put).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `Created a store at ${store.directory}\n`,
    });
    expect(await store.run(['get', 'DIR', 'user:1'])).toEqual({
      exitCode: 0,
      stdout: 'Ada\n',
      stderr: '',
    });
    expect((await store.run(['put', 'DIR', 'user:1', 'Grace'])).stderr).toBe('');
    expect((await store.run(['get', 'DIR', 'user:1'])).stdout).toBe('Grace\n');
  });

  test('answers as JSON', async () => {
    await store.runWell(['put', 'DIR', 'k', 'line\n"q"']);
    const found = await store.run(['get', 'DIR', 'k', '--json']);
    expect(found.stdout).toBe('{"key":"k","found":true,"value":"line\\n\\"q\\""}\n');
    const missing = await store.run(['get', 'DIR', 'x', '--json']);
    expect(missing.stdout).toBe('{"key":"x","found":false}\n');
    expect(missing.exitCode).toBe(1);
  });

  test('ends with 1 when there is no such key', async () => {
    await store.runWell(['put', 'DIR', 'k', 'v']);
    const missing = await store.run(['get', 'DIR', 'nothing']);
    expect(missing.exitCode).toBe(1);
    expect(missing.stdout).toBe('');
    expect(missing.stderr).toContain('There is no key "nothing"');
  });

  test('takes the value from standard input, byte for byte', async () => {
    const bytes = new Uint8Array([0, 255, 10, 13]);
    await store.runWell(['put', 'DIR', 'k', '-'], { input: bytes });
    expect((await store.runWell(['get', 'DIR', 'k', '--value-encoding', 'hex'])).stdout).toBe(
      '00ff0a0d\n',
    );
    expect((await store.runWell(['get', 'DIR', 'k', '--value-encoding', 'base64'])).stdout).toBe(
      'AP8KDQ==\n',
    );
  });

  test('refuses to print bytes that are no text, and says how to see them', async () => {
    await store.runWell([
      'put',
      'DIR',
      'k',
      'ff00',
      '--value-encoding',
      'hex',
      '--key-encoding',
      'utf8',
    ]);
    const result = await store.run(['get', 'DIR', 'k', '--value-encoding', 'utf8']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('hex');
    const shown = await store.run(['get', 'DIR', 'k', '--value-encoding', 'utf8'], { isTTY: true });
    expect(shown.stdout).toBe('\\xff\\x00\n');
  });

  test('keeps keyspaces apart', async () => {
    await store.runWell(['put', 'DIR', 'k', 'one']);
    await store.runWell(['put', 'DIR', 'k', 'two', '--keyspace', 'other']);
    expect((await store.runWell(['get', 'DIR', 'k'])).stdout).toBe('one\n');
    expect((await store.runWell(['get', 'DIR', 'k', '-k', 'other'])).stdout).toBe('two\n');
    const missing = await store.run(['get', 'DIR', 'k', '-k', 'third']);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain('third');
    expect(missing.stderr).toContain('default, other');
  });

  test('does not create a store by reading', async () => {
    const result = await store.run(['get', 'DIR', 'k']);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('varve put');
  });
});

describe('structured keys', () => {
  test('are refused when they have no encoding, as usage', async () => {
    const encodings = ['--key-encoding', 'tuple'];
    await store.runWell(['put', 'DIR', '["a",1]', 'v', ...encodings]);
    const result = await store.run(['put', 'DIR', '[{"a":1}]', 'v']);
    expect([result.exitCode, result.stderr]).toEqual([2, expect.stringContaining('tuple')]);
    const unnamed = await store.run(['put', 'DIR', '["a"]', 'v', '-k', '']);
    expect([unnamed.exitCode, unnamed.stderr]).toEqual([2, expect.stringContaining('characters')]);
  });
});

describe('varve del', () => {
  test('removes a key, and is content when there is none', async () => {
    await store.runWell(['put', 'DIR', 'k', 'v']);
    expect(await store.run(['del', 'DIR', 'k'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect((await store.run(['get', 'DIR', 'k'])).exitCode).toBe(1);
    const again = await store.run(['del', 'DIR', 'k']);
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain('nothing removed');
  });

  test('does not create a store', async () => {
    expect((await store.run(['del', 'DIR', 'k'])).exitCode).toBe(1);
    expect((await store.run(['get', 'DIR', 'k'])).exitCode).toBe(1);
  });
});

describe('varve scan', () => {
  async function fill() {
    const lines = ['a1', 'a2', 'b1', 'b2', 'c1'].map((key) =>
      JSON.stringify({ key, value: key.toUpperCase() }),
    );
    await store.runWell(['import', 'DIR', '-', '--format', 'ndjson'], { input: lines.join('\n') });
  }

  test.each([
    [[], 'a1 a2 b1 b2 c1'],
    [['--gte', 'a2', '--lt', 'c1'], 'a2 b1 b2'],
    [['--gt', 'a2', '--lte', 'c1'], 'b1 b2 c1'],
    [['--prefix', 'b'], 'b1 b2'],
    [['--reverse', '--limit', '2'], 'c1 b2'],
    [['-p', 'a', '-r', '-n', '1'], 'a2'],
    [['--limit', '0'], ''],
  ])('%j gives %s', async (words, keys) => {
    await fill();
    const { stdout } = await store.runWell(['scan', 'DIR', '--only', 'keys', ...words]);
    expect(stdout.trim().split('\n').join(' ')).toBe(keys);
  });

  test('prints keys and values, for people and for programs', async () => {
    await fill();
    const range = ['--prefix', 'a'];
    expect((await store.runWell(['scan', 'DIR', ...range])).stdout).toBe('a1\tA1\na2\tA2\n');
    expect((await store.runWell(['scan', 'DIR', ...range, '--json'])).stdout).toBe(
      '{"key":"a1","value":"A1"}\n{"key":"a2","value":"A2"}\n',
    );
    expect((await store.runWell(['scan', 'DIR', ...range, '--only', 'values'])).stdout).toBe(
      'A1\nA2\n',
    );
  });

  test('takes and prints keys in hex', async () => {
    await fill();
    const { stdout } = await store.runWell([
      'scan',
      'DIR',
      '--key-encoding',
      'hex',
      '--prefix',
      '63',
    ]);
    expect(stdout).toBe('6331\tC1\n');
  });

  test('says so when a range is empty', async () => {
    await fill();
    const result = await store.runWell(['scan', 'DIR', '--prefix', 'z']);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain('no entries');
  });
});
