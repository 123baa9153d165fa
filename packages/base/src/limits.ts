// The largest things the engine accepts. They are part of the file formats: a reader may rely on
// them.

import { assert } from './assert.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** The longest key, in bytes. */
export const MAX_KEY_SIZE_BYTES = 64 * KIB;

/** The longest value, in bytes. */
export const MAX_VALUE_SIZE_BYTES = GIB;

/** The largest batch, encoded, in bytes: the largest value fits, with its key and room to spare. */
export const MAX_BATCH_SIZE_BYTES = GIB + 16 * MIB;

assert(
  MAX_BATCH_SIZE_BYTES > MAX_VALUE_SIZE_BYTES + MAX_KEY_SIZE_BYTES,
  'a batch must be able to hold the largest entry',
);
assert(MAX_BATCH_SIZE_BYTES < 2 ** 31, 'offsets inside a batch must be 32-bit integers');
