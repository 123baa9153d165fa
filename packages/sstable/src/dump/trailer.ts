// The lines of a dump that show what follows the content of a block.

import {
  CHECKSUM_SIZE_BYTES,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
} from '../block/trailer.js';
import type { HexDump } from './hex-dump.js';

/** Adds the trailer that starts at `start`. */
export function dumpTrailer(dump: HexDump, bytes: Uint8Array, start: number): void {
  const end = start + TRAILER_SIZE_BYTES;
  dump.field(start, 1, `codec: ${storedCodec(bytes, end)}`);
  dump.field(start + 1, 4, `content length: ${storedContentLength(bytes, end)}`);
  dump.field(end - CHECKSUM_SIZE_BYTES, CHECKSUM_SIZE_BYTES, 'checksum');
}
