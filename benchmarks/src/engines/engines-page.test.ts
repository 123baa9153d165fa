// The adapter that ENGINES.md shows compiles against the real interface and does what it must.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { seeded } from '@varve/testkit';
import ts from 'typescript';
import { describe, expect, onTestFinished, test } from 'vitest';
import { applyRandomWrites, SortedModel, visited } from './conformance-model.js';
import type { Engine, StoreSettings } from './engine.js';
import { ENGINE_NAMES } from './registry.js';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const PAGE = await readFile(join(FOLDER, '../../ENGINES.md'), 'utf8');
const EXAMPLE = /^```ts\n(.*?)^```$/ms.exec(PAGE)![1]!;

describe('the example of ENGINES.md', () => {
  test('has no type errors', () => {
    expect(typeErrorsOf(EXAMPLE)).toEqual([]);
  });

  test(
    'gives back what was written',
    seeded(async (random) => {
      const engine = await importExample();
      const store = await engine.open('', {} as StoreSettings);
      const model = new SortedModel();
      await applyRandomWrites({ store, model, random }, 300);
      for (const range of [{}, ...model.randomRanges(random, 20)]) {
        expect(await visited(store, range)).toEqual(model.range(range));
      }
      await store.close();
    }),
  );
});

test('ENGINES.md names every engine', () => {
  const table = PAGE.split('\n').filter((line) => line.startsWith('|'));
  for (const name of ENGINE_NAMES) expect(table.join('\n')).toContain(`\`${name}\``);
});

async function importExample(): Promise<Engine> {
  const directory = await mkdtemp(join(tmpdir(), 'varve-example-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'example.mjs');
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  await writeFile(path, ts.transpileModule(EXAMPLE, { compilerOptions }).outputText);
  return (await import(pathToFileURL(path).href)).engine;
}

/** Checks `text` as if it were a file beside this one, with the options of the project. */
function typeErrorsOf(text: string): string[] {
  const path = join(FOLDER, 'example-of-the-page.ts');
  const base = ts.readConfigFile(join(FOLDER, '../../../tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(base.config, ts.sys, FOLDER);
  Object.assign(options, { noEmit: true, composite: false, types: ['node'] });
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, version) =>
    name === path ? ts.createSourceFile(name, text, version) : getSourceFile(name, version);
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}
