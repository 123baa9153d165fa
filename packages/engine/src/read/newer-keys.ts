/**
 * Which of some keys were written to after a moment: for who has read them, and is about to act on that.
 */
import { compareBytes, type EntryCursor, MAX_SEQUENCE } from '@varve/base';
import type { TableStore } from '../tables/index.js';
import type { CurrentView } from '../view/index.js';
import { afterKey } from './range.js';
import { openVersions } from './tree-cursor.js';

/** Where to look, and for what. */
export interface NewerKeysRequest {
  readonly current: CurrentView;
  readonly tables: TableStore;
  readonly keyspaceId: number;
  /** In order, in either direction. Not empty. */
  readonly keys: readonly Uint8Array[];
  /** Versions up to it are not newer. */
  readonly sequence: number;
}

/** The keys of which there is a visible version above the sequence, as text of one byte each. Blocks; reads all versions between them. */
export function newerKeys(request: NewerKeysRequest): ReadonlySet<string> {
  const { current, tables, keyspaceId, keys, sequence } = request;
  const [first, last] = boundsOf(keys);
  const view = current.view.retain();
  const bounds = { lower: first, upper: afterKey(last) };
  const options = {
    view,
    tables,
    keyspaceId,
    sequence: MAX_SEQUENCE,
    bounds,
    wait: 'sync',
  } as const;
  const cursor = openVersions(options);
  const newer = new Set<string>();
  try {
    cursor.seek(first, 0, first.length);
    for (; cursor.valid && !isBehind(cursor, last); cursor.next()) {
      if (cursor.sequence > sequence) newer.add(keyOf(cursor));
    }
  } finally {
    cursor.close();
    view.release();
  }
  return newer;
}

function boundsOf(keys: readonly Uint8Array[]): readonly [Uint8Array, Uint8Array] {
  const ends = [keys[0], keys.at(-1)!] as const;
  const isAscending = Buffer.compare(ends[0], ends[1]) <= 0;
  return isAscending ? ends : [ends[1], ends[0]];
}

function isBehind({ keyBytes, keyOffset, keyLength }: EntryCursor, last: Uint8Array): boolean {
  return compareBytes(keyBytes, keyOffset, keyOffset + keyLength, last, 0, last.length) > 0;
}

function keyOf({ keyBytes, keyOffset, keyLength }: EntryCursor): string {
  return textOfKey(keyBytes.subarray(keyOffset, keyOffset + keyLength));
}

/** A key as an element of {@link newerKeys}. */
export function textOfKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
