// The names of the files inside a database directory: the only place that makes or parses them.
//
//   000012.log          write-ahead log 12             000012.log.spare   a log kept to be written over
//   000013.sst          table 13                       000014.tmp         on its way to become CURRENT
//   MANIFEST-000022     manifest 22                    CURRENT, LOCK, RESERVE      one each
//
// Names are made from integers and never read from a file, so damaged or hostile content cannot lead
// outside the directory. One counter numbers all of them. A name that this file would not have made,
// such as one with a superfluous zero, is somebody else's: it is never opened and never removed.

import { assert } from '@varve/base';

/** Holds the name of the manifest in force. */
export const CURRENT_FILE_NAME = 'CURRENT';

/** Locked for as long as the database is open for writing. */
export const LOCK_FILE_NAME = 'LOCK';

/** Occupies space that is given back when the disk is full. */
export const RESERVE_FILE_NAME = 'RESERVE';

/**
 * The number of a manifest that CURRENT names is a multiple of this. Changing one digit of a multiple of
 * 11 never gives another, so a damaged byte of CURRENT cannot put another manifest in force.
 */
export const MANIFEST_NUMBER_STEP = 11;

/** What a numbered file is. */
export type NumberedFileKind = 'log' | 'spareLog' | 'table' | 'manifest' | 'temporary';

/** A file of the database that has a number. */
export interface NumberedFile {
  readonly kind: NumberedFileKind;
  readonly fileNumber: number;
}

const DIGIT_COUNT_MIN = 6;
const NUMBERED_NAME = /^(?:(\d{6,16})\.(log|log\.spare|sst|tmp)|MANIFEST-(\d{6,16}))$/;
const KIND_OF_SUFFIX: ReadonlyMap<string, NumberedFileKind> = new Map([
  ['log', 'log'],
  ['log.spare', 'spareLog'],
  ['sst', 'table'],
  ['tmp', 'temporary'],
]);

/** Name of the write-ahead log `fileNumber`. */
export function logFileName(fileNumber: number): string {
  return `${digits(fileNumber)}.log`;
}

/** Name of a retired log whose space will be written over by a later one. */
export function spareLogFileName(fileNumber: number): string {
  return `${digits(fileNumber)}.log.spare`;
}

/** Name of the table `fileNumber`. */
export function tableFileName(fileNumber: number): string {
  return `${digits(fileNumber)}.sst`;
}

/** Name of the manifest `fileNumber`. */
export function manifestFileName(fileNumber: number): string {
  return `MANIFEST-${digits(fileNumber)}`;
}

/** Name of a file that is written first and renamed then. */
export function temporaryFileName(fileNumber: number): string {
  return `${digits(fileNumber)}.tmp`;
}

/** Name of a numbered file. */
export function numberedFileName(file: NumberedFile): string {
  switch (file.kind) {
    case 'log':
      return logFileName(file.fileNumber);
    case 'spareLog':
      return spareLogFileName(file.fileNumber);
    case 'table':
      return tableFileName(file.fileNumber);
    case 'manifest':
      return manifestFileName(file.fileNumber);
    case 'temporary':
      return temporaryFileName(file.fileNumber);
  }
}

/** Reads a name back; `undefined` for CURRENT, LOCK, RESERVE and every name that is not one of ours. */
export function parseFileName(name: string): NumberedFile | undefined {
  const match = NUMBERED_NAME.exec(name);
  if (match === null) return undefined;
  const [, number, suffix, manifestNumber] = match;
  const fileNumber = Number(number ?? manifestNumber);
  if (!isFileNumber(fileNumber)) return undefined;
  const kind = suffix === undefined ? 'manifest' : KIND_OF_SUFFIX.get(suffix);
  assert(kind !== undefined, 'every suffix of the pattern has a kind');
  const file = { kind, fileNumber };
  return numberedFileName(file) === name ? file : undefined;
}

/** Whether `value` can number a file: a safe integer from 1 on. */
export function isFileNumber(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function digits(fileNumber: number): string {
  assert(isFileNumber(fileNumber), 'a file number must be a safe integer from 1 on');
  return String(fileNumber).padStart(DIGIT_COUNT_MIN, '0');
}
