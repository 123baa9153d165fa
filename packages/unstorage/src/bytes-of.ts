/**
 * What an item is stored as: bytes as they are, text as UTF-8.
 */
const encoder = new TextEncoder();

/** @throws TypeError for what is neither bytes nor text: it would come back as something else */
export function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return encoder.encode(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  throw new TypeError(
    `Cannot store a raw item: it must be bytes or a string: received ${value === null ? 'null' : typeof value}`,
  );
}
