// Prints the shape of the code: lengths of files and functions, import cycles, share of documented
// exports.
//
// Usage: node tools/tidy/measure.mjs [--json]
//
// Node 20 does not load TypeScript, so the program is bundled first, into a folder from which it
// finds its packages.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';
import { readArguments } from '../hosts/checks.mjs';

const { json } = readArguments('Usage: pnpm measure [--json]');
const root = join(import.meta.dirname, '../..');
const directory = join(root, 'node_modules/.cache/varve-tidy');
mkdirSync(directory, { recursive: true });

const path = join(directory, 'measure.mjs');
await build({
  input: join(import.meta.dirname, 'measure-main.ts'),
  platform: 'node',
  external: ['typescript', /^node:/],
  output: { file: path, format: 'esm' },
  logLevel: 'warn',
});

const { main } = await import(pathToFileURL(path).href);
main(root, { format: json ? 'json' : 'text' });
