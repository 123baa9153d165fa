// Puts the WebAssembly of LZ4 into the dist of sstable, so that it is found wherever that code ends up.
//
// lz4-wasm-nodejs reads it from a file beside its own, by `__dirname` and `require`: neither exists once a program is
// bundled into one ES module. Of the package's JavaScript only the function that WebAssembly imports is needed, and that
// one makes the message of an error nobody looks at.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, licenceComment, packageLabel, writeGenerated } from './generated-module.mjs';

const LIBRARY_DIRECTORY = join(
  import.meta.dirname,
  '../../packages/sstable/node_modules/lz4-wasm-nodejs',
);
const WASM_PATH = join(LIBRARY_DIRECTORY, 'lz4_wasm_nodejs_bg.wasm');
const EXPECTED_IMPORTS = '__wbindgen_placeholder__.__wbindgen_string_new';

/** Writes the module in `outputDirectory`. */
export async function inlineLz4(outputDirectory) {
  await writeGenerated(join(outputDirectory, 'lz4-module.js'), {
    stamp: `// Made by tools/build from ${packageLabel(LIBRARY_DIRECTORY)}, code ${digestOf([WASM_PATH, import.meta.filename])}.\n`,
    make: () =>
      licenceComment('lz4-wasm-nodejs', join(LIBRARY_DIRECTORY, 'LICENSE_MIT')) + moduleCode(),
  });
}

function moduleCode() {
  const wasm = readFileSync(WASM_PATH);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm))
    .map(({ module, name }) => `${module}.${name}`)
    .join();
  if (imports !== EXPECTED_IMPORTS) {
    throw new Error(`Cannot inline lz4-wasm-nodejs: its code imports ${imports}`);
  }
  return `const code = Uint8Array.from(atob('${wasm.toString('base64')}'), (character) => character.charCodeAt(0));
const imports = { __wbindgen_placeholder__: { __wbindgen_string_new: () => 0 } };
export const lz4 = new WebAssembly.Instance(new WebAssembly.Module(code), imports).exports;
`;
}
