/** What background work is made of: everything it reads, changes and tells. */
import type { Clock, StorageError } from '@varve/base';
import type { ObsoleteFiles } from './collect/index.js';
import type { DiskWatch } from './disk-watch.js';
import type { EventHub } from './events.js';
import type { Executor } from './executor/index.js';
import type { VersionSet } from './manifest/index.js';
import type { Memtable } from './memtable/index.js';
import type { Metrics } from './metrics.js';
import type { ResolvedOptions } from './options.js';
import type { TableStore } from './tables/index.js';
import type { CurrentView, SnapshotList } from './view/index.js';
import type { Generation } from './write/index.js';

export interface BackgroundParts {
  readonly directory: string;
  readonly databaseId: Uint8Array;
  readonly executor: Executor;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  readonly current: CurrentView;
  readonly snapshots: SnapshotList;
  readonly obsolete: ObsoleteFiles;
  readonly options: ResolvedOptions;
  readonly events: EventHub;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly watch: DiskWatch;
  /** The memtables now, newest first. */
  readonly memtables: () => readonly Memtable[];
  /** The log of the generation that follows this one. */
  readonly logAfter: (generation: Generation) => number;
  /** The generation's entries are durable in tables. */
  readonly onLogUnneeded: (generation: Generation) => void;
  /** Something changed: writers that wait may be able to go on. */
  readonly onProgress: () => void;
  /** Whether any write waits for room. */
  readonly hasWaitingWrites: () => boolean;
  /** Something failed because the disk is full. */
  readonly onDiskFull: () => void;
  /** Writes have waited for room long enough. */
  readonly onOverdue: () => void;
  /** Goes on with the replacement of a log that was lost; true when there is a new one. Throws what it failed of. */
  readonly replaceLog: () => boolean;
  /** Background work lacks something and goes on trying; null when it has it again. */
  readonly onSuspension: (error: StorageError | null) => void;
  /** Nothing more can be written. */
  readonly onFailure: (error: StorageError) => void;
}
