// For tests of faults: waiting while time goes by, and effects of rules.

import type { Errno } from '@varve/vfs';
import { quiescence } from './held-scheduler.js';
import type { ManualClock } from './manual-clock.js';
import { watch } from './write-bench.js';

/** Waits for something while time goes by, so that what is tried again after a pause is. */
export async function eventually<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  const watched = watch(promise);
  for (let turn = 0; turn < 100 && watched.state === 'waiting'; turn++) {
    await quiescence();
    clock.advance(1000);
  }
  if (watched.state === 'waiting') throw new Error('nothing happens any more');
  return promise;
}

/** The effect of a rule: calls fail with this. */
export function failWith(errno: Errno) {
  return { kind: 'error', errno } as const;
}
