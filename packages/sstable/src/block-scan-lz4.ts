// Where a compressed block must end, by its own bytes: it says how long its content is, and its content is that long at one
// place only.
//
//   +--------------------+----------+ +-----------+----------------+----------+------------+--------------------+ +-------
//   | content length (4) | sequence | | token (1) | more of length | literals | offset (2) | more of length | ... | | trailer
//   +--------------------+----------+ +-----------+----------------+----------+------------+--------------------+ +-------
//
//   token     its high half: how many literals, its low half: how long the copy, less 4; 15 stands for more bytes, up to and
//             with the first that is not 255
//   literals  content as it is
//   offset    how far back in the content the copy starts. The last sequence ends before it
//
// Nothing is decompressed. Bytes that are not compressed mostly end this at the first or second offset, which leads out of
// the content or is zero.

import { readU16, readU32 } from '@varve/base';
import { CODEC_LZ4, COMPRESSED_CONTENT_SIZE_BYTES_MAX } from './block/compression.js';
import { storedCodec, storedContentLength, TRAILER_SIZE_BYTES } from './block/trailer.js';
import { STEP_COST, type WorkAllowance } from './block-scan-work.js';
import { DATA_BLOCK_HEADER_SIZE_BYTES } from './data-block/format.js';

/** Of the content length in front of the sequences. */
export const LZ4_LENGTH_SIZE_BYTES = 4;

const OFFSET_SIZE_BYTES = 2;
const COPY_LENGTH_MIN = 4;
const HALF_BITS = 4;
const HALF_MAX = 0x0f;
const BYTE_MAX = 0xff;

/** Gives where the compressed block that starts at `start` ends, if there is its trailer, else 0. Its steps are charged. */
export function compressedEnd(bytes: Uint8Array, start: number, allowance: WorkAllowance): number {
  const firstToken = start + LZ4_LENGTH_SIZE_BYTES;
  if (firstToken >= bytes.length) return 0;
  const contentLength = readU32(bytes, start);
  const isLength =
    contentLength > DATA_BLOCK_HEADER_SIZE_BYTES &&
    contentLength <= COMPRESSED_CONTENT_SIZE_BYTES_MAX;
  // A copy needs something to copy, so the first sequence has literals.
  if (!isLength || bytes[firstToken] >>> HALF_BITS === 0) return 0;
  return new Walk(bytes, firstToken, { contentLength, allowance }).end();
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly #contentLength: number;
  readonly #allowance: WorkAllowance;
  /** Behind the last byte that can be part of the content. */
  readonly #limit: number;
  #position: number;
  /** How much content there is so far. */
  #length = 0;

  constructor(
    bytes: Uint8Array,
    position: number,
    { contentLength, allowance }: { contentLength: number; allowance: WorkAllowance },
  ) {
    this.#bytes = bytes;
    this.#position = position;
    this.#contentLength = contentLength;
    this.#allowance = allowance;
    this.#limit = bytes.length - TRAILER_SIZE_BYTES;
  }

  end(): number {
    while (this.#position < this.#limit && this.#allowance.take(STEP_COST)) {
      const token = this.#bytes[this.#position++];
      this.#passLiterals(token >>> HALF_BITS);
      if (this.#length >= this.#contentLength) return this.#endHere();
      if (!this.#passCopy(token & HALF_MAX)) return 0;
    }
    return 0;
  }

  #passLiterals(half: number): void {
    const length = this.#wholeLength(half);
    this.#position += length;
    this.#length += length;
  }

  #passCopy(half: number): boolean {
    if (this.#position + OFFSET_SIZE_BYTES > this.#limit) return false;
    const offset = readU16(this.#bytes, this.#position);
    if (offset === 0 || offset > this.#length) return false;
    this.#position += OFFSET_SIZE_BYTES;
    this.#length += this.#wholeLength(half) + COPY_LENGTH_MIN;
    return this.#length <= this.#contentLength;
  }

  #wholeLength(half: number): number {
    if (half < HALF_MAX) return half;
    let length = half;
    let byte = BYTE_MAX;
    while (byte === BYTE_MAX && this.#position < this.#limit && this.#allowance.take(STEP_COST)) {
      byte = this.#bytes[this.#position++];
      length += byte;
    }
    return length;
  }

  #endHere(): number {
    const end = this.#position + TRAILER_SIZE_BYTES;
    if (this.#length !== this.#contentLength || end > this.#bytes.length) return 0;
    const isTrailer =
      storedCodec(this.#bytes, end) === CODEC_LZ4 &&
      storedContentLength(this.#bytes, end) === this.#contentLength;
    return isTrailer ? end : 0;
  }
}
