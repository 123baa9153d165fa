// The lines of a dump that show what follows the content of a block.

import {
  CHECKSUM_SIZE_BYTES,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
} from '../block/trailer.js';
import type { HexDump } from './hex-dump.js';

/** The lines of the trailer that starts at `start`. */
export function* dumpTrailer(
  dump: HexDump,
  bytes: Uint8Array,
  start: number,
): Generator<string, void> {
  const end = start + TRAILER_SIZE_BYTES;
  yield* dump.field(start, 1, `codec: ${storedCodec(bytes, end)}`);
  yield* dump.field(start + 1, 4, `content length: ${storedContentLength(bytes, end)}`);
  yield* dump.field(end - CHECKSUM_SIZE_BYTES, CHECKSUM_SIZE_BYTES, 'checksum');
}
