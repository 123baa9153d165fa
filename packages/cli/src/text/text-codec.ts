// Keys and values as text, in whatever encoding a keyspace stores them.
//
//   utf8, hex, base64    the engine gives bytes; byte-text.ts writes them
//   json                 the engine gives bytes, which are JSON text
//   msgpack, tuple       the engine decodes; the value is written as JSON
//
// JSON output holds structured values themselves, not texts with JSON in them. For programs (`toField`, `format`)
// nothing is lost or it is an error. For people (`show`) everything is shown, somehow.

import { UsageError } from '../failures.js';
import {
  clip,
  escapeControls,
  escapeForTerminal,
  formatBytesAsText,
  isTextForm,
  parseBytes,
  TEXT_FORMS,
  type TextForm,
  UnprintableBytesError,
} from './byte-text.js';
import {
  describeInexactNumber,
  findInexactNumber,
  INEXACT_NUMBER_ADVICE,
} from './inexact-number.js';

/** Encodings of the engine whose values are more than text and bytes. */
const DECODED_ENCODINGS = ['msgpack', 'tuple'] as const;

/** The names accepted by `--key-encoding` and `--value-encoding`. */
export const TEXT_ENCODINGS = [...TEXT_FORMS, 'json', ...DECODED_ENCODINGS] as const;

/** How keys or values are written as text. */
export type TextEncoding = (typeof TEXT_ENCODINGS)[number];

/** What is JSON is UTF-8, whatever numbers are in it. */
const AS_TEXT_ADVICE =
  'Write the text as it is stored: --key-encoding utf8 for keys, --value-encoding utf8 for values.';

/** What the engine gives and takes for a key or value; its codec knows which it is. */
export type Stored = unknown;

/** Text and JSON to keys or values and back. */
export interface TextCodec {
  readonly encoding: TextEncoding;
  /** The encoding to open the keyspace with, so that the engine gives and takes what this codec does. */
  readonly engineEncoding: 'binary' | 'msgpack' | 'tuple';
  /** From a word of the command line or a CSV field. Throws UsageError. */
  parse(text: string): Stored;
  /** From a field of a JSON object. Throws UsageError. */
  parseField(field: unknown): Stored;
  /** Text that `parse` reads back. Throws UnprintableBytesError. */
  format(stored: Stored): string;
  /** A field for JSON output that `parseField` reads back. Throws UnprintableBytesError. */
  toField(stored: Stored): unknown;
  /** One line for a person, safe for a terminal. Never throws. */
  show(stored: Stored): string;
}

/** The codec of that name. */
export function createTextCodec(encoding: TextEncoding): TextCodec {
  if (isTextForm(encoding)) {
    return new PlainCodec(encoding);
  }
  return encoding === 'json' ? new JsonCodec() : new DecodedCodec(encoding);
}

/** How a keyspace of the engine is written as text unless something else is asked for. */
export function defaultTextEncoding(engineEncoding: string): TextEncoding {
  // Bytes, and encodings that only their own program can decode, are written as what they are.
  return TEXT_ENCODINGS.find((name) => name === engineEncoding) ?? 'hex';
}

/** The encoding a keyspace is created with when its entries are written like this. */
export function engineEncodingFor(
  encoding: TextEncoding,
): 'utf8' | 'binary' | 'json' | 'msgpack' | 'tuple' {
  return encoding === 'hex' || encoding === 'base64' ? 'binary' : encoding;
}

class PlainCodec implements TextCodec {
  readonly encoding: TextForm;
  readonly engineEncoding = 'binary';

  constructor(form: TextForm) {
    this.encoding = form;
  }

  parse(text: string): Stored {
    return parseBytes(text, this.encoding);
  }

  parseField(field: unknown): Stored {
    return this.parse(typeof field === 'string' ? field : JSON.stringify(field));
  }

  format(stored: Stored): string {
    return formatBytesAsText(stored as Uint8Array, this.encoding);
  }

  toField(stored: Stored): unknown {
    return this.format(stored);
  }

