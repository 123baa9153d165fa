// TruncateEvery: every file is cut at every length, grown, removed, exchanged with another of its kind and given the content
// of one; every sector is zeroed, filled with garbage and exchanged with the next one (bar B6). Databases and verdicts as in
// FlipEvery.

import { compareWhole, createRandom, initializeChecksums } from '@varve/base';
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
  const specimens = await makeSpecimens({ shape: 'small', ...options });
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
      ...others.flatMap((other) => [
        exchange(name, other),
        duplicate(name, other),
        duplicate(other, name),
      ]),
      ...sectorExchanges(specimen, name, sizeBytes),
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

/** The content of `name` is that of `source`, as when a write went to the wrong file. */
function duplicate(source: string, name: string): Damage {
  return {
    text: `${name} with the content of ${source}`,
    names: [name, source],
    apply: (files) => {
      let content = new Uint8Array(0);
      changeBytes(files, source, (bytes) => {
        content = bytes.slice();
        return bytes;
      });
      changeBytes(files, name, () => content);
    },
  };
}

/** Each sector and the next one in each other's place, unless they are equal. */
function sectorExchanges({ files }: Specimen, name: string, sizeBytes: number): Damage[] {
  const file = files.openSync(`${DATABASE_PATH}/${name}`, 'read');
  const content = new Uint8Array(sizeBytes);
  file.readSync(content, 0, sizeBytes, 0);
  file.closeSync();
  const starts = Array.from(
    { length: Math.ceil(sizeBytes / SECTOR_SIZE_BYTES) - 1 },
    (_, sector) => sector * SECTOR_SIZE_BYTES,
  );
  return starts
    .filter((start) => compareWhole(exchangedAt(content, start), content) !== 0)
    .map((start) => ({
      ...(start + 2 * SECTOR_SIZE_BYTES >= sizeBytes && atTheEnd(name)),
      text: `sectors ${start / SECTOR_SIZE_BYTES} and the next one of ${name} exchanged`,
      names: [name],
      apply: (damaged) => changeBytes(damaged, name, (bytes) => exchangedAt(bytes, start)),
    }));
}

function exchangedAt(bytes: Uint8Array, start: number): Uint8Array<ArrayBuffer> {
  const exchanged = bytes.slice();
  const [middle, end] = [start + SECTOR_SIZE_BYTES, start + 2 * SECTOR_SIZE_BYTES];
  const second = bytes.subarray(middle, end);
  exchanged.set(second, start);
  exchanged.set(bytes.subarray(start, middle), start + second.length);
  return exchanged;
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
