import { expect, test } from 'vitest';
import { parseChildUsage, readChildUsage } from './child-usage.js';

const TEXTS = {
  stat: '12 (db (bench) x) S 1 12 1 0 -1 4194304 2058 0 2 0 150 25 0 0 20 0 4 0 1 2 3',
  status: 'Name:\tdb_bench\nVmHWM:\t   23044 kB\nVmRSS:\t 200 kB\n',
  io: 'rchar: 30136\nwchar: 6956321\nsyscr: 1\nsyscw: 2\n',
};

test('parseChildUsage() reads time, peak and bytes, whatever the program is called', () => {
  expect(parseChildUsage(TEXTS)).toEqual({
    cpuSeconds: 1.75,
    peakRssBytes: 23044 * 1024,
    writtenBytes: 6_956_321,
    readBytes: 30_136,
  });
});

test('parseChildUsage() gives null for a process whose memory is gone', () => {
  expect(parseChildUsage({ ...TEXTS, status: 'Name:\tdb_bench\nState:\tZ (zombie)\n' })).toBeNull();
});

test('readChildUsage() gives null for a process that does not exist', () => {
  expect(readChildUsage(2 ** 22 + 1)).toBeNull();
});
