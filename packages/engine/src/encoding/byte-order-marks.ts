// Keeps the byte order mark at the start of a long text in a MessagePack message.
//
// msgpackr 2.1.3 decodes a text of more than 64 bytes with a TextDecoder, which drops U+FEFF at its
// start: a stored value would be read back one character shorter. Such a text is rare (a file from
// Windows, stored whole), so the message is copied with every mark doubled, and the decoder takes
// one of the two.

import { copyBytes } from '@varve/base';

/** Size from which on a text is shortened, in bytes. */
export const SHORTENED_TEXT_SIZE_BYTES_MIN = 65;

const MARK = [0xef, 0xbb, 0xbf];
const TEXT_32_TOKEN = 0xdb;
const TEXT_32_HEADER_SIZE_BYTES = 5;

/** A text in a message that begins with a byte order mark. */
export interface MarkedText {
  /** Where the text begins, after its header. */
  readonly offset: number;
  /** Size of the text in bytes. */
  readonly length: number;
  /** Size of the header before it. */
  readonly headerSizeBytes: number;
}

/** Whether a byte order mark is at `offset`. */
export function hasByteOrderMark(bytes: Uint8Array, offset: number): boolean {
  return MARK.every((byte, index) => bytes[offset + index] === byte);
}

/**
 * Gives a copy of the message `bytes[start, end)` in which `texts`, in ascending order, have their
 * marks twice.
 */
export function doubleByteOrderMarks(
  bytes: Uint8Array,
  start: number,
  end: number,
  texts: readonly MarkedText[],
): Uint8Array {
  const growthMax = MARK.length + TEXT_32_HEADER_SIZE_BYTES;
  const message = new Uint8Array(end - start + texts.length * growthMax);
  const view = new DataView(message.buffer);
  let source = start;
  let target = 0;
  for (const { offset, length, headerSizeBytes } of texts) {
    const headerOffset = offset - headerSizeBytes;
    copyBytes(bytes, source, headerOffset, message, target);
    target += headerOffset - source;
    view.setUint8(target, TEXT_32_TOKEN);
    view.setUint32(target + 1, length + MARK.length);
    message.set(MARK, target + TEXT_32_HEADER_SIZE_BYTES);
    target += TEXT_32_HEADER_SIZE_BYTES + MARK.length;
    source = offset;
  }
  copyBytes(bytes, source, end, message, target);
  return message.subarray(0, target + end - source);
}
