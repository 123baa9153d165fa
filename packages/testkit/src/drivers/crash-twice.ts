// CrashTwice: whatever a crash left is recovered, and the recovery itself stops before each of its calls (W11, bar B2). The
// second recovery must find exactly what the first would have found.

import { createRandom, initializeChecksums } from '@varve/base';
import type { MemoryFileSystem } from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import { forEachImage, takeOf, violateAt } from './crash-every.js';
import type { CrashPoint, PointImage } from './crash-points.js';
import { type DriverOptions, type DriverReport, Findings } from './driver.js';
import { checkImage } from './image-check.js';
import { ObservedCalls } from './observed-calls.js';
import { StepWorld } from './step-world.js';
import { openIn } from './workload.js';

/** One in so many calls of a recovery is tried in the quick tier. */
const QUICK_CALL_STRIDE = 9;
const QUICK_PLACE_COUNT = 2;
const SECOND_MODELS = ['drop', 'posix'] as const;

interface SecondImage {
  readonly text: string;
  readonly files: MemoryFileSystem;
}

/** See the head of this file. */
export async function crashTwice(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const findings = new Findings('crash-twice', options);
  const seen = new Set<string>();
  const isNew = (files: MemoryFileSystem): boolean => {
    const fingerprint = files.fingerprint();
    if (seen.has(fingerprint)) findings.repeatedCount++;
    else if (seen.add(fingerprint)) return true;
    return false;
  };
  const visit = async (image: PointImage, point: CrashPoint): Promise<void> => {
    if (!isNew(image.files)) return;
    const first = await checkImage(takeOf(image), { log: point.log, extent: 'look' });
    if (first.fault !== null) return violateAt(findings, image, first.fault);
    const expected = first.present.join(' ');
    for (const second of await imagesOfRecovery(image, options)) {
      if (findings.isFull || !isNew(second.files)) continue;
      findings.checkedCount++;
      const take = (world: StepWorld) => second.files.crash('kill', createRandom(0), world);
      const { present, fault } = await checkImage(take, { log: point.log, extent: 'look' });
      const isSame = present.join(' ') === expected;
      const problem = fault ?? (isSame ? null : `found batches ${present}, at first ${expected}`);
      if (problem !== null) violateAt(findings, image, `${second.text}: ${problem}`);
    }
  };
  await forEachImage(options, findings, visit, QUICK_PLACE_COUNT);
  return findings.report;
}

/** Recovers an image, and takes what a crash would leave before calls of that recovery. */
async function imagesOfRecovery(image: PointImage, options: DriverOptions): Promise<SecondImage[]> {
  const world = new StepWorld();
  const files = takeOf(image)(world);
  const { wrap = (inner) => inner, tier, seed } = options;
  const stride = tier === 'full' ? 1 : QUICK_CALL_STRIDE;
  const images: SecondImage[] = [];
  let callCount = 0;
  const observed = new ObservedCalls(files, ({ operation, path }) => {
    if (++callCount % stride !== seed % stride) return;
    for (const model of SECOND_MODELS) {
      const text = `again before call ${callCount} of recovery (${operation} ${path}, ${model})`;
      images.push({ text, files: files.crash(model, createRandom(seed ^ callCount)) });
    }
  });
  const strict = new StrictFileSystem(wrap(observed));
  const db = await world.settle(openIn(world, strict));
  callCount = Number.NEGATIVE_INFINITY;
  await world.settle(db.close());
  strict.assertFaultless();
  return images;
}
