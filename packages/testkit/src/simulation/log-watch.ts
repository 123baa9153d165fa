// Watches the syncs of logs: no write with durability 'always' is acknowledged, or shown by a read, before a sync that began
// after its record was written has ended (B14), and no second one of
// its form is begun for it before that (B13).
//
// Records are found in what is written to a log by the markers that batches carry.

import type { Batch } from './history.js';
import { markerOf } from './history.js';

interface WatchedBatch {
  readonly batch: Batch;
  readonly marker: Buffer;
  path: string | null;
  isSynced: boolean;
  /** Syncs of each form that were begun for it before it was synced. */
  readonly begunCounts: Record<SyncForm, number>;
}

/** A synchronous sync does not wait for an asynchronous one that runs. */
export type SyncForm = 'sync' | 'async';

/** What one sync covers. */
export type SyncCover = readonly WatchedBatch[];

/** See the head of this file. */
export class LogWatch {
  readonly #watched = new Map<number, WatchedBatch>();

  /** A batch is issued. */
  expect(batch: Batch): void {
    if (batch.durability !== 'always') return;
    const marker = Buffer.from(markerOf(batch.index));
    this.#watched.set(batch.index, {
      batch,
      marker,
      path: null,
      isSynced: false,
      begunCounts: { sync: 0, async: 0 },
    });
  }

  /** Something is written to a log. */
  written(path: string, bytes: Uint8Array): void {
    if (this.#watched.size === 0) return;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const watched of this.#watched.values()) {
      if (watched.path === null && text.includes(watched.marker)) watched.path = path;
    }
  }

  /** A sync of a log begins. */
  syncBegins(path: string, form: SyncForm): SyncCover {
    const cover = [...this.#watched.values()].filter(
      (watched) => watched.path === path && !watched.isSynced,
    );
    for (const { begunCounts } of cover) begunCounts[form]++;
    return cover;
  }

  /** It has ended well. */
  syncEnded(cover: SyncCover): void {
    for (const watched of cover) watched.isSynced = true;
  }

  /** Says what is wrong with acknowledging it now; null if nothing is. */
  acknowledged(batch: Batch): string | null {
    const watched = this.#watched.get(batch.index);
    this.#watched.delete(batch.index);
    if (watched === undefined) return null;
    const { path, isSynced, begunCounts } = watched;
    if (path === null) return `batch ${batch.index} was acknowledged but is in no log`;
    if (!isSynced) {
      return `batch ${batch.index} was acknowledged before a sync of ${path} covered it (B14)`;
    }
    const count = Math.max(begunCounts.sync, begunCounts.async);
    if (count === 1) return null;
    return `batch ${batch.index} was covered by ${count} syncs of ${path}, not by one (B13)`;
  }

  /** Says what is wrong with showing it to a read now; null if nothing is. */
  shown(index: number): string | null {
    const watched = this.#watched.get(index);
    if (watched === undefined || watched.isSynced) return null;
    return `batch ${index} was shown by a read before a sync covered it`;
  }

  /** It is rejected: nothing more is expected. */
  rejected(batch: Batch): void {
    this.#watched.delete(batch.index);
  }
}
