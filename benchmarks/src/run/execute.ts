/** Does one job in this process. */
import type { EngineStore } from '../engines/engine.js';
import { nullStore } from '../engines/null-store.js';
import { loadEngine } from '../engines/registry.js';
import { drive } from '../measure/drive.js';
import { Recorder } from '../measure/recorder.js';
import { PREPARE, type Workload, WrongDataError, workloadOf } from '../workloads/index.js';
import type { Job, Outcome } from './job.js';
import { measureRun } from './measure-run.js';
import type { ExternalEngine, RunSettings } from './raw-figures.js';
import { storeSettingsOf } from './settings.js';
import { warmWrites } from './warm-writes.js';

const CALIBRATION_OPERATION_COUNT = 200_000;
const CALIBRATION_PASS_COUNT = 3;

/** Does the job. Wrong data, and engines that are missing or fail, are outcomes and not errors. */
export async function execute(job: Job): Promise<Outcome> {
  try {
    if (job.task === 'calibrate') return await calibrate(job.settings);
    const loaded = await loadEngine(job.settings.engine);
    if (loaded.kind === 'external') return await executeExternal(loaded.engine, job);
    if (job.task === 'run') await warmWrites(loaded.engine, job);
    const store = await loaded.engine.open(job.directory, storeSettingsOf(job.settings));
    try {
      if (job.task === 'prepare') return await prepare(store, job.settings);
      const { isAsynchronous } = loaded.engine;
      const refusal = refusalOf(job.settings, isAsynchronous);
      if (refusal !== null) return { kind: 'skipped', reason: refusal };
      if (!survivesClose(store)) await prepareIfNeeded(store, job.settings);
      return { kind: 'figures', figures: await measureRun({ store, job, isAsynchronous }) };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof WrongDataError) return { kind: 'wrong', message: error.message };
    return { kind: 'skipped', reason: firstLineOf(error) };
  }
}

async function executeExternal(engine: ExternalEngine, job: Job): Promise<Outcome> {
  const refusal = await engine.refusal(job.settings);
  if (refusal !== null) return { kind: 'skipped', reason: refusal };
  if (job.task === 'run') {
    return { kind: 'figures', figures: await engine.run(job.settings, job.directory) };
  }
  await engine.prepare(job.settings, job.directory);
  return { kind: 'prepared' };
}

async function prepare(store: EngineStore, settings: RunSettings): Promise<Outcome> {
  if (survivesClose(store)) await fillStore(store, settings);
  return { kind: 'prepared' };
}

/** A store that lives in memory only cannot be prepared by another process. */
async function prepareIfNeeded(store: EngineStore, settings: RunSettings): Promise<void> {
  if (workloadOf(settings.workload).kind !== 'fill') await fillStore(store, settings);
}

async function fillStore(store: EngineStore, settings: RunSettings): Promise<void> {
  const operationCount = settings.num;
  const own = { ...settings, operationCount, batchSize: PREPARE.batchSize!, writers: 1 };
  const course = PREPARE.start(store, own);
  await drive(course, {
    recorder: new Recorder('none'),
    calls: 'awaited',
    lanes: 1,
    from: 0,
    to: course.stepCount,
    durationMs: Number.POSITIVE_INFINITY,
  });
  await store.compact?.();
  await store.settle();
}

function survivesClose(store: EngineStore): boolean {
  return store.describe().survivesClose !== false;
}

function refusalOf({ writers }: RunSettings, isAsynchronous: boolean): string | null {
  if (writers === 1 || isAsynchronous) return null;
  return 'synchronous calls cannot overlap: one writer only';
}

/** The best of some passes: whatever else the machine does is not the harness. */
async function calibrate(settings: RunSettings): Promise<Outcome> {
  const workload = workloadOf(settings.workload);
  if (workload.sampling === 'none') return { kind: 'skipped', reason: 'one step is a whole scan' };
  const passes: number[] = [];
  for (let pass = 0; pass < CALIBRATION_PASS_COUNT; pass++) {
    passes.push(await calibrationPassUs(workload, { ...settings, writers: 1 }));
  }
  return { kind: 'calibrated', overheadUs: Math.min(...passes) };
}

async function calibrationPassUs(workload: Workload, settings: RunSettings): Promise<number> {
  const operationCount = CALIBRATION_OPERATION_COUNT;
  const course = workload.start(nullStore, { ...settings, operationCount });
  const recorder = new Recorder(workload.sampling);
  const bounds = { lanes: 1, from: 0, to: course.stepCount, durationMs: 1000 };
  const startMs = performance.now();
  const { stepCount } = await drive(course, { recorder, calls: 'plain', ...bounds });
  const elapsedUs = (performance.now() - startMs) * 1000;
  return elapsedUs / (stepCount * settings.batchSize);
}

function firstLineOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0];
}
