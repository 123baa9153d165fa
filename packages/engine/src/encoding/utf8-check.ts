// Whether bytes are UTF-8, and where they stop being it.

/**
 * Gives the offset of the first byte in `bytes[start, end)` that begins no valid UTF-8 sequence, or
 * -1. O(bytes).
 */
export function utf8FaultOffset(bytes: Uint8Array, start: number, end: number): number {
  let offset = start;
  while (offset < end) {
    offset = asciiEnd(bytes, offset, end);
    if (offset === end) break;
    const size = sequenceSize(bytes, offset, end);
    if (size === 0) return offset;
    offset += size;
  }
  return -1;
}

/**
 * Gives the offset of the first byte from `start` on that is not ASCII, or `end`. Four bytes at a
 * time: most text is.
 */
function asciiEnd(bytes: Uint8Array, start: number, end: number): number {
  let offset = start;
  for (; offset + 4 <= end; offset += 4) {
    const quad = bytes[offset] | bytes[offset + 1] | bytes[offset + 2] | bytes[offset + 3];
    if (quad > 0x7f) break;
  }
  while (offset < end && bytes[offset] <= 0x7f) offset++;
  return offset;
}

/**
 * Whether half of a surrogate pair, written as if it were a character, is at `offset`: ED A0 80 to
 * ED BF BF.
 */
export function isEncodedSurrogate(bytes: Uint8Array, offset: number, end: number): boolean {
  return (
    offset + 3 <= end &&
    bytes[offset] === 0xed &&
    bytes[offset + 1] >= 0xa0 &&
    bytes[offset + 1] <= 0xbf &&
    isContinuation(bytes[offset + 2])
  );
}

/**
 * Size of the sequence of 2 to 4 bytes at `offset`, or 0 if there is none. The second byte of some
 * lead bytes has a narrower range: it rules out longer forms than needed, surrogates, and what is
 * above U+10FFFF.
 */
function sequenceSize(bytes: Uint8Array, offset: number, end: number): number {
  const lead = bytes[offset];
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size = lead <= 0xdf ? 2 : lead <= 0xef ? 3 : 4;
  if (offset + size > end) return 0;
  const second = bytes[offset + 1];
  const secondMin = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const secondMax = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < secondMin || second > secondMax) return 0;
  for (let index = 2; index < size; index++) {
    if (!isContinuation(bytes[offset + index])) return 0;
  }
  return size;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
