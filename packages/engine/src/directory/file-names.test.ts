import { BugError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import {
  isFileNumber,
  logFileName,
  manifestFileName,
  type NumberedFile,
  numberedFileName,
  parseFileName,
  spareLogFileName,
  tableFileName,
  temporaryFileName,
} from './file-names.js';

const LARGEST = Number.MAX_SAFE_INTEGER;

describe('numberedFileName', () => {
  test.each<[NumberedFile['kind'], number, string]>([
    ['log', 12, '000012.log'],
    ['spareLog', 12, '000012.log.spare'],
    ['table', 13, '000013.sst'],
    ['manifest', 5, 'MANIFEST-000005'],
    ['temporary', 14, '000014.tmp'],
    ['table', 999_999, '999999.sst'],
    ['table', 1_000_000, '1000000.sst'],
    ['log', LARGEST, '9007199254740991.log'],
    ['manifest', LARGEST, 'MANIFEST-9007199254740991'],
  ])('names a %s with number %d, and parseFileName reads it back', (kind, fileNumber, name) => {
    expect(numberedFileName({ kind, fileNumber })).toBe(name);
    expect(parseFileName(name)).toEqual({ kind, fileNumber });
  });

  test('is what the functions for each kind give', () => {
    expect(numberedFileName({ kind: 'log', fileNumber: 7 })).toBe(logFileName(7));
    expect(numberedFileName({ kind: 'spareLog', fileNumber: 7 })).toBe(spareLogFileName(7));
    expect(numberedFileName({ kind: 'table', fileNumber: 7 })).toBe(tableFileName(7));
    expect(numberedFileName({ kind: 'manifest', fileNumber: 7 })).toBe(manifestFileName(7));
    expect(numberedFileName({ kind: 'temporary', fileNumber: 7 })).toBe(temporaryFileName(7));
  });

  test.each([0, -1, 1.5, LARGEST + 1, Number.NaN])('refuses the number %d as a bug', (number) => {
    expect(isFileNumber(number)).toBe(false);
    expect(() => tableFileName(number)).toThrow(BugError);
  });
});

describe('parseFileName', () => {
  test.each([
    'CURRENT',
    'LOCK',
    '',
    '.',
    '..',
    '.DS_Store',
    '000000.sst',
    '00012.sst',
    '0000012.sst',
    '000012',
    '000012.SST',
    '000012.sst ',
    ' 000012.sst',
    '000012.sst\n',
    '000012.sst\0',
    '000012.sst.spare',
    '000012.log.spare.spare',
    '000012.log.tmp',
    '-00012.log',
    '+00012.log',
    '0x0012.log',
    '1e0005.log',
    '../000012.sst',
    'a/000012.sst',
    '/000012.sst',
    'MANIFEST-',
    'MANIFEST-00005',
    'MANIFEST-000000',
    'MANIFEST-0000005',
    'MANIFEST-000005.sst',
    'manifest-000005',
    'MANIFEST-000005\n',
    '9007199254740992.log',
    '99999999999999999.log',
    '０００００１.sst',
    'CURRENT.tmp',
  ])('M7: takes %j for somebody else’s', (name) => {
    expect(parseFileName(name)).toBeUndefined();
  });
});
