/** What a run of db_bench wrote and read, in keys and values: it does not count them itself. */

import type { RunSettings } from '../run/raw-figures.js';

/** Bytes of keys and values. */
export interface Traffic {
  readonly userWrittenBytes: number;
  readonly userReadBytes: number;
  /** In the store at the end. */
  readonly liveBytes: number;
}

/**
 * The traffic of `operationCount` operations in `elapsedSeconds`. Where keys are drawn with repeats, the number of different
 * ones is the expected one, which is right to a fraction of a percent.
 */
export function trafficOf(
  settings: RunSettings,
  { operationCount, elapsedSeconds }: { operationCount: number; elapsedSeconds: number },
): Traffic {
  const { num, keySizeBytes, seekNexts, writesPerSecond } = settings;
  const entrySizeBytes = keySizeBytes + settings.valueSizeBytes;
  const all = num * entrySizeBytes;
  const moved = operationCount * entrySizeBytes;
  const drawnCount = num * (1 - Math.exp(-operationCount / num));
  switch (settings.workload) {
    case 'fillseq':
    case 'fillseq-settled':
    case 'fillbatch':
    case 'filluniquerandom':
      return { userWrittenBytes: moved, userReadBytes: 0, liveBytes: moved };
    case 'overwrite':
    case 'overwrite-settled':
      return { userWrittenBytes: moved, userReadBytes: 0, liveBytes: all };
    case 'deleterandom':
      return {
        userWrittenBytes: operationCount * keySizeBytes,
        userReadBytes: 0,
        liveBytes: (num - drawnCount) * entrySizeBytes,
      };
    case 'readmissing':
      return { userWrittenBytes: 0, userReadBytes: 0, liveBytes: all };
    case 'seekrandom':
      return { userWrittenBytes: 0, userReadBytes: moved * seekNexts, liveBytes: all };
    case 'readwhilewriting':
      return {
        userWrittenBytes: writesPerSecond * elapsedSeconds * entrySizeBytes,
        userReadBytes: moved,
        liveBytes: all,
      };
    default:
      return settings.workload.startsWith('fill')
        ? { userWrittenBytes: moved, userReadBytes: 0, liveBytes: drawnCount * entrySizeBytes }
        : { userWrittenBytes: 0, userReadBytes: moved, liveBytes: all };
  }
}
