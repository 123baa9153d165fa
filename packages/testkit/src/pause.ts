// Waiting in a program: unlike the engine, whose timers leave the process free to end, that is what the program does.

import { systemClock, type Timer } from '@varve/base';

/** Resolves after so many milliseconds, and keeps the process alive until then. */
export async function pause(ms: number): Promise<void> {
  await within(ms, new Promise(() => {}));
}

/** What the promise gives, or `'late'` after so many milliseconds. Keeps the process alive until then. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const hold = systemClock.hold?.();
  let timer: Timer | undefined;
  const lateness = new Promise<'late'>((resolve) => {
    timer = systemClock.delay(ms, () => resolve('late'));
  });
  try {
    return await Promise.race([promise, lateness]);
  } finally {
    timer?.cancel();
    hold?.cancel();
  }
}
