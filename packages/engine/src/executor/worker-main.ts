/**
 * The entry of a background thread: takes a job from its port, runs it, answers.
 *
 * The answer is posted before the shared counter is raised, so that a main thread blocked on the counter finds the
 * answer on the port when it wakes.
 */
import { setPriority } from 'node:os';
import { type MessagePort, workerData } from 'node:worker_threads';
import { initializeChecksums, systemClock } from '@varve/base';
import { NodeFileSystem } from '@varve/vfs';
import { type Job, runJob, transferableBuffers } from './job.js';
import { errorToMessage, type OutcomeMessage } from './outcome-message.js';
import { WatchedFileSystem } from './watched-file-system.js';
import { CLOSING_INDEX, COMPLETED_INDEX, type WorkerSettings } from './worker-settings.js';

const { port, signal, beatIndex, threadIndex, operationIndex } =
  workerData as WorkerSettings<MessagePort>;
const fileSystem = new WatchedFileSystem(new NodeFileSystem(), {
  signal,
  beatIndex,
  operationIndex,
});
/**
 * Steps below the priority of the main thread. Of a processor that a background thread and the main thread both want, the
 * background thread gets a tenth: with 5 it would be a quarter, in slices of 4 ms, and every put of those would wait.
 */
const BACKGROUND_NICENESS = 10;
const progress = { beat: (): void => void Atomics.add(signal, beatIndex, 1) };

yieldToMainThread();
Atomics.store(signal, threadIndex, threadNumber());
await initializeChecksums();
progress.beat();
if (Atomics.load(signal, CLOSING_INDEX) === 1) port.close();
else port.on('message', answer);

function answer({ id, job }: { id: number; job: Job }): void {
  progress.beat();
  const outcome = run(id, job);
  port.postMessage(outcome, 'result' in outcome ? transferableBuffers(outcome.result) : []);
  Atomics.add(signal, COMPLETED_INDEX, 1);
  Atomics.notify(signal, COMPLETED_INDEX);
}

function run(id: number, job: Job): OutcomeMessage {
  try {
    const startMs = systemClock.monotonicMs();
    const result = runJob(fileSystem, job, progress);
    return { id, result, durationMs: systemClock.monotonicMs() - startMs };
  } catch (error) {
    return { id, error: errorToMessage(error) };
  }
}

/**
 * The system's number of this thread, on Linux, and 0 elsewhere. A main thread that is blocked hears nothing of a thread
 * that dies, but it can look for it.
 */
function threadNumber(): number {
  try {
    const path = fileSystem.realPathSync('/proc/thread-self');
    return Number(path.slice(path.lastIndexOf('/') + 1)) || 0;
  } catch {
    return 0;
  }
}

/**
 * Where threads compete for processors, the one that answers users goes first. On Linux priorities belong to threads;
 * elsewhere this would slow down the whole process, so it is left alone.
 */
function yieldToMainThread(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, BACKGROUND_NICENESS);
  } catch {
    // Not permitted here: the thread works at the priority it has.
  }
}
