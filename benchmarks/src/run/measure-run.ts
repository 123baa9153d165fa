/** One timed run on an open store: warm-up, the timed part between two readings of all meters, and the check after it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { EngineStore } from '../engines/engine.js';
import { directorySizeBytes } from '../measure/directory-size.js';
import { type Driven, drive } from '../measure/drive.js';
import { type ProcessTotals, peakRssBytes, processTotals } from '../measure/process-meter.js';
import { Recorder } from '../measure/recorder.js';
import { type Course, gets, type Workload, workloadOf } from '../workloads/index.js';
import type { Job } from './job.js';
import type { RawFigures, RunSettings } from './raw-figures.js';

const WARM_UP_OPERATION_COUNT = 100_000;
const WARM_UP_MS = 5000;
const DELAY_RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;

/** What to run on. */
export interface RunContext {
  readonly store: EngineStore;
  readonly job: Job;
  readonly isAsynchronous: boolean;
}

/** Runs the workload of the job and measures it. @throws WrongDataError */
export async function measureRun(context: RunContext): Promise<RawFigures> {
  const { store, job } = context;
  const workload = workloadOf(job.settings.workload);
  const warm = await warmUp(workload, context);
  const calls = context.isAsynchronous && warm?.isPlain !== true ? 'awaited' : 'plain';
  const course = workload.start(store, job.settings);
  const timed = await timePart(course, { workload, context, calls });
  const verifiedCount = await course.verify(timed.driven);
  return figuresOf({ course, workload, context, timed, verifiedCount, calls });
}

/** Runs the reads that are to come, but with other keys; null for workloads that only write. */
async function warmUp(workload: Workload, context: RunContext): Promise<Driven | null> {
  if (workload.kind === 'fill' || workload.kind === 'write') return null;
  const { store, job, isAsynchronous } = context;
  const { start } = workload.kind === 'mixed' ? gets() : workload;
  const course = start(store, job.settings);
  const from = workload.sampling === 'none' ? 0 : course.stepCount;
  const driven = await drive(course, {
    recorder: new Recorder('none'),
    calls: isAsynchronous ? 'awaited' : 'plain',
    lanes: 1,
    from,
    to: from + Math.min(course.stepCount, WARM_UP_OPERATION_COUNT),
    durationMs: WARM_UP_MS,
  });
  return workload.kind === 'read' ? driven : null;
}

interface TimedPart {
  readonly driven: Driven;
  readonly recorder: Recorder;
  readonly elapsedSeconds: number;
  readonly before: ProcessTotals;
  readonly after: ProcessTotals;
  readonly storeBytes: number;
  readonly peakRssBytes: number;
  /** Whether the engine could tell that background work was done; null when nobody waited for it. */
  readonly isKnownSettled: boolean | null;
  readonly delayMs: { readonly p50: number; readonly p99: number } | null;
}

interface TimedOptions {
  readonly workload: Workload;
  readonly context: RunContext;
  readonly calls: 'plain' | 'awaited';
}

async function timePart(course: Course, options: TimedOptions): Promise<TimedPart> {
  const { workload, context, calls } = options;
  const { settings, directory } = context.job;
  const recorder = new Recorder(workload.sampling);
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  if (calls === 'awaited') delay.enable();
  const before = processTotals();
  const startMs = performance.now();
  const driven = await drive(course, { recorder, calls, ...boundsOf(course, settings) });
  const isKnownSettled = workload.isSettled ? await context.store.settle() : null;
  const elapsedSeconds = (performance.now() - startMs) / 1000;
  const after = processTotals();
  delay.disable();
  const delayMs = calls === 'awaited' && delay.count > 0 ? delayOf(delay) : null;
  return {
    driven,
    recorder,
    elapsedSeconds,
    before,
    after,
    delayMs,
    isKnownSettled,
    storeBytes: directorySizeBytes(directory),
    peakRssBytes: peakRssBytes(),
  };
}

function boundsOf(course: Course, { writers, durationSeconds }: RunSettings) {
  return { lanes: writers, from: 0, to: course.stepCount, durationMs: durationSeconds * 1000 };
}

/** A delay is what a timer is late by; the histogram has the whole interval. */
function delayOf(delay: { percentile(percentile: number): number }) {
  const over = (percentile: number): number =>
    Math.max(0, delay.percentile(percentile) / NANOSECONDS_PER_MS - DELAY_RESOLUTION_MS);
  return { p50: over(50), p99: over(99) };
}

interface Measured extends TimedOptions {
  readonly course: Course;
  readonly timed: TimedPart;
  readonly verifiedCount: number;
}

function figuresOf({
  course,
  workload,
  context,
  timed,
  verifiedCount,
  calls,
}: Measured): RawFigures {
  const { recorder, driven, elapsedSeconds, before, after, delayMs } = timed;
  const described = context.store.describe();
  const isOnDisk = described.survivesClose !== false;
  return {
    ...course.traffic(driven),
    elapsedSeconds,
    latencyUs: recorder.latency(),
    latencyCurve: recorder.latencyCurve(),
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    peakRssBytes: timed.peakRssBytes,
    ...(isOnDisk
      ? trafficOf(timed, described.mapsFiles === true)
      : { writtenBytes: null, readBytes: null }),
    storeBytes: isOnDisk ? timed.storeBytes : null,
    eventLoopDelayMs: delayMs,
    timeline: recorder.timeline(),
    longestPauseMs: workload.sampling === 'none' ? null : recorder.longestPauseMs,
    isSettled: workload.isSettled === true,
    verifiedCount,
    settings: {
      ...described,
      calls,
      latencySampling: workload.sampling,
      warmUp: workload.kind === 'read' ? 'reads of other keys' : 'writes to another store',
      isKnownSettled: timed.isKnownSettled,
      isCutByDuration: driven.stepCount < course.stepCount,
      dirtiedBytes: differenceOf(before, after),
    },
  };
}

/** Files that are mapped are written without a call, so the pages dirtied count; what is read of them nobody counts. */
function trafficOf({ before, after }: TimedPart, mapsFiles: boolean) {
  if (before.files === null || after.files === null) return { writtenBytes: null, readBytes: null };
  if (mapsFiles) return { writtenBytes: differenceOf(before, after), readBytes: null };
  return {
    writtenBytes: after.files.givenBytes - before.files.givenBytes,
    readBytes: after.files.takenBytes - before.files.takenBytes,
  };
}

function differenceOf(before: ProcessTotals, after: ProcessTotals): number | null {
  if (before.files === null || after.files === null) return null;
  return after.files.dirtiedBytes - before.files.dirtiedBytes;
}
