/**
 * Values that are generated and never constant, at next to no cost: windows cut beforehand out of one piece of memory.
 *
 * Which window a value is follows from its key and from the write that made it, so every value read can be checked.
 */
import { hash32 } from './random.js';

/** As db_bench: compressible within pieces of this size. */
const PIECE_SIZE_BYTES = 100;
const MIB = 1024 * 1024;
const MEMORY_SIZE_BYTES = 4 * MIB;
const WINDOW_COUNT_MOST = 4096;
const WINDOW_COUNT_LEAST = 1024;

/** The generation of values that a store was prepared with. */
export const PREPARED_GENERATION = 0;

/** A pool of values of one size. */
export class ValuePool {
  readonly #windows: readonly Buffer[];
  readonly #mask: number;

  /** `compressibility` is the share of each value that compresses away, 0 to 1. */
  constructor(
    sizeBytes: number,
    options: { readonly compressibility: number; readonly seed: number },
  ) {
    const isSmall = sizeBytes * WINDOW_COUNT_MOST <= MEMORY_SIZE_BYTES;
    const count = isSmall ? WINDOW_COUNT_MOST : WINDOW_COUNT_LEAST;
    const stride = Math.min(sizeBytes, MEMORY_SIZE_BYTES / WINDOW_COUNT_LEAST);
    const bytes = generate(stride * count + sizeBytes, options);
    this.#mask = count - 1;
    this.#windows = Array.from({ length: count }, (_, index) =>
      bytes.subarray(index * stride, index * stride + sizeBytes),
    );
  }

  /** The value that write number `generation` gives a key. Do not write to it. */
  at(keyNumber: number, generation: number): Buffer {
    const mixed = Math.imul(generation, 0x9e3779b1) >>> 15;
    return this.#windows[(keyNumber + mixed) & this.#mask];
  }
}

/** Pieces that begin with random bytes and repeat them to the end. */
function generate(
  sizeBytes: number,
  options: { readonly compressibility: number; readonly seed: number },
): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  const randomSizeBytes = Math.max(1, Math.round(PIECE_SIZE_BYTES * (1 - options.compressibility)));
  for (let position = 0; position < sizeBytes; position++) {
    const offset = position % PIECE_SIZE_BYTES;
    const isRandom = offset < randomSizeBytes;
    bytes[position] = isRandom
      ? hash32(position, options.seed) & 0xff
      : bytes[position - randomSizeBytes];
  }
  return bytes;
}
