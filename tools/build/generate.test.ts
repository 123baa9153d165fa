import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

type Generate = (outputDirectory: string) => Promise<void>;
/** Plain JavaScript, since the build runs it as it is. */
const load = async (name: string): Promise<Record<string, Generate>> =>
  (await import(pathToFileURL(join(import.meta.dirname, name)).href)) as Record<string, Generate>;
const { bundleMsgpack } = await load('bundle-msgpack.mjs');
const { inlineLz4 } = await load('inline-lz4.mjs');

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'varve-generate-'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('bundleMsgpack', () => {
  let bundlePath: string;

  beforeAll(async () => {
    bundlePath = join(directory, 'msgpack-library.js');
    writeFileSync(join(directory, 'encoding.js'), 'export const describeType = () => "stub";');
    writeFileSync(
      join(directory, 'native-bytes.js'),
      'export const allocateBuffer = Buffer.alloc;',
    );
    writeFileSync(bundlePath, "import { Packr } from 'msgpackr/pack';");
    await bundleMsgpack(directory);
  });

  test('imports nothing but the modules beside it', () => {
    const imports = readFileSync(bundlePath, 'utf8').match(
      /\bfrom ["'][^"']+["']|\bimport\(|\brequire\(/g,
    );
    expect(imports?.sort()).toEqual(['from "./encoding.js"', 'from "./native-bytes.js"']);
  });

  test('keeps the licence of what it contains', () => {
    expect(readFileSync(bundlePath, 'utf8')).toContain('Copyright (c) 2020 Kris Zyp');
  });

  test('holds no path of the machine that made it', () => {
    expect(readFileSync(bundlePath, 'utf8')).not.toContain(ROOT);
  });

  test('does what the module does', async () => {
    const library = (await import(pathToFileURL(bundlePath).href)) as {
      packMessage(value: unknown): Uint8Array;
      unpackMessage(bytes: Uint8Array, end: number): unknown;
    };
    const value = { text: 'a', list: [1, null, true, new Date(5)] };
    const message = Uint8Array.from(library.packMessage(value));
    expect(library.unpackMessage(message, message.length)).toEqual(value);
    expect(() => library.packMessage(new Set([1]))).toThrow('a stub would not be read back as one');
  });

  test('does nothing when there is nothing to do, and replaces what the compiler wrote', async () => {
    const bundle = readFileSync(bundlePath, 'utf8');
    const marked = `${bundle}// untouched\n`;
    writeFileSync(bundlePath, marked);
    await bundleMsgpack(directory);
    expect(readFileSync(bundlePath, 'utf8')).toBe(marked);
    writeFileSync(bundlePath, 'export {};');
    writeFileSync(`${bundlePath}.map`, '{}');
    await bundleMsgpack(directory);
    expect(readFileSync(bundlePath, 'utf8')).toBe(bundle);
    expect(readdirSync(directory)).not.toContain('msgpack-library.js.map');
  });
});

describe('inlineLz4', () => {
  test('gives the code of the package in a module that imports nothing', async () => {
    const path = join(directory, 'lz4-module.js');
    writeFileSync(path, 'export {};');
    await inlineLz4(directory);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toMatch(/\bimport\b.*from|require\(/);
    expect(text).toContain('Copyright (c) 2020 Pascal Seitz');
    const { lz4 } = (await import(pathToFileURL(path).href)) as {
      lz4: Record<string, unknown>;
    };
    expect(Object.keys(lz4)).toEqual(
      expect.arrayContaining(['memory', 'compress', 'decompress', '__wbindgen_malloc']),
    );
  });
});

describe('what a user installs', () => {
  test('depends on nothing that is bundled', () => {
    for (const name of readdirSync(join(ROOT, 'packages'))) {
      const manifest = readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8');
      const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
        manifest,
      ) as Record<string, object>;
      const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
      expect(names).not.toContain('msgpackr');
      expect(names).not.toContain('lz4-wasm-nodejs');
    }
  });
});
