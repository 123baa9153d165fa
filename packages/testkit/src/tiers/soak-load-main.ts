// The load of the soak as a process of its own, so that its memory and its descriptors are nobody else's. Prints a line of
// JSON every few seconds, and ends when the process that started it says so, or at the first wrong answer with code 1.
//
//   node soak-load-main.js <directory> <seed>

import { readdirSync } from 'node:fs';
import { systemClock } from '@varve/base';
import { openFiles } from '../leak-check.js';
import { SoakLoad } from './soak-load.js';
import type { SoakSample } from './soak-verdict.js';

const SAMPLE_INTERVAL_MS = 5_000;
const STEPS_PER_TURN = 50;

const [, , directory, seed] = process.argv;
let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});
process.exitCode = await main(new SoakLoad(directory!, Number(seed)));

async function main(load: SoakLoad): Promise<number> {
  const startMs = systemClock.monotonicMs();
  let sampledMs = startMs;
  try {
    await load.open();
    while (!isOver) {
      for (let step = 0; step < STEPS_PER_TURN; step++) await load.step();
      await new Promise((resolve) => setImmediate(resolve));
      const nowMs = systemClock.monotonicMs();
      if (nowMs - sampledMs < SAMPLE_INTERVAL_MS) continue;
      sampledMs = nowMs;
      await load.database.settle();
      console.log(JSON.stringify(sampleOf(load, nowMs - startMs)));
    }
    await load.close();
    return 0;
  } catch (error) {
    console.log(
      JSON.stringify({ problem: error instanceof Error ? error.message : String(error) }),
    );
    return 1;
  }
}

/** Descriptors are counted without those of tables, whose number goes up and down with the data. */
function sampleOf(load: SoakLoad, elapsedMs: number): SoakSample {
  const tableCount = load.database
    .stats()
    .keyspaces.flatMap((keyspace) => keyspace.levels)
    .reduce((sum, level) => sum + level.tableCount, 0);
  const paths = [...openFiles().values()];
  return {
    elapsedMs: Math.round(elapsedMs),
    stepCount: load.stepCount,
    rssBytes: process.memoryUsage.rss(),
    otherDescriptorCount: paths.filter((path) => !path.endsWith('.sst')).length,
    tableCount,
    tableFileCount: readdirSync(directory!).filter((name) => name.endsWith('.sst')).length,
  };
}
