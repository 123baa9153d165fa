// FlipEvery: every bit of every byte of every file is inverted, one at a time, in a database that was closed and in one that
// crashed; in the quick tier one bit of some bytes.

import { initializeChecksums } from '@varve/base';
import {
  changeBytes,
  type Damage,
  judgeDamage,
  makeSpecimens,
  type Specimen,
} from './damage-check.js';
import { type DriverOptions, type DriverReport, Findings } from './driver.js';

const QUICK_PLACE_COUNT = 200;
const ALL_BITS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];

/** A byte of a file of a database. */
interface Place {
  readonly specimen: Specimen;
  readonly name: string;
  readonly offset: number;
}

/** See the head of this file. */
export async function flipEvery(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const findings = new Findings('flip-every', options);
  const places = (await makeSpecimens(options.seed, options.wrap)).flatMap(bytesOf);
  const chosen = findings.places({ count: places.length, quickCount: QUICK_PLACE_COUNT });
  for (const index of chosen) {
    if (findings.isFull) break;
    const place = places[index]!;
    const bits = options.tier === 'full' ? ALL_BITS : [index % ALL_BITS.length];
    for (const bit of bits) await judgeIn(findings, { ...place, index, damage: flip(place, bit) });
    findings.progress(index / places.length);
  }
  return findings.report;
}

/** Damages a specimen, and notes what came of it. */
export async function judgeIn(
  findings: Findings,
  { specimen, index, damage }: { specimen: Specimen; index: number; damage: Damage },
): Promise<void> {
  const outcome = await judgeDamage(specimen, damage);
  findings.checkedCount++;
  findings.note(`${specimen.name} database, ${outcome.kind}`);
  const title = `${specimen.name} database, ${damage.text}`;
  if (outcome.kind === 'fault') findings.violate(index, { title, lines: [outcome.text] });
  else if (outcome.kind === 'inert' && damage.allows !== 'shorter') {
    findings.violate(index, { title, lines: ['nobody notices, verification included'] });
  }
}

function bytesOf(specimen: Specimen): Place[] {
  return specimen.parts.flatMap(({ name, writtenSizeBytes }) =>
    Array.from({ length: writtenSizeBytes }, (_, offset) => ({ specimen, name, offset })),
  );
}

function flip({ name, offset }: Place, bit: number): Damage {
  return {
    text: `bit ${bit} of ${name}@${offset}`,
    names: [name],
    apply: (files) => {
      changeBytes(files, name, (bytes) => {
        bytes[offset]! ^= 1 << bit;
        return bytes;
      });
    },
  };
}
