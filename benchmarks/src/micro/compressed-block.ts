/** A block of 4 KiB of values half of which compresses. */
import { someBytes } from './entries.js';
import { rooms } from './rooms.js';

/** Size of the block. */
export const BLOCK_SIZE_BYTES = 4096;

/** Gives a block, and memory with its compressed form at the start. */
export async function compressedBlock() {
  const { compressInPlace } = await rooms.compression();
  const block = someBytes(BLOCK_SIZE_BYTES);
  const stored = Buffer.from(block);
  const storedSizeBytes = compressInPlace(stored, 0, BLOCK_SIZE_BYTES);
  return { block, stored, storedSizeBytes };
}
