// A regression here is one of packages/engine/src/tables/block-cache.ts.

import { cacheOf, handleOf } from '../cache-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

/** One slot in so many is in use, so that the hand has to pass it. */
const USED_SLOT_STRIDE = 4;

export const microbenchmark: Microbenchmark = {
  question: 'What does a slot for a block cost when another has to go, one in four just used?',
  operation: 'block',
  operationCount: 2000,
  async setup(operationCount) {
    const handle = await handleOf(2 * operationCount + 256);
    const slotCount = Math.max(64, operationCount);
    const cache = await cacheOf(slotCount);
    let next = 0;
    const insert = (): void => {
      while (handle.blockSlots[next] >= 0) next = (next + 1) % handle.blockSlots.length;
      cache.publish(cache.takeSlot(), handle, next);
    };
    for (let count = 0; count < slotCount; count++) insert();
    const touchSome = (): void => {
      for (let slot = 0; slot < slotCount; slot += USED_SLOT_STRIDE) cache.touch(slot);
    };
    const run = (): number => {
      for (let count = 0; count < operationCount; count++) insert();
      return cache.usedBytes / cache.slotSizeBytes;
    };
    return { run, expected: slotCount, reset: touchSome };
  },
};
