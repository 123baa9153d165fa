/**
 * Hands out snapshots: refuses them when too much is kept for readers already, and tells of one that is never closed. When
 * readers are gone, it has given up what was kept for them.
 */
import { StorageError } from '@varve/base';
import type { EventHub } from './events.js';
import type { VersionSet } from './manifest/index.js';
import type { ResolvedOptions } from './options.js';
import type { CurrentView, SnapshotEntry, SnapshotList } from './view/index.js';

/** The parts of the store that are asked. */
interface SnapshotHost {
  readonly options: ResolvedOptions;
  readonly versions: VersionSet;
  readonly current: CurrentView;
  readonly snapshots: SnapshotList;
  readonly events: EventHub;
  monotonicMs(): number;
  /** Gives up the files that no version names any more. */
  collect(): void;
}

export class SnapshotSupply {
  readonly #host: SnapshotHost;
  /** The oldest snapshot, once it was told that it is old. */
  #told: SnapshotEntry | null = null;
  #isCollectionDue = false;

  constructor(host: SnapshotHost) {
    this.#host = host;
  }

  /** A snapshot of what is visible now. @throws StorageError BUSY */
  take(): SnapshotEntry {
    const { options, versions, snapshots, current } = this.#host;
    const { pinnedLimitBytes } = options.tuning;
    // Readers may have gone in this very turn.
    if (versions.pinnedBytes >= pinnedLimitBytes) this.#host.collect();
    if (versions.pinnedBytes >= pinnedLimitBytes) this.#refuse();
    this.tellOld();
    return snapshots.add(current.visibleSequence, this.#host.monotonicMs());
  }

  /** The last reader of a replaced version is gone: what was kept for it is given up soon, once for all that go meanwhile. */
  collectSoon(): void {
    if (this.#isCollectionDue) return;
    this.#isCollectionDue = true;
    this.#host.options.clock.soon(() => {
      this.#isCollectionDue = false;
      this.#host.collect();
    });
  }

  /** Tells of the oldest snapshot if it has become too old, once. */
  tellOld(): void {
    const { options, snapshots, events } = this.#host;
    const { oldest } = snapshots;
    if (oldest === undefined || oldest === this.#told) return;
    const ageMs = this.#host.monotonicMs() - oldest.takenAtMs;
    if (ageMs < options.tuning.snapshotWarningAgeMs) return;
    this.#told = oldest;
    events.emit('oldSnapshot', {
      sequence: oldest.sequence,
      ageMs,
      snapshotCount: snapshots.count,
    });
  }

  #refuse(): never {
    const { options, versions } = this.#host;
    const { pinnedBytes } = versions;
    const state = `${pinnedBytes} bytes of replaced tables are kept for open iterators`;
    throw new StorageError('BUSY', `Cannot take a snapshot: ${state}; close them first`, {
      expected: options.tuning.pinnedLimitBytes,
      actual: pinnedBytes,
    });
  }
}
