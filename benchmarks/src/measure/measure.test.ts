// Approach: a recorder that is told made-up times, and a drive over steps that only count.

import { describe, expect, test } from 'vitest';
import type { Course } from '../workloads/index.js';
import { drive } from './drive.js';
import { Recorder } from './recorder.js';

function courseOf(step: (position: number, lane: number) => unknown, stepCount: number): Course {
  const none = { operationCount: 0, userWrittenBytes: 0, userReadBytes: 0, liveBytes: 0 };
  return { stepCount, step, traffic: () => none, verify: async () => 0 };
}

describe('Recorder', () => {
  test('has percentiles of what it was told', () => {
    const recorder = new Recorder('every');
    recorder.start(0);
    for (let index = 1; index <= 1000; index++) recorder.record(index - 1, index - 0.999, index);
    recorder.record(1000, 1005, 1001);
    const latency = recorder.latency()!;
    expect(latency.p50).toBeCloseTo(1, 1);
    expect(latency.max / 5000).toBeCloseTo(1, 2);
    expect(recorder.latencyCurve()?.at(-1)).toEqual([100, latency.max]);
  });

  test('finds a pause between two samples', () => {
    const recorder = new Recorder('sixteenth');
    recorder.start(0);
    recorder.record(0, 0.01, 1);
    recorder.record(50, 50.01, 17);
    expect(recorder.longestPauseMs).toBeCloseTo(50 - 15 * 0.01, 0);
    expect(recorder.latency()?.max).toBeGreaterThan(49_000);
  });

  test('has a rate for each tenth of a second, empty ones included', () => {
    const recorder = new Recorder('every');
    recorder.start(0);
    recorder.record(0, 50, 10);
    recorder.record(250, 290, 20);
    recorder.record(290, 350, 25);
    expect(recorder.timeline()).toEqual([
      [0, 100],
      [0.1, 0],
      [0.2, 100],
      [0.3, 100],
    ]);
  });

  test('samples one in sixteen on average', () => {
    const recorder = new Recorder('sixteenth');
    let sampleCount = 0;
    for (let position = 0; position < 160_000; position = recorder.nextSample(position)) {
      sampleCount += 1;
    }
    expect(sampleCount / 10_000).toBeGreaterThan(0.9);
    expect(sampleCount / 10_000).toBeLessThan(1.1);
  });
});

describe.each(['plain', 'awaited'] as const)('drive, %s', (calls) => {
  const bounds = { calls, lanes: 1, from: 0, durationMs: 10_000 };

  test('does every step once, in order, and counts what gave nothing', async () => {
    const positions: number[] = [];
    const course = courseOf((position) => {
      positions.push(position);
      return position % 4 === 0 ? undefined : position;
    }, 1000);
    const driven = await drive(course, { ...bounds, recorder: new Recorder('every'), to: 1000 });
    expect(positions).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(driven).toEqual({ stepCount: 1000, undefinedCount: 250, isPlain: true });
  });

  test('ends when the time is over', async () => {
    const course = courseOf(() => 1, 1000);
    const recorder = new Recorder('every');
    const driven = await drive(course, { ...bounds, recorder, to: 1000, durationMs: -1 });
    expect(driven.stepCount).toBe(1);
  });
});

describe('drive', () => {
  test('keeps as many steps under way as there are lanes', async () => {
    let underWayCount = 0;
    let mostCount = 0;
    const course = courseOf(async () => {
      underWayCount += 1;
      mostCount = Math.max(mostCount, underWayCount);
      await new Promise(setImmediate);
      underWayCount -= 1;
    }, 100);
    const recorder = new Recorder('every');
    const options = { recorder, lanes: 8, from: 0, to: 100, durationMs: 10_000 };
    const driven = await drive(course, { ...options, calls: 'awaited' });
    expect(mostCount).toBe(8);
    expect(driven).toEqual({ stepCount: 100, undefinedCount: 100, isPlain: false });
  });
});
