/**
 * The loops that do the operations: a plain one for engines that answer at once, and one that awaits. Neither pays for the
 * other.
 */
import type { Course, Tally } from '../workloads/index.js';
import { isPromise } from '../workloads/promises.js';
import type { Recorder } from './recorder.js';

/** How long an awaiting loop may keep the event loop from other work, as an application would not do either. */
const TURN_MS = 1;

/** What bounds a drive. */
export interface DriveOptions {
  readonly recorder: Recorder;
  readonly calls: 'plain' | 'awaited';
  /** Lanes that overlap, in awaited drives. */
  readonly lanes: number;
  /** First position and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly durationMs: number;
}

/** What was driven. */
export interface Driven extends Tally {
  /** Whether no step gave a promise, so that a plain loop would do. */
  readonly isPlain: boolean;
}

/** Does the steps of a course until all are done or the time is over. */
export async function drive(course: Course, options: DriveOptions): Promise<Driven> {
  options.recorder.start(performance.now());
  if (options.calls === 'plain') return drivePlain(course, options);
  const state = {
    position: options.from,
    doneCount: 0,
    undefinedCount: 0,
    isOver: false,
    isPlain: true,
  };
  const lanes = Array.from({ length: options.lanes }, (_, lane) =>
    driveLane(course, { ...options, lane, state }),
  );
  await Promise.all(lanes);
  const { doneCount: stepCount, undefinedCount, isPlain } = state;
  return { stepCount, undefinedCount, isPlain };
}

function drivePlain(course: Course, options: DriveOptions): Driven {
  const { recorder, from, to } = options;
  const endMs = performance.now() + options.durationMs;
  let undefinedCount = 0;
  let sample = from;
  let position = from;
  for (; position < to; position++) {
    if (position !== sample) {
      if (course.step(position, 0) === undefined) undefinedCount += 1;
      continue;
    }
    const startMs = performance.now();
    if (course.step(position, 0) === undefined) undefinedCount += 1;
    const nowMs = performance.now();
    recorder.record(startMs, nowMs, position - from + 1);
    sample = recorder.nextSample(position);
    if (nowMs > endMs) return { stepCount: position - from + 1, undefinedCount, isPlain: true };
  }
  return { stepCount: position - from, undefinedCount, isPlain: true };
}

interface LaneOptions extends DriveOptions {
  readonly lane: number;
  /** Shared by all lanes. */
  readonly state: {
    position: number;
    doneCount: number;
    undefinedCount: number;
    isOver: boolean;
    isPlain: boolean;
  };
}

async function driveLane(course: Course, options: LaneOptions): Promise<void> {
  const { recorder, state, lane, to } = options;
  const endMs = performance.now() + options.durationMs;
  let turnMs = performance.now() + TURN_MS;
  let sample = state.position;
  while (state.position < to && !state.isOver) {
    const position = state.position++;
    const isSampled = position >= sample;
    const startMs = isSampled ? performance.now() : 0;
    const result = course.step(position, lane);
    let value = result;
    if (isPromise(result)) {
      state.isPlain = false;
      value = await result;
    }
    state.doneCount += 1;
    if (value === undefined) state.undefinedCount += 1;
    if (!isSampled) continue;
    const nowMs = performance.now();
    recorder.record(startMs, nowMs, state.doneCount);
    sample = recorder.nextSample(position);
    if (nowMs > endMs) state.isOver = true;
    if (nowMs > turnMs) turnMs = (await turn()) + TURN_MS;
  }
}

/** Lets the event loop go round once, and gives the time. */
function turn(): Promise<number> {
  return new Promise((resolve) => setImmediate(() => resolve(performance.now())));
}
