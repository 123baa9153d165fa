import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isLevelDbSettled, levelsInStatistics } from './classic-level-settled.js';

const HEADER = `                               Compactions
Level  Files Size(MB) Time(sec) Read(MB) Write(MB)
--------------------------------------------------
`;

test.each([
  { rows: '', logCount: 1, expected: true },
  { rows: '  0        3       80         1        0      80\n', logCount: 1, expected: true },
  { rows: '  0        3       80         1        0      80\n', logCount: 2, expected: false },
  { rows: '  0        4       80         1        0      80\n', logCount: 1, expected: false },
  { rows: '  1        9       17         1        0      80\n', logCount: 1, expected: false },
  { rows: '  2       40       80         1        0      80\n', logCount: 1, expected: true },
])(
  'isLevelDbSettled() is $expected with $logCount logs and rows "$rows"',
  async ({ rows, logCount, expected }) => {
    const location = await mkdtemp(join(tmpdir(), 'varve-settled-'));
    onTestFinished(() => rm(location, { recursive: true }));
    for (let index = 0; index < logCount; index++)
      await writeFile(join(location, `${index}.log`), '');
    const level = { location, getProperty: () => HEADER + rows };
    expect(await isLevelDbSettled(level)).toBe(expected);
  },
);

test('levelsInStatistics() reads the rows and nothing else', () => {
  const text = `${HEADER}  0        2       12         1        0      12\n`;
  expect(levelsInStatistics(text)).toEqual([{ level: 0, fileCount: 2, sizeMb: 12 }]);
});
