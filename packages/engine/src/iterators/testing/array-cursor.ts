// A sorted run that is an array, for tests of whatever combines runs; and the answers such a combination must give, worked
// out the slow way.
//
// It is as unhelpful as the contract of EntryCursor allows. Any move may answer PENDING, once or several times over. The
// bytes of an entry are wiped at the next move, so that whoever kept a view of them reads garbage. A move that requires a
// current entry fails without one.

import {
  assert,
  CursorStatus,
  type EntryCursor,
  EntryKind,
  encodeText,
  type Random,
} from '@varve/base';

/** One version of one key. Keys are ASCII, so that text orders as its bytes do. */
export interface TestEntry {
  readonly key: string;
  readonly sequence: number;
  /** `null` for a tombstone. */
  readonly value: string | null;
}

/** How an {@link ArrayCursor} answers. */
export interface ArrayCursorOptions {
  /** Says whether a move is PENDING now. Default: never. */
  readonly isPending?: () => boolean;
  /** Says what `load()` fails with now, if it does. Default: it does not. */
  readonly loadError?: () => Error | undefined;
}

const EMPTY = new Uint8Array(0);
const WIPED = 0xee;

/** A cursor over entries that are in order. */
export class ArrayCursor implements EntryCursor {
  valid = false;
  keyBytes: Uint8Array = EMPTY;
  keyOffset = 0;
  keyLength = 0;
  valueBytes: Uint8Array = EMPTY;
  valueOffset = 0;
  valueLength = 0;
  sequence = 0;
  kind = 0;
  closeCount = 0;
  readonly #entries: readonly TestEntry[];
  readonly #options: ArrayCursorOptions;
  #index = -1;
  #pendingIndex: number | null = null;
  #isLoaded = false;

  constructor(entries: readonly TestEntry[], options: ArrayCursorOptions = {}) {
    this.#entries = entries;
    this.#options = options;
  }

  first(): number {
    return this.#moveTo(0);
  }

  last(): number {
    return this.#moveTo(this.#entries.length - 1);
  }

  seek(key: Uint8Array, start: number, end: number): number {
    return this.#moveTo(this.#firstNotBefore(key, start, end));
  }

  seekBackward(key: Uint8Array, start: number, end: number): number {
    return this.#moveTo(this.#firstNotBefore(key, start, end) - 1);
  }

  next(): number {
    assert(this.valid, 'ArrayCursor: next() without a current entry');
    return this.#moveTo(this.#index + 1);
  }

  previous(): number {
    assert(this.valid, 'ArrayCursor: previous() without a current entry');
    return this.#moveTo(this.#index - 1);
  }

  async load(): Promise<void> {
    assert(this.#pendingIndex !== null, 'ArrayCursor: load() without a pending move');
    await Promise.resolve();
    const error = this.#options.loadError?.();
    if (error !== undefined) throw error;
    this.#isLoaded = true;
  }

  resume(): number {
    const index = this.#pendingIndex;
    assert(index !== null, 'ArrayCursor: resume() without a pending move');
    assert(this.#isLoaded, 'ArrayCursor: resume() before load() has resolved');
    return this.#moveTo(index);
  }

  close(): void {
    this.valid = false;
    this.closeCount += 1;
    this.#wipe();
  }

  #firstNotBefore(key: Uint8Array, start: number, end: number): number {
    const wanted = textOf(key, start, end);
    const index = this.#entries.findIndex((entry) => entry.key >= wanted);
    return index < 0 ? this.#entries.length : index;
  }

  #moveTo(index: number): number {
    assert(this.closeCount === 0, 'ArrayCursor: a move after close()');
    this.valid = false;
    this.#wipe();
    this.#isLoaded = false;
    if (this.#options.isPending?.() === true) {
      this.#pendingIndex = index;
      return CursorStatus.PENDING;
    }
    this.#pendingIndex = null;
    this.#index = index;
    const entry = this.#entries[index];
    if (entry !== undefined) this.#expose(entry);
    return CursorStatus.READY;
  }

  #expose({ key, sequence, value }: TestEntry): void {
    const keyBytes = encodeText(`<${key}>`);
    const valueBytes = encodeText(`[[${value ?? ''}]]`);
    this.valid = true;
    this.keyBytes = keyBytes;
    this.keyOffset = 1;
    this.keyLength = keyBytes.length - 2;
    this.valueBytes = valueBytes;
    this.valueOffset = 2;
    this.valueLength = valueBytes.length - 4;
    this.sequence = sequence;
    this.kind = value === null ? EntryKind.delete : EntryKind.put;
  }

  #wipe(): void {
    this.keyBytes.fill(WIPED);
    this.valueBytes.fill(WIPED);
  }
}

/** Loads and resumes until the move that gave `status` is complete. */
export async function complete(
  cursor: { load(): Promise<void>; resume(): number },
  status: number,
): Promise<void> {
  let now = status;
  while (now === CursorStatus.PENDING) {
    await cursor.load();
    now = cursor.resume();
  }
}

/** The entry a cursor stands on. Requires: `valid`. */
export function entryAt(cursor: EntryCursor): TestEntry {
  assert(cursor.valid, 'a cursor without a current entry was read');
  const { kind, sequence } = cursor;
  return {
    key: keyAt(cursor),
    sequence,
    value: kind === EntryKind.delete ? null : valueAt(cursor),
  };
}

/** The key a cursor stands on. */
export function keyAt(cursor: Pick<EntryCursor, 'keyBytes' | 'keyOffset' | 'keyLength'>): string {
  const { keyBytes, keyOffset, keyLength } = cursor;
  return textOf(keyBytes, keyOffset, keyOffset + keyLength);
}

/** The value a cursor stands on. */
export function valueAt(
  cursor: Pick<EntryCursor, 'valueBytes' | 'valueOffset' | 'valueLength'>,
): string {
  const { valueBytes, valueOffset, valueLength } = cursor;
  return textOf(valueBytes, valueOffset, valueOffset + valueLength);
}

/** The order of entries: key ascending, then sequence descending. */
export function compareTestEntries(a: TestEntry, b: TestEntry): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return b.sequence - a.sequence;
}

/** Versions of keys that share prefixes and are prefixes of others, in order, with different sequences. */
export function randomTestEntries(random: Random, count: number): TestEntry[] {
  const keyCount = 1 + random.below(Math.max(1, count));
  const keys = Array.from({ length: keyCount }, () => randomTestKey(random));
  return Array.from({ length: count }, (_, index) => ({
    key: keys[random.below(keyCount)]!,
    sequence: index + 1,
    value: random.below(4) === 0 ? null : `v${index}`.repeat(random.below(3)),
  })).sort(compareTestEntries);
}

/** A key of 0 to 4 letters. */
export function randomTestKey(random: Random): string {
  return Array.from({ length: random.below(5) }, () => 'abc'[random.below(3)]).join('');
}

/** What somebody sees who reads at `sequence`: the newest version of each key that is not newer, without tombstones. */
export function visibleAt(
  entries: readonly TestEntry[],
  sequence: number,
): { key: string; value: string }[] {
  const newest = new Map<string, TestEntry>();
  for (const entry of entries) {
    if (entry.sequence > sequence) continue;
    if (entry.sequence > (newest.get(entry.key)?.sequence ?? -1)) newest.set(entry.key, entry);
  }
  return [...newest.values()]
    .sort(compareTestEntries)
    .flatMap(({ key, value }) => (value === null ? [] : [{ key, value }]));
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}
