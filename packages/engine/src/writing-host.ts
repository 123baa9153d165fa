/** What the writing side of an open database needs from the rest of it. */
import type { StorageError } from '@varve/base';
import type { DatabaseDirectory } from './directory/index.js';
import type { DiskWatch } from './disk-watch.js';
import type { EventHub } from './events.js';
import type { WorkerEntry } from './executor/index.js';
import type { VersionSet } from './manifest/index.js';
import type { MemtableSupply } from './memtable-supply.js';
import type { Metrics } from './metrics.js';
import type { ResolvedOptions } from './options.js';
import type { SnapshotSupply } from './snapshot-supply.js';
import type { TableStore } from './tables/index.js';
import type { CurrentView, SnapshotList } from './view/index.js';

/** The database around the writing side. */
export interface WritingHost {
  readonly options: ResolvedOptions;
  readonly workerEntry: WorkerEntry | null;
  readonly directory: DatabaseDirectory;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  readonly current: CurrentView;
  readonly memtables: MemtableSupply;
  readonly snapshots: SnapshotList;
  readonly snapshotSupply: SnapshotSupply;
  readonly events: EventHub;
  readonly metrics: Metrics;
  readonly watch: DiskWatch;
  /** Whether `close()` was called. */
  readonly isClosing: boolean;
  /** What has made writing impossible for good. */
  readonly permanentFailure: StorageError | null;
  closedError(): StorageError;
  /** Writing has become impossible for good. */
  fail(error: StorageError): void;
  /** What can be done with the database may have changed, because of this. */
  tellState(error: StorageError | null): void;
}
