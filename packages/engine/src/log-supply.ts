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
  /** Runs the job in the background, again if it fails; `done` when it has succeeded. */
  readonly submit: (job: PrepareLogJob & { readonly kind: 'prepareLog' }, done: () => void) => void;
}

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
    const { directory, databaseId, versions, obsolete, preallocateBytes } = this.#options;
    const logId = versions.takeFileNumbers(1);
    this.#preparing = true;
    const job = {
      kind: 'prepareLog',
      directory,
      databaseId,
      logId,
      fileName: logFileName(logId),
      recycledFileName: obsolete.takeRecyclableLog(),
      preallocateBytes,
    } as const;
    this.#options.submit(job, () => {
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

  #take(logId: number): void {
    const editCount = this.#options.versions.log({ logsAdded: [logId] });
    this.#next = { logId, editCount };
    this.#options.onPrepared();
  }
}
