// Bytes as text and back: how keys and values are written on the command line and printed.
//
//   utf8     the text itself; refused when the bytes are not valid UTF-8, never replaced by U+FFFD
//   hex      two digits per byte, either case when read, lower case when written
//   base64   RFC 4648 with padding when written; padding optional when read
//
// Every pair of parse and format is lossless or an error: what `export` wrote, `import` reads back equal.
// `escapeForTerminal` is the exception, for people's eyes only: it never fails and never lets a stored
// control character reach the terminal.

import { NotSoError, UsageError } from '../failures.js';

/** The ways to write any bytes. */
export const TEXT_FORMS = ['utf8', 'hex', 'base64'] as const;

/** How bytes are written as text. */
export type TextForm = (typeof TEXT_FORMS)[number];

/** Whether a name is one of TEXT_FORMS. */
export function isTextForm(name: string): name is TextForm {
  return (TEXT_FORMS as readonly string[]).includes(name);
}

const HEX_PATTERN = /^(?:[0-9a-f]{2})*$/i;
const BASE64_PATTERN = /^[A-Za-z0-9+/]*={0,2}$/;
const CONTROL_PATTERN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const LONE_SURROGATE_PATTERN = /\p{Cs}/u;
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const AS_HEX_ADVICE =
  'Write them as hex or base64: --key-encoding hex for keys, --value-encoding hex for values.';

/** Bytes that cannot be written in the form asked for. */
export class UnprintableBytesError extends NotSoError {
  constructor(message: string, options: { advice: string } = { advice: AS_HEX_ADVICE }) {
    super(message, options);
  }
}

/** Reads bytes out of text in the given form. Throws UsageError when the text is not of that form. */
export function parseBytes(text: string, form: TextForm): Uint8Array {
  switch (form) {
    case 'utf8':
      return parseUtf8(text);
    case 'hex':
      return parseHex(text);
    case 'base64':
      return parseBase64(text);
  }
}

/** Writes bytes in the given form. Throws UnprintableBytesError when they are not valid UTF-8. */
export function formatBytesAsText(bytes: Uint8Array, form: TextForm): string {
  switch (form) {
    case 'utf8':
      return formatUtf8(bytes);
    case 'hex':
      return bufferOver(bytes).toString('hex');
    case 'base64':
      return bufferOver(bytes).toString('base64');
  }
}

/**
 * Bytes for a person to read, in one line: UTF-8 text with control characters, line ends and bytes that
 * are no UTF-8 written as `\xNN` or `\u{NNNN}`. Not reversible: a stored backslash stays a backslash.
 */
export function escapeForTerminal(bytes: Uint8Array): string {
  try {
    return escapeControls(strictDecoder.decode(bytes));
  } catch {
    return escapeEachByte(bytes);
  }
}

/** The same for text that is already decoded: file names, messages of other programs. */
export function escapeControls(text: string): string {
  return text.replace(CONTROL_PATTERN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? byteEscape(code) : `\\u{${code.toString(16)}}`;
  });
}

function parseUtf8(text: string): Uint8Array {
  if (LONE_SURROGATE_PATTERN.test(text)) {
    throw new UsageError('Cannot use the text as utf8: it holds half of a surrogate pair');
  }
  return encoder.encode(text);
}

function parseHex(text: string): Uint8Array {
  if (!HEX_PATTERN.test(text)) {
    throw new UsageError(
      `Cannot read ${JSON.stringify(clip(text))} as hex: it must be pairs of the digits 0-9 and a-f`,
    );
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function parseBase64(text: string): Uint8Array {
  const unpadded = text.replace(/=+$/, '');
  if (!BASE64_PATTERN.test(text) || unpadded.length % 4 === 1) {
    throw new UsageError(`Cannot read ${JSON.stringify(clip(text))} as base64`);
  }
  return new Uint8Array(Buffer.from(unpadded, 'base64'));
}

function formatUtf8(bytes: Uint8Array): string {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    const start = bufferOver(bytes.subarray(0, 16)).toString('hex');
    throw new UnprintableBytesError(
      `Cannot write ${bytes.length} bytes (hex ${start}${bytes.length > 16 ? '…' : ''}) as utf8: they are not valid UTF-8`,
    );
  }
}

/** Keeps what is valid UTF-8 readable and escapes only the bytes that are not. */
function escapeEachByte(bytes: Uint8Array): string {
  const loose = bufferOver(bytes);
  let text = '';
  let offset = 0;
  while (offset < bytes.length) {
    const length = validSequenceLength(bytes, offset);
    text +=
      length === 0
        ? byteEscape(bytes[offset]!)
        : escapeControls(loose.toString('utf8', offset, offset + length));
    offset += Math.max(length, 1);
  }
  return text;
}

function validSequenceLength(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  try {
    strictDecoder.decode(bytes.subarray(offset, offset + length));
    return Math.min(length, bytes.length - offset);
  } catch {
    return 0;
  }
}

function byteEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The beginning of a text that may be too long for a message. */
export function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
