// Runs the canonical workload and stops at every crash point: before each call to the file system, and when all is quiet
// before each step of what is asynchronous. At a point the same choice of images can be taken as often as one likes.

import { createRandom, initializeChecksums } from '@varve/base';
import { type CrashModel, type FileCall, type FileSystem, MemoryFileSystem } from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import { BatchLog, type Bounds } from './batch-log.js';
import { ObservedCalls } from './observed-calls.js';
import { StepWorld } from './step-world.js';
import { runWorkload, type WorkloadShape } from './workload.js';

/** A moment at which the machine may stop. */
export interface CrashPoint {
  readonly index: number;
  /** `before write /database/…`, or `quiet`. */
  readonly text: string;
  readonly files: MemoryFileSystem;
  readonly log: BatchLog;
}

/** What a crash at one point may leave. */
export interface PointImage {
  readonly model: CrashModel;
  /** Says which one of its model. */
  readonly text: string;
  readonly files: MemoryFileSystem;
  readonly bounds: Bounds;
  readonly unsynced: readonly string[];
  readonly point: Pick<CrashPoint, 'index' | 'text'>;
}

/** How the workload is run. */
export interface PointRunOptions {
  readonly seed: number;
  readonly shape?: WorkloadShape;
  readonly wrap?: ((inner: FileSystem) => FileSystem) | undefined;
  /** Is called at every point; must not wait. */
  readonly onPoint: (point: CrashPoint) => void;
  /** Is called between the steps, where there is time to check what was taken. */
  readonly onQuiet?: () => Promise<void>;
}

const POSIX_IMAGE_COUNT = 4;

/** What a crash may leave: see `CrashModel`. */
export const CRASH_MODELS: readonly CrashModel[] = ['kill', 'drop', 'ordered', 'posix', 'single'];

/** Runs the workload once; gives how many points there were. */
export async function runThroughPoints(options: PointRunOptions): Promise<number> {
  const { seed, shape = 'usual', wrap = (inner) => inner, onPoint } = options;
  // Compiling them takes real time, of which this world knows nothing.
  await initializeChecksums();
  const world = new StepWorld();
  const files = new MemoryFileSystem({ scheduler: world });
  const log = new BatchLog(seed);
  let pointCount = 0;
  const reach = (text: string): void => onPoint({ index: pointCount++, text, files, log });
  const observed = new ObservedCalls(files, (call) => reach(callText(call)));
  const fileSystem = new StrictFileSystem(wrap(observed));
  world.onQuiet = () => {
    reach('quiet');
    return options.onQuiet?.();
  };
  await world.settle(runWorkload({ fileSystem, world, log, shape }));
  fileSystem.assertFaultless();
  reach('end');
  return pointCount;
}

/** Takes the images of a point, of one model or of all. The same seed and point give the same choices. */
export function imagesAt(
  { index, text, files, log }: CrashPoint,
  { seed, model }: { readonly seed: number; readonly model?: CrashModel | undefined },
): PointImage[] {
  const unsynced = files.describeUnsynced();
  const models = model === undefined ? CRASH_MODELS : [model];
  return models.flatMap((one) => {
    const bounds = log.bounds(one === 'kill' ? 'process' : 'machine');
    const rest = { model: one, bounds, unsynced, point: { index, text } };
    if (one === 'single') {
      return singleImages(files).map((image) => ({ ...rest, ...image }));
    }
    const count = one === 'posix' ? POSIX_IMAGE_COUNT : 1;
    return Array.from({ length: count }, (_, number) => {
      const choices = (seed ^ Math.imul(index + 1, 0x9e37_79b1) ^ number) >>> 0;
      const image = files.crash(one, createRandom(choices));
      return {
        ...rest,
        text: `${one} #${number}, choices=0x${choices.toString(16)}`,
        files: image,
      };
    });
  });
}

function singleImages(files: MemoryFileSystem): Pick<PointImage, 'text' | 'files'>[] {
  return Array.from({ length: files.unsyncedCount }, (_, changeIndex) =>
    (['only', 'others'] as const).map((kept) => ({
      text: `single, ${kept === 'only' ? 'only' : 'all but'} change ${changeIndex}`,
      files: files.crashSingle({ kept, changeIndex }),
    })),
  ).flat();
}

function callText({ operation, path, position }: FileCall): string {
  return `before ${operation} ${path}${position === undefined ? '' : `@${position}`}`;
}
