// Puts msgpackr into the engine's dist, so that nobody who installs the engine installs it.
//
// msgpackr's JavaScript is what we use; its optional dependency msgpackr-extract runs a script when
// it is installed, and nothing that a user of Varve installs may do that. One module imports it,
// encoding/msgpack-library: it becomes a bundle with msgpackr's code and licence inside.

import { join } from 'node:path';
import { digestOf, licenceComment, packageLabel, writeGenerated } from './generated-module.mjs';

const MODULE_NAME = 'msgpack-library';
const ENGINE = join(import.meta.dirname, '../../packages/engine');
const SOURCE_PATH = join(ENGINE, 'src/encoding', `${MODULE_NAME}.ts`);
const LIBRARY_DIRECTORY = join(ENGINE, 'node_modules/msgpackr');

/** Writes the module in `outputDirectory`. */
export async function bundleMsgpack(outputDirectory) {
  await writeGenerated(join(outputDirectory, `${MODULE_NAME}.js`), {
    stamp: `// Made by tools/build from ${packageLabel(LIBRARY_DIRECTORY)} and source ${digestOf([SOURCE_PATH, import.meta.filename])}.\n`,
    make: async () =>
      licenceComment('msgpackr', join(LIBRARY_DIRECTORY, 'LICENSE')) + (await bundle()),
  });
}

async function bundle() {
  // Loaded here, because a run that has nothing to do should not wait for it.
  const { build } = await import('rolldown');
  const { output } = await build({
    input: SOURCE_PATH,
    platform: 'node',
    // The modules beside this one stay beside it.
    external: (id, importer) => importer === SOURCE_PATH && id.startsWith('./'),
    output: { format: 'esm', codeSplitting: false },
    write: false,
    logLevel: 'warn',
  });
  return output[0].code;
}
