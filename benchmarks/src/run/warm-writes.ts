/**
 * Writes a little into a store of its own before a run that writes, so that what is measured is compiled code: a native
 * engine comes compiled. The store is closed and removed before the measured one is opened.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Engine } from '../engines/engine.js';
import { drive } from '../measure/drive.js';
import { Recorder } from '../measure/recorder.js';
import { workloadOf } from '../workloads/index.js';
import type { Job } from './job.js';
import type { RunSettings } from './raw-figures.js';
import { storeSettingsOf } from './settings.js';

/** Entries that are written; fewer when time is over. */
export const WARM_UP_ENTRY_COUNT = 50_000;
const WARM_UP_MS = 1000;

/** Writes as the job's workload does; nothing for one that only reads. */
export async function warmWrites(engine: Engine, { directory, settings }: Job): Promise<void> {
  if (workloadOf(settings.workload).kind === 'read') return;
  const scratch = await mkdtemp(`${directory}-warm-`);
  try {
    await writeInto(engine, scratch, settings);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeInto(engine: Engine, directory: string, settings: RunSettings): Promise<void> {
  const store = await engine.open(directory, storeSettingsOf(settings));
  try {
    const name = settings.batchSize > 1 ? 'fillbatch' : 'fillrandom';
    const course = workloadOf(name).start(store, settings);
    await drive(course, {
      recorder: new Recorder('none'),
      calls: engine.isAsynchronous ? 'awaited' : 'plain',
      lanes: 1,
      from: 0,
      to: Math.min(course.stepCount, Math.ceil(WARM_UP_ENTRY_COUNT / settings.batchSize)),
      durationMs: WARM_UP_MS,
    });
  } finally {
    await store.close();
  }
}
