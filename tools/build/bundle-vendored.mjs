// Puts msgpackr into the engine's dist, so that nobody who installs the engine installs it.
//
// msgpackr's JavaScript is what we use; its optional dependency msgpackr-extract runs a script when
// it is installed, and nothing that a user of Varve installs may do that. One module imports it,
// encoding/msgpack-library. After `tsc -b` this script replaces that module in dist by a bundle
// with msgpackr's code and licence inside. Further runs do nothing until the module or the version
// of msgpackr changes.
//
// Usage: node tools/build/bundle-vendored.mjs [directory of the compiled module]

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULE_NAME = 'msgpack-library';
const ENGINE = join(import.meta.dirname, '../../packages/engine');
const SOURCE_PATH = join(ENGINE, 'src/encoding', `${MODULE_NAME}.ts`);
const LIBRARY_DIRECTORY = join(ENGINE, 'node_modules/msgpackr');

const outputDirectory = process.argv[2] ?? join(ENGINE, 'dist/encoding');
const outputPath = join(outputDirectory, `${MODULE_NAME}.js`);
const stamp = stampOf(SOURCE_PATH, LIBRARY_DIRECTORY);

if (!existsSync(outputPath) || !readFileSync(outputPath, 'utf8').startsWith(stamp)) {
  const code = await bundle(SOURCE_PATH);
  writeFileSync(outputPath, `${stamp}${licenceOf(LIBRARY_DIRECTORY)}${code}`);
  // The map of the compiler describes the module as it was.
  rmSync(`${outputPath}.map`, { force: true });
}

/** The first line of the bundle: it names everything the bundle depends on. */
function stampOf(sourcePath, libraryDirectory) {
  const { name, version } = JSON.parse(
    readFileSync(join(libraryDirectory, 'package.json'), 'utf8'),
  );
  const digest = createHash('sha256').update(readFileSync(sourcePath)).digest('hex').slice(0, 16);
  return `// Made by tools/build/bundle-vendored.mjs from ${name} ${version} and source ${digest}.\n`;
}

function licenceOf(libraryDirectory) {
  const text = readFileSync(join(libraryDirectory, 'LICENSE'), 'utf8').trim();
  return `/*! msgpackr, which is contained in this file:\n\n${text}\n*/\n`;
}

async function bundle(sourcePath) {
  // Loaded here, because a run that has nothing to do should not wait for it.
  const { build } = await import('rolldown');
  const { output } = await build({
    input: sourcePath,
    platform: 'node',
    // The modules beside this one stay beside it.
    external: (id, importer) => importer === sourcePath && id.startsWith('./'),
    output: { format: 'esm', codeSplitting: false },
    write: false,
    logLevel: 'warn',
  });
  return output[0].code;
}
