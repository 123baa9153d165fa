/** Chooses where background jobs run. */
import type { Clock } from '@varve/base';
import type { FileOperation, FileSystem } from '@varve/vfs';
import type { Executor } from './executor.js';
import { InlineExecutor } from './inline-executor.js';
import { ResilientExecutor } from './resilient-executor.js';
import type { WorkerEntry } from './worker-entry.js';
import { WorkerExecutor } from './worker-executor.js';

export interface ExecutorChoice {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly threadCount: number;
  /** Null where threads are not wanted, or could not see the files. */
  readonly entry: WorkerEntry | null;
  readonly onWaiting: (operation: FileOperation, waitedMs: number) => void;
  readonly onThreadLost: (error: Error) => void;
  readonly onThreadsGivenUp: (error: Error) => void;
}

/** Threads that may die where there is an entry for them, this thread where there is none. */
export function makeExecutor(choice: ExecutorChoice): Executor {
  const { fileSystem, clock, threadCount, entry, onWaiting, ...events } = choice;
  const inline = new InlineExecutor(fileSystem, clock);
  if (entry === null) return inline;
  const threads = new WorkerExecutor({ threadCount, entry, clock, onWaiting });
  return new ResilientExecutor({ inline, threads, ...events });
}
