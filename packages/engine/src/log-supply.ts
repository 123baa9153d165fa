/**
 * Keeps the next log ready: prepared on a background thread while the current one fills, so that replacing a full
 * memtable costs no disk access on the main thread.
 */
import type { ObsoleteFiles } from './collect/index.js';
import { logFileName } from './directory/index.js';
import type { VersionSet } from './manifest/index.js';
import type { PrepareLogJob } from './wal/index.js';

export interface LogSupplyOptions {
  readonly directory: string;
  readonly databaseId: Uint8Array;
  readonly versions: VersionSet;
  readonly obsolete: ObsoleteFiles;
  /** Size to which a new log is filled with zeros ahead of time. */
  readonly preallocateBytes: number;
  /** A log is prepared and named: it is ready once the manifest is synced. */
  readonly onPrepared: () => void;
  /** Runs the job in the background; if it fails, another one that is made then; `done` when one has succeeded. */
  readonly submit: (makeJob: () => SuppliedLogJob, done: () => void) => void;
}

type SuppliedLogJob = PrepareLogJob & { readonly kind: 'prepareLog' };

export class LogSupply {
  readonly #options: LogSupplyOptions;
  #next: { readonly logId: number; readonly editCount: number } | null = null;
  #preparing = false;

  constructor(options: LogSupplyOptions) {
    this.#options = options;
  }

  /** Whether a log is prepared and durably named: recovery reads the named logs and no others. */
  get isReady(): boolean {
    return this.#next !== null && this.#next.editCount <= this.#options.versions.durableEditCount;
  }

  /** Starts preparing a log unless one is ready or on its way. */
  prepare(): void {
    if (this.#preparing || this.#next !== null) return;
    this.#preparing = true;
    let logId = 0;
    const makeJob = (): SuppliedLogJob => {
      logId = this.#options.versions.takeFileNumbers(1);
      return this.#jobOf(logId);
    };
    this.#options.submit(makeJob, () => {
      this.#preparing = false;
      this.#take(logId);
    });
  }

  /** Hands over the ready log's number and starts preparing the next. Requires: `isReady`. */
  take(): number {
    const { logId } = this.#next!;
    this.#next = null;
    this.prepare();
    return logId;
  }

  /** No attempt touches a file of an earlier one: a sync of it may have failed, and it may not have been possible to remove it. */
  #jobOf(logId: number): SuppliedLogJob {
    const { directory, databaseId, obsolete, preallocateBytes } = this.#options;
    return {
      kind: 'prepareLog',
      directory,
      databaseId,
      logId,
      fileName: logFileName(logId),
      recycledFileName: obsolete.takeRecyclableLog(),
      preallocateBytes,
    };
  }

  #take(logId: number): void {
    const editCount = this.#options.versions.log({ logsAdded: [logId] });
    this.#next = { logId, editCount };
    this.#options.onPrepared();
  }
}
