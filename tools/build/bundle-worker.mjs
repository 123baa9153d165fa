// Puts the code of background threads into one string, for programs that are bundled into one file.
//
// There is then no file to start a thread with, and no bundler can be relied on to make one: esbuild knows no workers, and
// what Vite makes of them is for browsers. The string becomes a `data:` URL, which Node.js, Bun and Deno all start a thread
// from, and which is no `eval`: it works where making code from strings is forbidden.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, writeGenerated } from './generated-module.mjs';

const MODULE_NAME = 'worker-source.js';
const PACKAGES = join(import.meta.dirname, '../../packages');
const CONTAINED = ['base', 'vfs', 'bloom', 'sstable', 'engine'];

/** Writes the module in `outputDirectory`, from the compiled packages. */
export async function bundleWorker(outputDirectory) {
  await writeGenerated(join(outputDirectory, MODULE_NAME), {
    stamp: `// Made by tools/build from the compiled packages ${digestOf(inputs())}.\n`,
    make: async () => `export const workerSource = ${JSON.stringify(await bundle())};\n`,
  });
}

/** Compiled modules, the one library that stays outside of them, and this program. */
function inputs() {
  const library = join(PACKAGES, 'base/node_modules/xxhash-wasm/package.json');
  const modules = CONTAINED.flatMap((name) => {
    const dist = join(PACKAGES, name, 'dist');
    return readdirSync(dist, { recursive: true })
      .filter((path) => path.endsWith('.js') && !path.endsWith(MODULE_NAME))
      .sort()
      .map((path) => join(dist, path));
  });
  return [...modules, library, import.meta.filename];
}

async function bundle() {
  const { build } = await import('rolldown');
  const { output } = await build({
    input: join(PACKAGES, 'engine/dist/executor/worker-main.js'),
    platform: 'node',
    external: [/^node:/],
    // Smaller, but with the names of functions, which is what a stack trace shows.
    output: {
      format: 'esm',
      codeSplitting: false,
      minify: { mangle: false, compress: true, codegen: { removeWhitespace: true } },
    },
    write: false,
    logLevel: 'warn',
  });
  return output[0].code;
}
