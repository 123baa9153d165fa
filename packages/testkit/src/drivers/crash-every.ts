// CrashEvery: the canonical workload stops at every crash point, in every way of stopping; what is left is recovered,
// compared, written to and opened again (§3.6 of the reliability contract; rows W1, M1, M4 to M8, P1; bar B1).
//
// Images that are equal are recovered once. What may be found in them is judged for each: the same bytes that were right
// before an acknowledgement may be wrong after it.

import { createRandom, initializeChecksums } from '@varve/base';
import { refutePresence } from './batch-log.js';
import {
  type CrashPoint,
  imagesAt,
  type PointImage,
  type PointRunOptions,
  runThroughPoints,
} from './crash-points.js';
import { type DriverOptions, type DriverReport, Findings } from './driver.js';
import { checkImage, type ImageVerdict } from './image-check.js';

const QUICK_PLACE_COUNT = 8;

/** Shown of what no sync had covered. */
const UNSYNCED_LINE_COUNT_MAX = 8;

/** See the head of this file. */
export async function crashEvery(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const findings = new Findings('crash-every', options);
  const verdicts = new Map<string, ImageVerdict>();
  await forEachImage(options, findings, async (image, point) => {
    const fingerprint = image.files.fingerprint();
    let verdict = verdicts.get(fingerprint);
    if (verdict === undefined) {
      const { log } = point;
      const take = takeOf(image);
      verdict = await checkImage(take, { log, wrap: options.wrap });
      verdicts.set(fingerprint, verdict);
      findings.checkedCount++;
    } else {
      findings.repeatedCount++;
    }
    const fault = verdict.fault ?? refutePresence(verdict.present, image.bounds);
    if (fault !== null) violateAt(findings, image, fault);
  });
  return findings.report;
}

/** Runs the workload and gives each image of the places to try, until enough was found. */
export async function forEachImage(
  options: DriverOptions,
  findings: Findings,
  visit: (image: PointImage, point: CrashPoint) => Promise<void>,
  quickPlaceCount = QUICK_PLACE_COUNT,
): Promise<void> {
  const { seed, wrap } = options;
  const run: Omit<PointRunOptions, 'onPoint'> = { seed, wrap };
  const pointCount = await runThroughPoints({ ...run, onPoint: () => {} });
  const places = new Set(findings.places({ count: pointCount, quickCount: quickPlaceCount }));
  const waiting: { image: PointImage; point: CrashPoint }[] = [];
  const visitWaiting = async (): Promise<void> => {
    for (const { image, point } of waiting.splice(0)) {
      if (!findings.isFull) await visit(image, point);
      findings.progress(image.point.index / pointCount);
    }
  };
  await runThroughPoints({
    ...run,
    onPoint: (point) => {
      if (!places.has(point.index) || findings.isFull) return;
      waiting.push(...imagesAt(point, options).map((image) => ({ image, point })));
    },
    onQuiet: visitWaiting,
  });
  await visitWaiting();
}

/** Gives a copy of an image for a world of its own. */
export function takeOf({ files }: PointImage): Parameters<typeof checkImage>[0] {
  return (world) => files.crash('kill', createRandom(0), world);
}

/** Notes what was wrong with an image. */
export function violateAt(findings: Findings, image: PointImage, fault: string): void {
  const { point, model, text, unsynced } = image;
  const shown = unsynced.slice(0, UNSYNCED_LINE_COUNT_MAX).join('; ');
  const more = unsynced.length > UNSYNCED_LINE_COUNT_MAX ? ` (of ${unsynced.length})` : '';
  findings.violate(
    point.index,
    {
      title: `point ${point.index} (${point.text})  image: ${text}`,
      lines: [fault, `unsynced at the crash: ${shown === '' ? 'nothing' : shown}${more}`],
    },
    model,
  );
}
