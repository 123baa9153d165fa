// Runs the fuzzer: see main.ts for what it takes.
//
// Usage: node tools/fuzz/run.mjs [--decoder d] [--cases n] [--seed s] [--from i] [--json]
//
// Node 20 does not load TypeScript, and packages do not export their decoders, so the program is bundled from their
// sources first.

import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const directory = join(import.meta.dirname, '../../node_modules/.cache/varve-fuzz');
mkdirSync(directory, { recursive: true });

/** It finds its WebAssembly beside itself, so it stays where it is. */
const LZ4 = 'lz4-wasm-nodejs';
const lz4Stays = {
  name: 'lz4-stays',
  resolveId: (id, importer) =>
    id === LZ4 ? { id: createRequire(importer).resolve(id), external: 'absolute' } : null,
};

const path = join(directory, `fuzz-${process.pid}.mjs`);
await build({
  input: join(import.meta.dirname, 'main.ts'),
  platform: 'node',
  resolve: { conditionNames: ['source', 'node', 'import', 'default'] },
  plugins: [lz4Stays],
  output: { file: path, format: 'esm', codeSplitting: false },
  logLevel: 'warn',
});

const { main } = await import(pathToFileURL(path).href);
rmSync(path);
process.exitCode = await main(process.argv.slice(2));
