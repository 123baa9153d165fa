// A few kills of the kill loop, and its judge. The program beside it (main.ts) kills as often as wanted.

import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { builtFolder } from './child.js';
import { runKillLoop } from './loop.js';
import { emptyContent, nextBatch, refuteContent } from './workload.js';

const SEED = 5;

// Whoever is killed is a process of its own, which runs what was built.
describe.runIf(existsSync(builtFolder()))('The kill loop', () => {
  test.each(['os', 'always'] as const)(
    'P1: loses nothing with durability %s',
    async (durability) => {
      const options = { killCount: 3, durability, seed: SEED, killsPerDirectory: 3 };
      const result = await runKillLoop(options);
      expect(result).toMatchObject({ problem: null, lostCount: 0, killCount: 3, reopenedCount: 3 });
      expect(result.acknowledgedCount).toBeGreaterThan(0);
    },
  );
});

describe('refuteContent', () => {
  function contentOf(batchCount: number): ReturnType<typeof emptyContent> {
    const content = emptyContent();
    while (content.last < batchCount) nextBatch(content, SEED);
    return content;
  }

  test('accepts exactly what the first batches make', () => {
    for (const batchCount of [0, 1, 2, 50]) {
      expect(refuteContent(contentOf(batchCount), SEED)).toBeNull();
    }
  });

  test('finds a batch of which a part is missing, is too much, or is from another time', () => {
    const missing = contentOf(50);
    missing.index.delete([...missing.index.keys()][7]!);
    expect(refuteContent(missing, SEED)).toContain('found undefined');
    const extra = contentOf(50);
    extra.records.set('record/x', '1');
    expect(refuteContent(extra, SEED)).toContain('expected undefined');
    const late = contentOf(51);
    late.last = 50;
    expect(refuteContent(late, SEED)).not.toBeNull();
  });
});
