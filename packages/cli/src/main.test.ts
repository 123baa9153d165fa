// Approach: the built program in a process of its own, for what only a process shows: pipes that break, signals, exit
// codes. Needs `pnpm build`.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert, beforeAll, describe, expect, test } from 'vitest';
import { useTemporaryStore } from './testing/temporary-store.js';

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const store = useTemporaryStore();

beforeAll(() => assert(existsSync(program), `${program} is missing: run \`pnpm build\` first`));

function start(command: string, ...words: string[]): ChildProcess {
  return spawn(command, words, {
    stdio: 'pipe',
    env: { ...process.env, VARVE: program, STORE: store.directory },
  });
}

async function finish(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const [exitCode, signal] = await once(child, 'close');
  return { exitCode, signal, ...output };
}

const varve = (...words: string[]) => finish(start(process.execPath, program, ...words));
const shell = (script: string) => finish(start('bash', '-c', script));

async function fill(entryCount: number) {
  const lines = Array.from({ length: entryCount }, (_, index) =>
    JSON.stringify({ key: String(index).padStart(8, '0'), value: `value ${index}` }),
  );
  const file = store.write('in.ndjson', lines.join('\n'));
  assert((await varve('import', store.directory, file)).exitCode === 0, 'the import succeeds');
}

describe('the program', () => {
  test('prints its version and ends with 0', async () => {
    const result = await varve('--version');
    expect(result).toEqual({
      exitCode: 0,
      signal: null,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
  });

  test('ends with 2 for what it does not understand and with 1 for what is not so', async () => {
    expect((await varve('bogus')).exitCode).toBe(2);
    expect((await varve('get', store.directory, 'k')).exitCode).toBe(1);
  });

  test('ends quietly when the reader of a pipe leaves', async () => {
    await fill(50_000);
    for (const command of ['scan "$STORE"', 'scan "$STORE" --json', 'export "$STORE"']) {
      const script = `node "$VARVE" ${command} | head -n 2 | wc -l; echo "\${PIPESTATUS[0]}"`;
      const result = await shell(script);
      expect(result.stdout.trim().split(/\s+/)).toEqual(['2', '0']);
      expect(result.stderr).toBe('');
    }
  });

  test('reads standard input from a pipe and writes standard output to one', async () => {
    const script = [
      `printf '{"key":"a","value":"1"}\\n' | node "$VARVE" import "$STORE" - --format ndjson`,
      'node "$VARVE" export "$STORE" | cat',
    ].join(' && ');
    expect((await shell(script)).stdout).toBe('{"key":"a","value":"1"}\n');
  });

  test('stops at Ctrl-C while it waits for input, keeping what it was given', async () => {
    const importing = start(
      process.execPath,
      program,
      'import',
      store.directory,
      '-',
      '--format',
      'ndjson',
    );
    const finished = finish(importing);
    const lines = Array.from({ length: 5000 }, (_, index) => `{"key":"${index}","value":""}\n`);
    importing.stdin?.write(lines.join(''));
    // Once the store is there the program has begun to read.
    while (!existsSync(`${store.directory}/CURRENT`)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    importing.kill('SIGINT');
    const result = await finished;
    expect(result).toMatchObject({ exitCode: 130, signal: null });
    expect(result.stderr).toMatch(/Interrupted: [\d,]+ records? stored/);
    expect((await varve('verify', store.directory)).exitCode).toBe(0);
  });

  test('ends with 1 when standard output is a file that cannot take everything', async () => {
    await fill(300);
    const run = (words: string, limitKib: number) =>
      shell(`ulimit -f ${limitKib}; node "$VARVE" ${words} > "$STORE.out"`);
    for (const words of ['scan "$STORE"', 'export "$STORE"', 'scan "$STORE" --json', '--help']) {
      expect((await run(words, 1000)).exitCode).toBe(0);
      const result = await run(words, 1);
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toMatch(/^error: EFBIG.*\n.*not complete/);
    }
  });

  test('writes the bytes of a value and nothing else with --raw', async () => {
    const script = `printf '\\000\\377' | node "$VARVE" put "$STORE" k - && node "$VARVE" get "$STORE" k --raw | od -An -tx1`;
    expect((await shell(script)).stdout.trim()).toBe('00 ff');
  });
});
