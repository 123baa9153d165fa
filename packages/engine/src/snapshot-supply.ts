/** Hands out snapshots: refuses them when too much is kept for readers already, and tells of one that is never closed. */
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
}

export class SnapshotSupply {
  readonly #host: SnapshotHost;
  /** The oldest snapshot, once it was told that it is old. */
  #told: SnapshotEntry | null = null;

  constructor(host: SnapshotHost) {
    this.#host = host;
  }

  /** A snapshot of what is visible now. @throws StorageError BUSY */
  take(): SnapshotEntry {
    const { options, versions, snapshots, current } = this.#host;
    const { pinnedLimitBytes } = options.tuning;
    const { pinnedBytes } = versions;
    if (pinnedBytes >= pinnedLimitBytes) {
      const state = `${pinnedBytes} bytes of replaced tables are kept for open iterators`;
      throw new StorageError('BUSY', `Cannot take a snapshot: ${state}; close them first`, {
        expected: pinnedLimitBytes,
        actual: pinnedBytes,
      });
    }
    this.tellOld();
    return snapshots.add(current.visibleSequence, this.#host.monotonicMs());
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
}
