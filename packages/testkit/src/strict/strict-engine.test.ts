// The engine under the rules of the order of operations, without any crash: what kills most planted faults in that order.

import { describe, expect, test } from 'vitest';
import { runThroughPoints } from '../drivers/crash-points.js';
import { PROFILES } from '../model-test/profiles.js';
import { trySeed } from '../model-test/try-seed.js';

describe('The order of operations on files is kept', () => {
  test('B13, B14, I1, M1, M4, M5, M7, W2, W8, W11: by the canonical workload', async () => {
    const pointCount = await runThroughPoints({ seed: 1, onPoint: () => {} });
    expect(pointCount).toBeGreaterThan(300);
  });

  // Seeds of the model test that are 2, 3 or 4 beyond a multiple of 5 hold back manifests, logs or tables. Edits that are not
  // durable for a long time are what a file that is given up too early needs.
  test.each(['crashes-rotation', 'stalls'])('by %s with a slow manifest', async (name) => {
    const profile = PROFILES.get(name)!;
    for (const seed of [2, 7, 12, 17]) {
      expect(await trySeed({ profile, seed, operationCount: 150 }, { shrinkMs: 0 })).toBeNull();
    }
  });
});
