// FlipEvery: every bit of every byte of every file is inverted, one at a time, in a small database that was closed and in one
// that crashed; in the quick tier one bit of some bytes.
//
// FlipBytes: one bit of every byte of a larger database that was closed.

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
  const specimens = await makeSpecimens({ shape: 'small', ...options });
  const bits = options.tier === 'full' ? 'all' : 'one';
  return flip(new Findings('flip-every', options), specimens.flatMap(bytesOf), bits);
}

/** See the head of this file. */
export async function flipBytes(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const specimens = await makeSpecimens({ shape: 'deep', ...options });
  const closed = specimens.filter(({ name }) => name === 'closed');
  return flip(new Findings('flip-bytes', options), closed.flatMap(bytesOf), 'one');
}

async function flip(
  findings: Findings,
  places: readonly Place[],
  which: 'all' | 'one',
): Promise<DriverReport> {
  const chosen = findings.places({ count: places.length, quickCount: QUICK_PLACE_COUNT });
  for (const index of chosen) {
    if (findings.isFull) break;
    const place = places[index]!;
    const bits = which === 'all' ? ALL_BITS : [index % ALL_BITS.length];
    for (const bit of bits)
      await judgeIn(findings, { ...place, index, damage: inverted(place, bit) });
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

function inverted({ name, offset }: Place, bit: number): Damage {
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
