// LZ4 from the WebAssembly package, without its garbage.
//
// The package's functions give every result in a buffer of its own. For blocks of a few KiB that is an
// allocation outside the JavaScript heap per block, which the collector notices late: tens of megabytes
// of process memory under load. So its exports are called as its own functions do, and results are
// copied from WebAssembly memory to where they belong.

import { lz4 } from './lz4-module.js';

/** Pointer, length, error object and error flag. */
const RESULT_SIZE_BYTES = 16;

let bytesOfMemory = new Uint8Array(0);
let wordsOfMemory = new Int32Array(0);

/** Views of the memory as it is now: growing it detaches older views. */
function refreshViews(): void {
  if (bytesOfMemory.buffer === lz4.memory.buffer) return;
  bytesOfMemory = new Uint8Array(lz4.memory.buffer);
  wordsOfMemory = new Int32Array(lz4.memory.buffer);
}

/**
 * Compresses `source[start, end)` and writes the result to `target` at `targetOffset` if it has at most
 * `limit` bytes; gives its length, or -1 if it has more.
 */
export function lz4Compress(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetOffset: number,
  limit: number,
): number {
  return run('compress', source, start, end, target, targetOffset, 0, limit);
}

/**
 * Decompresses `source[start, end)` and writes the result to `target` at `targetOffset` if it has exactly
 * `length` bytes; gives -1 if it has not, or if the source is damaged.
 */
export function lz4Decompress(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetOffset: number,
  length: number,
): number {
  return run('decompress', source, start, end, target, targetOffset, length, length);
}

function run(
  operation: 'compress' | 'decompress',
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetOffset: number,
  lengthMin: number,
  lengthMax: number,
): number {
  const resultPointer = lz4.__wbindgen_add_to_stack_pointer(-RESULT_SIZE_BYTES);
  try {
    const length = end - start;
    const pointer = lz4.__wbindgen_malloc(length);
    refreshViews();
    bytesOfMemory.set(source.subarray(start, end), pointer);
    lz4[operation](resultPointer, pointer, length);
    refreshViews();
    const resultIndex = resultPointer >>> 2;
    if (operation === 'decompress' && wordsOfMemory[resultIndex + 3] !== 0) return -1;
    return take(wordsOfMemory[resultIndex], wordsOfMemory[resultIndex + 1]);
  } finally {
    lz4.__wbindgen_add_to_stack_pointer(RESULT_SIZE_BYTES);
  }

  function take(resultStart: number, resultLength: number): number {
    const fits = resultLength >= lengthMin && resultLength <= lengthMax;
    if (fits) {
      target.set(bytesOfMemory.subarray(resultStart, resultStart + resultLength), targetOffset);
    }
    lz4.__wbindgen_free(resultStart, resultLength);
    return fits ? resultLength : -1;
  }
}
