// The filter block: a Bloom filter over the distinct keys of the table, as @varve/bloom stores it.
//
// The one part of a table that can be done without. A damaged filter must never hide a key, and
// need not cost the table, so damage is handed back as a value.

import { isStorageError, type StorageError } from '@varve/base';
import { BloomReader } from '@varve/bloom';
import { type FilePart, openPlainBlock } from '../block/plain-block.js';

/** What was found where the filter should be. */
export interface LoadedFilter {
  /** `null`: every key may be in the table. */
  readonly filter: BloomReader | null;
  readonly damage: StorageError | null;
}

/**
 * Loads the filter block that `part` is, and keeps its memory; an empty part says that the table has
 * none.
 */
export function loadFilter(part: FilePart): LoadedFilter {
  if (part.start === part.end) return { filter: null, damage: null };
  try {
    const reader = openPlainBlock(part);
    const { file, where, bytesOffset, start } = part;
    const context = { file, where, baseOffset: bytesOffset + start };
    return { filter: new BloomReader(reader.view(reader.remaining), context), damage: null };
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return { filter: null, damage: error };
  }
}
