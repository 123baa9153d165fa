// What a table holds, entry by entry, and what readers make of it.

import { decodeText, EntryKind } from '@varve/base';
import { DirectBlockSource, TableCursor } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import { openTableSync, type TableFile, type TablePlace } from '../tables/index.js';

/** One version of one key; `null` for a tombstone. */
export interface StoredEntry {
  readonly key: string;
  readonly sequence: number;
  readonly value: string | null;
}

/** Reads a whole table, in its order. */
export function readTable(
  fileSystem: FileSystem,
  place: TablePlace,
  table: TableFile,
): StoredEntry[] {
  const reader = openTableSync(fileSystem, place, table);
  const cursor = new TableCursor(reader, new DirectBlockSource());
  const entries: StoredEntry[] = [];
  for (cursor.first(); cursor.valid; cursor.next()) {
    const { keyBytes, keyOffset, keyLength, valueBytes, valueOffset, valueLength } = cursor;
    const textOf = (bytes: Uint8Array, start: number, length: number): string =>
      decodeText(bytes.subarray(start, start + length)) ?? 'not UTF-8';
    const { sequence, kind } = cursor;
    const value = kind === EntryKind.delete ? null : textOf(valueBytes, valueOffset, valueLength);
    entries.push({ key: textOf(keyBytes, keyOffset, keyLength), sequence, value });
  }
  reader.close();
  return entries;
}

/** What can be seen as of a sequence: by key, with `null` where the newest version is a tombstone. */
export function newestAt(
  entries: readonly StoredEntry[],
  sequence: number,
): Map<string, string | null> {
  const newest = new Map<string, StoredEntry>();
  for (const entry of entries) {
    if (entry.sequence > sequence) continue;
    const other = newest.get(entry.key);
    if (other === undefined || other.sequence < entry.sequence) newest.set(entry.key, entry);
  }
  return new Map([...newest].sort(byKey).map(([key, { value }]) => [key, value]));
}

/** As {@link newestAt}, without tombstones: right where nothing lies deeper. */
export function visibleAt(entries: readonly StoredEntry[], sequence: number): Map<string, string> {
  const visible = new Map<string, string>();
  for (const [key, value] of newestAt(entries, sequence)) {
    if (value !== null) visible.set(key, value);
  }
  return visible;
}

/** The order of a table: key ascending, then newest first. */
export function compareStored(a: StoredEntry, b: StoredEntry): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return b.sequence - a.sequence;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
