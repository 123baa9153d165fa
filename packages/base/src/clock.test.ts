import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from './clock.js';

describe('systemClock', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('tells the time of the machine', () => {
    const before = Date.now();
    const wallMs = systemClock.wallMs();
    expect(wallMs).toBeGreaterThanOrEqual(before);
    expect(wallMs).toBeLessThanOrEqual(Date.now());
    const monotonicMs = systemClock.monotonicMs();
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(monotonicMs);
  });

  test('runs what was put off once, when its time has come', () => {
    vi.useFakeTimers();
    const run = vi.fn();
    const timer = systemClock.delay(50, run);
    vi.advanceTimersByTime(49);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(run).toHaveBeenCalledTimes(1);
    timer.cancel();
  });

  test('does not run what was cancelled, however often', () => {
    vi.useFakeTimers();
    const run = vi.fn();
    const timer = systemClock.delay(50, run);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(1000);
    expect(run).not.toHaveBeenCalled();
  });

  test('does not keep the process alive', () => {
    const unref = vi.fn();
    vi.spyOn(globalThis, 'setTimeout').mockReturnValue({ unref } as never);
    systemClock.delay(50, () => {});
    expect(unref).toHaveBeenCalledTimes(1);
  });

  test('keeps the process alive for as long as it is told to', () => {
    vi.useFakeTimers();
    const held = systemClock.hold!();
    expect(vi.getTimerCount()).toBe(1);
    held.cancel();
    held.cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('accepts the numbers that browsers give for timers', () => {
    vi.spyOn(globalThis, 'setTimeout').mockReturnValue(7 as never);
    const clear = vi.spyOn(globalThis, 'clearTimeout').mockReturnValue();
    systemClock.delay(50, () => {}).cancel();
    expect(clear).toHaveBeenCalledWith(7);
  });
});
