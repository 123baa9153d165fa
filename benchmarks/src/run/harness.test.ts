// Approach: whole benchmarks of a few thousand entries. In this process for what the harness decides; through the built
// program, where there is one, for what only processes show.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseOptions } from '../options.js';
import { WORKLOADS } from '../workloads/index.js';
import { execute } from './execute.js';
import { type HarnessStep, runBenchmarks } from './harness.js';
import type { Job, Outcome } from './job.js';

const PROGRAM = join(import.meta.dirname, '../../dist/main.js');
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bench-harness-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function run(line: string, runJob: (job: Job) => Promise<Outcome> = execute) {
  const options = parseOptions(line.split(' '), { out: () => {}, error: () => {} });
  const steps: HarnessStep[] = [];
  const report = await runBenchmarks(options, {
    root,
    runJob,
    onStep: (step) => steps.push(step),
    onWorkload: () => {},
    signal: new AbortController().signal,
  });
  return { ...report, steps };
}

describe('runBenchmarks', () => {
  const names = WORKLOADS.map(({ name }) => name).filter((name) => name !== 'fillsync-64');
  test.each(names)('%s gives the right data back on memory-level', async (name) => {
    const { results, mismatches } = await run(
      `${name} --num 1000 --repeat 1 --engines memory-level --durability os`,
    );
    expect(mismatches).toEqual([]);
    expect(results[0].skipped).toBeUndefined();
    expect(results[0].opsPerSecond).toBeGreaterThan(0);
    expect(results[0].settings.verifiedCount).toBeGreaterThan(0);
  });

  test('interleaves the engines by repetition', async () => {
    const { steps } = await run(
      'readrandom readseq --num 200 --repeat 2 --engines varve-sync,varve-async',
      async ({ task }) => {
        if (task === 'prepare') return { kind: 'prepared' };
        return { kind: 'calibrated', overheadUs: 1 };
      },
    );
    const runs = steps.filter(({ action }) => action === 'run').slice(0, 4);
    expect(runs.map(({ engine, repetition }) => `${engine} ${repetition}`)).toEqual([
      'varve-sync 1',
      'varve-async 1',
      'varve-sync 2',
      'varve-async 2',
    ]);
    expect(steps.filter(({ action }) => action === 'prepare')).toHaveLength(2);
  });

  test('reports an engine that cannot be opened, and runs it no more', async () => {
    const tasks: string[] = [];
    const { results } = await run('fillseq --num 100 --engines varve-sync', async ({ task }) => {
      tasks.push(task);
      return { kind: 'skipped', reason: 'not installed' };
    });
    expect(results[0].skipped).toBe('not installed');
    expect(tasks).toEqual(['calibrate', 'run']);
  });

  test('reports wrong data as a mismatch', async () => {
    const { results, mismatches } = await run(
      'fillseq --num 100 --engines varve-sync',
      async () => ({ kind: 'wrong', message: 'Key 7 is missing' }),
    );
    expect(mismatches).toEqual(['varve-sync in fillseq: Key 7 is missing']);
    expect(results[0].skipped).toContain('wrong data');
  });

  test('leaves no store behind but prepared ones', async () => {
    await run('fillseq overwrite --num 200 --repeat 2 --engines varve-sync');
    expect(readdirSync(root)).toHaveLength(1);
  });
});

describe.skipIf(!existsSync(PROGRAM))('the program', () => {
  test('measures in processes of its own and writes a line per engine', async () => {
    const json = join(root, 'results.json');
    const words = ['fillrandom', 'readrandom', '--num', '2000', '--repeat', '1', '--json', json];
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[PROGRAM, ...words, '--engines', 'varve-sync,memory-level'],
    ]);
    expect(stdout).toContain('readrandom: 2.00 k entries');
    const lines = readFileSync(json, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).engine)).toEqual([
      ...['varve-sync', 'memory-level', 'varve-sync', 'memory-level'],
    ]);
  });
});
