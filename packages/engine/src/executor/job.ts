/**
 * The jobs a background thread can run: plain data in, plain data out, everything they touch named in the job.
 *
 * The same functions run on a worker thread, inline, and in simulation. A result never carries a live object, so a job
 * may be retried or moved to another executor at any time.
 */
import { assertNever, memoryErrorOf } from '@varve/base';
import { imageBuffers } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import {
  type RemoveFilesJob,
  type RemoveFilesResult,
  runRemoveFilesJob,
} from '../collect/index.js';
import { type CompactionJob, type CompactionResult, runCompactionJob } from '../compact/index.js';
import {
  type ReserveSpaceJob,
  type ReserveSpaceResult,
  runReserveSpaceJob,
} from '../directory/index.js';
import { type FlushJob, type FlushResult, runFlushJob } from '../flush/index.js';
import type { JobProgress } from '../tables/index.js';
import { type PrepareLogJob as LogToPrepare, prepareLog } from '../wal/index.js';

/** Makes the next log ready. */
export type PrepareLogJob = LogToPrepare & { readonly kind: 'prepareLog' };

export interface PrepareLogResult {
  readonly kind: 'prepareLog';
}

export type Job = FlushJob | CompactionJob | PrepareLogJob | RemoveFilesJob | ReserveSpaceJob;
export type JobResult =
  | FlushResult
  | CompactionResult
  | PrepareLogResult
  | RemoveFilesResult
  | ReserveSpaceResult;

/** The memory of a result that may be handed to another thread instead of being copied. */
export function transferableBuffers(result: JobResult): ArrayBuffer[] {
  if (result.kind === 'compact') return result.tables.flatMap(({ image }) => imageBuffers(image));
  if (result.kind === 'flush')
    return result.tables.flatMap(({ table }) => imageBuffers(table.image));
  return [];
}

/** Runs a job to its end on this thread. Throws what the job throws; BUSY when there is no memory for it. */
export function runJob(fileSystem: FileSystem, job: Job, progress: JobProgress): JobResult {
  try {
    return runKind(fileSystem, job, progress);
  } catch (error) {
    throw memoryErrorOf(error, `run a job (${job.kind})`);
  }
}

function runKind(fileSystem: FileSystem, job: Job, progress: JobProgress): JobResult {
  switch (job.kind) {
    case 'flush':
      return runFlushJob(fileSystem, job, progress);
    case 'compact':
      return runCompactionJob(fileSystem, job, progress);
    case 'prepareLog':
      removeLeftover(fileSystem, `${job.directory}/${job.fileName}`);
      prepareLog(fileSystem, job);
      return { kind: 'prepareLog' };
    case 'removeFiles':
      return runRemoveFilesJob(fileSystem, job);
    case 'reserveSpace':
      return runReserveSpaceJob(fileSystem, job);
    default:
      return assertNever(job);
  }
}

/** The number is the job's alone, so such a file is left from an attempt whose thread died before it could answer. */
function removeLeftover(fileSystem: FileSystem, path: string): void {
  if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
}
