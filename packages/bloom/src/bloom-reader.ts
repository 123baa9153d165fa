// Answers from the bytes of a filter, in place. See bloom-format.ts for the bytes.
//
// A lookup is a few multiplications and byte loads in one cache line; it leaves at the first bit
// that is not set, which for an absent key is on average the second.

import { ByteReader, type DecodeContext, readU16, readU32, StorageError } from '@varve/base';
import {
  BLOCK_COUNT_MAX,
  BLOCK_COUNT_OFFSET,
  BLOCK_SIZE_BYTES,
  blockOffsetOf,
  FORMAT_VERSION,
  HEADER_SIZE_BYTES,
  nextProbe,
  PROBE_COUNT_MAX,
  PROBE_COUNT_OFFSET,
  PROBE_SHIFT,
  RESERVED_OFFSET,
} from './bloom-format.js';

/** A filter that can be asked. */
export class BloomReader {
  /** How many bytes of memory the filter holds. */
  readonly sizeBytes: number;
  /** How many keys it was made of. */
  readonly keyCount: number;
  /** The filter, as it was given: not to be changed. */
  readonly bytes: Uint8Array;
  readonly #filter: Uint8Array;
  readonly #blockCount: number;
  readonly #probeCount: number;

  /**
   * Reads a filter from exactly `filter`, which it keeps: it must not change any more. Throws
   * `CORRUPTION` if the bytes are not a filter, `UNSUPPORTED_FORMAT` if a newer version made it.
   * That bits were not altered is for a checksum around the filter to tell.
   */
  constructor(filter: Uint8Array, context: DecodeContext) {
    const header = decodeHeader(filter, context);
    this.sizeBytes = filter.length;
    this.keyCount = header.keyCount;
    this.bytes = filter;
    this.#filter = filter;
    this.#blockCount = header.blockCount;
    this.#probeCount = header.probeCount;
  }

  /**
   * Whether the key with this `hashKey` may have been added: false is certain. 0.015 µs while the
   * filter is in the processor's cache; allocates nothing.
   */
  mayContain(hash: number): boolean {
    if (this.#blockCount === 0) return false;
    const filter = this.#filter;
    const blockOffset = blockOffsetOf(hash, this.#blockCount);
    let probe = hash;
    for (let remaining = this.#probeCount; remaining > 0; remaining--) {
      probe = nextProbe(probe);
      const bit = probe >>> PROBE_SHIFT;
      if ((filter[blockOffset + (bit >>> 3)] & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}

/** How long the filter that starts at `start` says that it is, in bytes, whatever follows there; 0 when none can start there. */
export function statedFilterLength(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== FORMAT_VERSION || start + HEADER_SIZE_BYTES > bytes.length) return 0;
  const probeCount = bytes[start + PROBE_COUNT_OFFSET];
  if (probeCount < 1 || probeCount > PROBE_COUNT_MAX) return 0;
  if (readU16(bytes, start + RESERVED_OFFSET) !== 0) return 0;
  return HEADER_SIZE_BYTES + readU32(bytes, start + BLOCK_COUNT_OFFSET) * BLOCK_SIZE_BYTES;
}

interface BloomHeader {
  readonly probeCount: number;
  readonly keyCount: number;
  readonly blockCount: number;
}

function decodeHeader(filter: Uint8Array, context: DecodeContext): BloomHeader {
  const reader = new ByteReader(filter, context);
  const version = reader.u8();
  if (version > FORMAT_VERSION) {
    const message = `Cannot read filter of ${context.file}: version ${version} is not known`;
    throw new StorageError('UNSUPPORTED_FORMAT', message, { file: context.file });
  }
  if (version !== FORMAT_VERSION) reader.fail(`version ${version} is not a filter's`);
  const probeCount = reader.u8();
  if (probeCount < 1 || probeCount > PROBE_COUNT_MAX) reader.fail(`${probeCount} probes`);
  if (reader.u16() !== 0) reader.fail('reserved bytes are not zero');
  const keyCount = reader.u32();
  const blockCount = reader.u32();
  if ((keyCount === 0) !== (blockCount === 0) || blockCount > BLOCK_COUNT_MAX) {
    reader.fail(`${blockCount} blocks for ${keyCount} keys`);
  }
  if (reader.u32() !== 0) reader.fail('reserved bytes are not zero');
  if (reader.remaining !== blockCount * BLOCK_SIZE_BYTES) {
    reader.fail(`${blockCount} blocks expected in ${reader.remaining} bytes`);
  }
  return { probeCount, keyCount, blockCount };
}
