// The WebAssembly of LZ4, instantiated: the only importer of lz4-wasm-nodejs.
//
// That package reads its code from a file beside it, which is no longer there when a program is bundled into one file.
// The build replaces this module in dist by one that contains the code (tools/build), so nobody who installs this package
// installs that one. The version is pinned, since what is used of it is what its own functions call.

import { assert } from '@varve/base';
import * as library from 'lz4-wasm-nodejs';

/** What the package's own glue calls. */
export interface Lz4Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  __wbindgen_add_to_stack_pointer(delta: number): number;
  __wbindgen_malloc(sizeBytes: number): number;
  __wbindgen_free(pointer: number, sizeBytes: number): void;
  compress(resultPointer: number, pointer: number, length: number): void;
  decompress(resultPointer: number, pointer: number, length: number): void;
}

export const lz4 = (library as unknown as { readonly __wasm: Lz4Exports }).__wasm;
assert(typeof lz4?.decompress === 'function', 'lz4-wasm-nodejs is of a version with other exports');