  show(stored: Stored): string {
    return this.encoding === 'utf8' ? escapeForTerminal(stored as Uint8Array) : this.format(stored);
  }
}

class JsonCodec implements TextCodec {
  readonly encoding = 'json';
  readonly engineEncoding = 'binary';

  parse(text: string): Stored {
    return this.parseField(parseJson(text, 'json'));
  }

  parseField(field: unknown): Stored {
    return parseBytes(JSON.stringify(field), 'utf8');
  }

  format(stored: Stored): string {
    return JSON.stringify(this.toField(stored));
  }

  toField(stored: Stored): unknown {
    const text = formatBytesAsText(stored as Uint8Array, 'utf8');
    const value = parseStoredJson(text);
    const literal = findInexactNumber(text);
    if (literal !== undefined) {
      throw new UnprintableBytesError(
        `Cannot write a json value without loss: it holds ${describeInexactNumber(literal)}`,
        { advice: AS_TEXT_ADVICE },
      );
    }
    return value;
  }

  show(stored: Stored): string {
    return escapeForTerminal(stored as Uint8Array);
  }
}

class DecodedCodec implements TextCodec {
  readonly encoding: 'msgpack' | 'tuple';
  readonly engineEncoding: 'msgpack' | 'tuple';

  constructor(encoding: 'msgpack' | 'tuple') {
    this.encoding = encoding;
    this.engineEncoding = encoding;
  }

  parse(text: string): Stored {
    return this.parseField(parseJson(text, this.encoding));
  }

  parseField(field: unknown): Stored {
    if (this.encoding === 'tuple' && !Array.isArray(field)) {
      throw new UsageError(
        `Cannot use ${clip(JSON.stringify(field))} as a tuple: it must be a JSON array, such as ["CH", 42]`,
      );
    }
    return field;
  }

  format(stored: Stored): string {
    return JSON.stringify(this.toField(stored));
  }

  toField(stored: Stored): unknown {
    assertJson(stored, this.encoding);
    return stored;
  }

  show(stored: Stored): string {
    return escapeControls(JSON.stringify(stored, showBeyondJson));
  }
}

function parseStoredJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnprintableBytesError(`Cannot read ${JSON.stringify(clip(text))} as JSON`);
  }
}

function parseJson(text: string, encoding: TextEncoding): unknown {
  const value = parseJsonWord(text, encoding);
  const literal = findInexactNumber(text);
  if (literal !== undefined) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(clip(text))} as ${encoding}: it holds ${describeInexactNumber(literal)}. ${INEXACT_NUMBER_ADVICE}`,
    );
  }
  return value;
}

function parseJsonWord(text: string, encoding: TextEncoding): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const example = encoding === 'tuple' ? '["CH", 42]' : '{"name": "Ada"} or "text"';
    throw new UsageError(
      `Cannot read ${JSON.stringify(clip(text))} as ${encoding}: it must be JSON, such as ${example}`,
    );
  }
}

/** Throws UnprintableBytesError when JSON has no such value. The engine limits how deep values are nested. */
function assertJson(value: unknown, encoding: TextEncoding): void {
  const kind = kindBeyondJson(value);
  if (kind !== undefined) {
    throw new UnprintableBytesError(
      `Cannot write a ${encoding} value as JSON without loss: it holds ${kind}`,
    );
  }
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) {
      assertJson(part, encoding);
    }
  }
}

function kindBeyondJson(value: unknown): string | undefined {
  if (value instanceof Date) {
    return 'a date';
  }
  if (value instanceof Uint8Array) {
    return 'bytes';
  }
  if (typeof value === 'bigint') {
    return 'a bigint';
  }
  return typeof value === 'number' && !Number.isFinite(value) ? `the number ${value}` : undefined;
}

/** For JSON.stringify: gives what JSON cannot hold a form a person understands. Dates become text by themselves. */
function showBeyondJson(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return `0x${formatBytesAsText(value, 'hex')}`;
  }
  return kindBeyondJson(value) === undefined ? value : String(value);
}
