/** Parts of the writing side, made from the database around it. */
import type { Background } from './background.js';
import { ObsoleteFiles } from './collect/index.js';
import { RESERVE_FILE_NAME } from './directory/index.js';
import { type Executor, makeExecutor } from './executor/index.js';
import { LogSupply } from './log-supply.js';
import { SpaceReserve } from './space-reserve.js';
import type { WritingHost } from './writing-host.js';

/** Runs jobs, and tells the database's listeners of threads that are lost. */
export function makeHostExecutor({ options, workerEntry, watch, events }: WritingHost): Executor {
  return makeExecutor({
    fileSystem: options.fileSystem,
    clock: options.clock,
    threadCount: options.backgroundThreads,
    entry: workerEntry,
    onWaiting: (operation, waitedMs) => watch.noteWaiting(operation, waitedMs),
    onThreadLost: (error) => events.emit('backgroundError', { error, willRetry: true }),
    onThreadsGivenUp: (error) => events.emit('threadsGivenUp', { error }),
  });
}

/** Removes files by jobs of `background`, which is made later. */
export function makeObsoleteFiles(host: WritingHost, background: () => Background): ObsoleteFiles {
  return new ObsoleteFiles({
    directory: host.directory.path,
    versions: host.versions,
    tables: host.tables,
    recycling: 'on',
    clock: host.options.clock,
    remove: (paths, onFailed) =>
      background().submitShort(
        () => ({ kind: 'removeFiles', paths }),
        (result) => {
          if (result.kind === 'removeFiles') onFailed(result.failedPaths);
        },
      ),
  });
}

/** Prepares logs by jobs of `background`, out of obsolete ones where it can. */
export function makeLogSupply(
  { directory, versions }: WritingHost,
  parts: { readonly obsolete: ObsoleteFiles; readonly background: Background },
): LogSupply {
  const { obsolete, background } = parts;
  return new LogSupply({
    directory: directory.path,
    databaseId: versions.databaseId,
    versions,
    obsolete,
    preallocateBytes: 0,
    submit: (makeJob, done) => background.submitShort(makeJob, done),
    onPrepared: () => background.consider(),
  });
}

/** Reserves space once there is data worth it. */
export function makeReserve(
  { options, directory, versions }: WritingHost,
  background: Background,
): SpaceReserve {
  return new SpaceReserve({
    fileSystem: options.fileSystem,
    path: directory.pathOf(RESERVE_FILE_NAME),
    sizeBytes: options.reserveSizeBytes,
    isWorthIt: () => versions.current.tableBytes >= options.reserveFromBytes,
    submit: (job, done) =>
      background.submitSpare(job, (result) => {
        if (result.kind === 'reserveSpace') done(result.isReserved);
      }),
  });
}
