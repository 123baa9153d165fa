// A program in one file, as a bundler makes it, run where nothing is beside it. The engine has to be built.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ENGINE = join(import.meta.dirname, '../../packages/engine/dist/index.js');
const PROGRAM = join(import.meta.dirname, 'programs/engine.mjs');

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'varve-bundled-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

async function bundle(name: string, plugins: Plugin[] = []): Promise<string> {
  const { output } = await build({
    input: PROGRAM,
    platform: 'node',
    external: [/^node:/],
    resolve: { alias: { '@varve/engine': ENGINE } },
    plugins,
    output: { format: 'esm', codeSplitting: false },
    write: false,
    logLevel: 'warn',
  });
  expect(output).toHaveLength(1);
  const path = join(directory, name);
  writeFileSync(path, output[0].code);
  return path;
}

function run(path: string, ...flags: string[]): Record<string, unknown> {
  const printed = execFileSync(process.execPath, [...flags, path], { encoding: 'utf8' });
  return JSON.parse(printed) as Record<string, unknown>;
}

describe.skipIf(!existsSync(ENGINE))('A program bundled into one file', () => {
  test('does its background work on threads, also where eval is forbidden', async () => {
    const path = await bundle('program.mjs');
    const report = run(path, '--disallow-code-generation-from-strings');
    expect(report).toMatchObject({ threads: 2, givenUp: [] });
    expect(report['flushes']).toBeGreaterThan(0);
  });

  test('loses nothing without the code of threads, works without them, and tells', async () => {
    const withoutSource: Plugin = {
      name: 'without-source',
      load: (id) =>
        id.endsWith('worker-source.js') ? 'export const workerSource = null;' : undefined,
    };
    const path = await bundle('crippled.mjs', [withoutSource]);
    expect(run(path)).toMatchObject({
      threads: 0,
      givenUp: [expect.stringContaining('Cannot start background threads')],
    });
  });
});
