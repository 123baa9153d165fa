// The loss of a part of a table.

import type { StoredRange } from '@varve/sstable';
import { tableFileName } from '../directory/index.js';
import type { SalvageLoss } from './salvage-report.js';

/** A part of a table, and what is known of its entries. */
export interface LostRange extends StoredRange {
  readonly firstKey: Uint8Array | undefined;
  readonly lastKey: Uint8Array | undefined;
  readonly entryCount?: number | undefined;
  readonly reason: string;
}

/** Which table a part is of. */
export interface LossPlace {
  readonly fileNumber: number;
  /** Name of its keyspace, if that is known. */
  readonly keyspace: string | undefined;
}

/** What the report says of `lost`. Leaves out what is not known. */
export function lossInTable({ fileNumber, keyspace }: LossPlace, lost: LostRange): SalvageLoss {
  const { offset, end, firstKey, lastKey, entryCount, reason } = lost;
  return {
    file: tableFileName(fileNumber),
    offset,
    sizeBytes: end - offset,
    reason,
    ...(keyspace === undefined ? {} : { keyspace }),
    ...(firstKey === undefined ? {} : { firstKey }),
    ...(lastKey === undefined ? {} : { lastKey }),
    ...(entryCount === undefined ? {} : { entryCount }),
  };
}
