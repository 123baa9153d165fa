// TruncateEvery: every file is cut at every length, grown, removed, exchanged with another of its kind, and every sector is zeroed and filled with garbage (bar B6). Databases and verdicts as in FlipEvery.

import { createRandom, initializeChecksums } from '@varve/base';
import type { MemoryFileSystem } from '@varve/vfs';
import {
  changeBytes,
  type Damage,
  isAppendedTo,
  makeSpecimens,
  type Specimen,
} from './damage-check.js';
import { type DriverOptions, type DriverReport, Findings } from './driver.js';
import { judgeIn } from './flip-every.js';
import { DATABASE_PATH } from './workload.js';

const QUICK_PLACE_COUNT = 150;
const SECTOR_SIZE_BYTES = 512;

/** See the head of this file. */
export async function truncateEvery(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const findings = new Findings('truncate-every', options);
  const specimens = await makeSpecimens(options.seed, options.wrap);
  const cases = specimens.flatMap((specimen) =>
    damagesOf(specimen).map((damage) => ({ specimen, damage })),
  );
  const chosen = findings.places({ count: cases.length, quickCount: QUICK_PLACE_COUNT });
  for (const index of chosen) {
    if (findings.isFull) break;
    await judgeIn(findings, { ...cases[index]!, index });
    findings.progress(index / cases.length);
  }
  return findings.report;
}

function damagesOf(specimen: Specimen): Damage[] {
  const names = specimen.parts.map(({ name }) => name);
  return specimen.parts.flatMap(({ name, writtenSizeBytes: sizeBytes }) => {
    const others = names.filter((other) => other > name && isSameKind(name, other));
    return [
      removal(name),
      ...others.map((other) => exchange(name, other)),
      ...[1, SECTOR_SIZE_BYTES].map((count) => growth(name, count)),
      ...Array.from({ length: Math.ceil(sizeBytes / SECTOR_SIZE_BYTES) }, (_, sector) => [
        sectorFill({ name, sizeBytes, sector, kind: 'zeros' }),
        sectorFill({ name, sizeBytes, sector, kind: 'garbage' }),
      ]).flat(),
      ...Array.from({ length: sizeBytes }, (_, length) => cut(name, length)),
    ];
  });
}

function cut(name: string, length: number): Damage {
  return {
    ...atTheEnd(name),
    text: `${name} cut to ${length}`,
    names: [name],
    apply: (files) => changeBytes(files, name, (bytes) => bytes.subarray(0, length)),
  };
}

function growth(name: string, count: number): Damage {
  return {
    ...atTheEnd(name),
    text: `${name} with ${count} zeros appended`,
    names: [name],
    apply: (files) =>
      changeBytes(files, name, (bytes) => {
        const grown = new Uint8Array(bytes.length + count);
        grown.set(bytes);
        return grown;
      }),
  };
}

function removal(name: string): Damage {
  const apply = (files: MemoryFileSystem): void => files.removeSync(`${DATABASE_PATH}/${name}`);
  return { text: `${name} removed`, names: [name], apply };
}

function exchange(name: string, other: string): Damage {
  return {
    text: `${name} and ${other} exchanged`,
    names: [name, other],
    apply: (files) => {
      const path = (part: string): string => `${DATABASE_PATH}/${part}`;
      files.renameSync(path(name), path('exchange'));
      files.renameSync(path(other), path(name));
      files.renameSync(path('exchange'), path(other));
    },
  };
}

interface SectorFill {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sector: number;
  readonly kind: 'zeros' | 'garbage';
}

function sectorFill({ name, sizeBytes, sector, kind }: SectorFill): Damage {
  const isLast = (sector + 1) * SECTOR_SIZE_BYTES >= sizeBytes;
  return {
    ...(isLast && atTheEnd(name)),
    text: `sector ${sector} of ${name} filled with ${kind}`,
    names: [name],
    apply: (files) =>
      changeBytes(files, name, (bytes) => {
        const start = sector * SECTOR_SIZE_BYTES;
        const part = bytes.subarray(start, start + SECTOR_SIZE_BYTES);
        if (kind === 'zeros') part.fill(0);
        else createRandom(sector).fill(part);
        return bytes;
      }),
  };
}

/** For what takes the end of a file away with all that attests it, or leaves zeros there (W10). */
function atTheEnd(name: string): Pick<Damage, 'allows'> {
  return isAppendedTo(name) ? { allows: 'shorter' } : {};
}

function isSameKind(name: string, other: string): boolean {
  const kindOf = (text: string): string => text.slice(text.lastIndexOf('.'));
  return name.includes('.') && kindOf(name) === kindOf(other);
}
