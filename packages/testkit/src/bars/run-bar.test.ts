import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bar, isMet, type Part } from './bar.js';
import { BARS } from './bars.js';
import { runBar } from './run-bar.js';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'varve-bars-'));
  writeFileSync(
    join(root, 'says.cjs'),
    'for (const line of process.argv.slice(3)) console.log(line);\nprocess.exit(Number(process.argv[2]));\n',
  );
});
afterAll(() => rmSync(root, { recursive: true }));

function barOf(...parts: Part[]): Bar {
  return { ...BARS.find(({ label }) => label === 'B7')!, wantedCount: 30, parts };
}

/** Runs it and gives the outcome with whether it is met, and the texts it showed. */
async function outcomeOf(...parts: Part[]) {
  const texts: string[] = [];
  const onText = (text: string): void => void texts.push(text);
  const outcome = await runBar(barOf(...parts), { root, processCount: 2, onText });
  const { count, violationCount, brokenPartCount } = outcome;
  return { count, violationCount, brokenPartCount, isMet: isMet(outcome), texts };
}

const TEN = '{"seedCount":10,"violationCount":0}';
const TWENTY = '{"seedCount":20,"violationCount":0}';

describe('runBar', () => {
  test('adds up what its programs count', async () => {
    const outcome = await outcomeOf(['says.cjs', '0', TEN], ['says.cjs', '0', TWENTY]);
    const counts = { count: 30, violationCount: 0, brokenPartCount: 0 };
    expect(outcome).toEqual({ ...counts, isMet: true, texts: [] });
  });

  test('is not met when too little was done', async () => {
    expect(await outcomeOf(['says.cjs', '0', TWENTY])).toMatchObject({ count: 20, isMet: false });
  });

  test('is not met after a violation, and shows what was said about it', async () => {
    const found = '{"seedCount":20,"violationCount":1}';
    const outcome = await outcomeOf(['says.cjs', '1', 'SIM FAIL', found], ['says.cjs', '0', TEN]);
    expect(outcome).toMatchObject({ violationCount: 1, isMet: false, texts: ['SIM FAIL', found] });
  });

  test.each([
    ['ends in another way', ['says.cjs', '7', TWENTY]],
    ['prints nothing to count', ['says.cjs', '0', '{ no JSON']],
  ])('is not met when a program %s', async (_how, part) => {
    const outcome = await outcomeOf(part, ['says.cjs', '0', TWENTY], ['says.cjs', '0', TEN]);
    expect(outcome).toMatchObject({ brokenPartCount: 1, isMet: false });
  });
});

describe('BARS', () => {
  test('count what the lines of their programs say', () => {
    const tallies = (label: string, ...lines: Record<string, unknown>[]) =>
      lines.map((line) => BARS.find((bar) => bar.label === label)!.tallyOf(line));
    const nothing = { count: 0, violationCount: 0 };
    const one = { count: 1, violationCount: 0 };
    const wrong = { count: 0, violationCount: 1 };
    expect(tallies('B1', { checkedCount: 7, violations: [{}] })).toEqual([
      { count: 7, violationCount: 1 },
    ]);
    const killed = { killCount: 20, recoveryKillCount: 2, problem: null, lostCount: 0 };
    expect(tallies('B9', killed, { ...killed, recoveryKillCount: 1 })).toEqual([
      { count: 20, violationCount: 0 },
      { count: 20, violationCount: 1 },
    ]);
    const fuzzed = { caseCount: 200_000, violations: [] };
    expect(tallies('B11', fuzzed, { ...fuzzed, caseCount: 199_999 })).toEqual([one, nothing]);
    expect(tallies('B18', { figures: { images: 20 }, roundCount: 1, violations: [] })).toEqual([
      { count: 20, violationCount: 0 },
    ]);
    expect(tallies('B9', { killCount: 5, problem: 'no' })[0]!.violationCount).toBe(1);
    const mutants = [{ kind: 'failed' }, { kind: 'passed' }, { name: 'canary', kind: 'passed' }];
    expect(tallies('B10', ...mutants)).toEqual([one, wrong, nothing]);
    const found = { seed: 1, isReplayed: true, operationCount: 20, shrinkMs: 60_000 };
    const large = { ...found, operationCount: 21 };
    const lost = { ...found, isReplayed: false };
    const slow = { ...found, shrinkMs: 60_001 };
    expect(tallies('B26', found, large, lost, slow, { seed: null })).toEqual([
      ...[one, wrong, wrong, wrong, nothing],
    ]);
  });
});
