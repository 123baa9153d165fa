// Entries as lines: for people (escaped, coloured) and for programs (one JSON object per line).

import type { Palette } from './palette.js';
import type { Stored, TextCodec } from './text-codec.js';

/** Which halves of an entry are wanted. */
export type EntryPart = 'both' | 'keys' | 'values';

/** How entries become lines. */
export interface EntryFormat {
  readonly keyCodec: TextCodec;
  readonly valueCodec: TextCodec;
  readonly part: EntryPart;
}

/** A line for a person: the key, a tab, the value; control characters escaped. */
export function entryLine(
  key: Stored,
  value: Stored,
  options: { format: EntryFormat; palette: Palette },
): string {
  const { keyCodec, part, valueCodec } = options.format;
  if (part === 'values') {
    return valueCodec.show(value);
  }
  const keyText = options.palette.key(keyCodec.show(key));
  return part === 'keys' ? keyText : `${keyText}\t${valueCodec.show(value)}`;
}

/** A line for a program. Throws UnprintableBytesError rather than change anything. */
export function entryJson(key: Stored, value: Stored, format: EntryFormat): string {
  const { keyCodec, part, valueCodec } = format;
  return JSON.stringify({
    ...(part === 'values' ? {} : { key: keyCodec.toField(key) }),
    ...(part === 'keys' ? {} : { value: valueCodec.toField(value) }),
  });
}
