// Numbers of JSON text that JSON.parse would change: identifiers of 64 bits above all, of which neighbours become equal.
//
//   1234567890123456781   read as 1234567890123456800: refused
//   1e400                 read as Infinity, written as null: refused
//   9007199254740992, 1e21, and every number that JSON.stringify writes: read and written as the same number
//   0.1                   a fraction is read as the nearest number there is, here as everywhere
//
// The text decides, not the number that was read from it: that one is the same for the exact and the inexact.

import { clip } from './byte-text.js';

/** How to keep such a number. */
export const INEXACT_NUMBER_ADVICE =
  'Write it in quotes, as text: whole numbers are exact up to 9007199254740991.';

/**
 * A number that may change has 16 digits before its point, or an exponent and 16 digits, or an exponent of three digits.
 * Most texts have none, so that they cost one search and no scan.
 */
const CANDIDATE_PATTERN = /(?<![\d.])\d{16}|[\d.]{16}[eE]|\d[eE]\+?\d{3}/;
const NUMBER_PATTERN = /-?\d[\d.eE+-]*/y;
const NOTABLE_PATTERN = /["{}[\]\d-]/g;

/** Which numbers of a text matter. */
export interface NumberSearch {
  /** Only those in this member of the outermost object; of a member that is there twice the last counts. */
  readonly field?: string;
}

/** The first number of a JSON text that does not survive JSON.parse, as it is written. Requires: the text is JSON. */
export function findInexactNumber(json: string, search: NumberSearch = {}): string | undefined {
  if (!CANDIDATE_PATTERN.test(json)) {
    return undefined;
  }
  const { field } = search;
  return field === undefined ? firstInexact(json) : lastOfField(json, field);
}

/** What would become of such a number, for a message. */
export function describeInexactNumber(literal: string): string {
  return `the number ${clip(literal)}, which would be read as ${Number(literal)}`;
}

function firstInexact(json: string): string | undefined {
  for (const { isName, text } of tokensOf(json)) {
    if (!isName && isInexactNumber(text)) {
      return text;
    }
  }
  return undefined;
}

function lastOfField(json: string, field: string): string | undefined {
  let found: string | undefined;
  let isInside = false;
  for (const { text, isName } of tokensOf(json)) {
    if (isName) {
      isInside = JSON.parse(text) === field;
      found = isInside ? undefined : found;
    } else if (isInside && found === undefined && isInexactNumber(text)) {
      found = text;
    }
  }
  return found;
}

interface Token {
  /** As it is written: a number, or a name with its quotes. */
  readonly text: string;
  /** Whether it is the name of a member of the outermost object. */
  readonly isName: boolean;
}

/** The numbers, and the names of the outermost object. Strings are passed over by searches for their ends. */
function* tokensOf(json: string): Generator<Token, void> {
  let depth = 0;
  let at = nextNotable(json, 0);
  while (at !== -1) {
    const character = json[at]!;
    let end = at + 1;
    if (character === '"') {
      end = endOfString(json, at);
      if (depth === 1 && isBeforeColon(json, end)) {
        yield { text: json.slice(at, end), isName: true };
      }
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    } else {
      const text = numberAt(json, at);
      end = at + text.length;
      yield { text, isName: false };
    }
    at = nextNotable(json, end);
  }
}

function nextNotable(json: string, start: number): number {
  NOTABLE_PATTERN.lastIndex = start;
  return NOTABLE_PATTERN.exec(json)?.index ?? -1;
}

function numberAt(json: string, at: number): string {
  NUMBER_PATTERN.lastIndex = at;
  return NUMBER_PATTERN.exec(json)![0];
}

/** No pattern for the whole string: one of a hundred million characters would exceed what patterns may remember. */
function endOfString(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1);
  while (isEscaped(json, quote)) {
    quote = json.indexOf('"', quote + 1);
  }
  return quote + 1;
}

function isEscaped(json: string, at: number): boolean {
  let backslash = at - 1;
  while (json[backslash] === '\\') {
    backslash -= 1;
  }
  return (at - backslash) % 2 === 0;
}

function isBeforeColon(json: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(json[at] ?? ':')) {
    at += 1;
  }
  return json[at] === ':';
}

/** A number that is large and whole is exact when it is written as the same decimal number that was read. */
function isInexactNumber(literal: string): boolean {
  const number = Number(literal);
  if (!Number.isFinite(number)) {
    return true;
  }
  const isLargeAndWhole = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isLargeAndWhole && decimalForm(literal) !== decimalForm(String(number));
}

/** Equal for equal decimal numbers: the digits from the first to the last that is not 0, and the power of ten. */
function decimalForm(literal: string): string {
  const [mantissa, exponent = '0'] = literal.toLowerCase().split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  const digits = whole! + fraction;
  let end = digits.length;
  while (digits[end - 1] === '0') {
    end -= 1;
  }
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${digits.slice(0, end).replace(/^(-?)0+/, '$1')}e${power}`;
}
