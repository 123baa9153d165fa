// Runs the programs of a bar, some beside each other, and counts what they print.

import { spawn } from 'node:child_process';
import { systemClock } from '@varve/base';
import type { Bar, BarOutcome, Line, Part, Tally } from './bar.js';

/** Programs end with 1 when they have found something, which their lines tell. */
const EXIT_CODES: ReadonlySet<number | null> = new Set([0, 1]);

/** Where and how the programs of a bar are run. */
export interface BarRunOptions {
  /** The root of the workspace. */
  readonly root: string;
  readonly processCount: number;
  /** Is told what the programs print that is no line of JSON: what was found, and how to see it again. */
  readonly onText: (text: string) => void;
}

interface PartOutcome extends Tally {
  readonly isBroken: boolean;
}

/** Runs a bar to its end. */
export async function runBar(bar: Bar, options: BarRunOptions): Promise<BarOutcome> {
  const startMs = systemClock.monotonicMs();
  const waiting = [...bar.parts];
  const outcomes: PartOutcome[] = [];
  const lane = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      outcomes.push(await runPart(bar, part, options));
    }
  };
  await Promise.all(Array.from({ length: options.processCount }, lane));
  return {
    bar,
    count: outcomes.reduce((sum, { count }) => sum + count, 0),
    violationCount: outcomes.reduce((sum, { violationCount }) => sum + violationCount, 0),
    brokenPartCount: outcomes.filter(({ isBroken }) => isBroken).length,
    seconds: Math.round((systemClock.monotonicMs() - startMs) / 1000),
  };
}

async function runPart(bar: Bar, part: Part, options: BarRunOptions): Promise<PartOutcome> {
  const { exitCode, output } = await outputOf(part, options.root);
  const lines = output.split('\n').filter((text) => text !== '');
  const parsed = lines.map(parsedLine);
  const texts = lines.filter((_, index) => parsed[index] === null);
  if (texts.length > 0) options.onText(texts.join('\n'));
  const found = parsed.flatMap((line) =>
    Array.isArray(line?.['violations']) ? line['violations'] : [],
  );
  for (const violation of found) options.onText(JSON.stringify(violation, null, 2));
  const tallies = parsed.flatMap((line) => {
    if (line === null) return [];
    const tally = bar.tallyOf(line);
    // What is counted as a violation without saying more.
    const isSilent = tally.violationCount > 0 && !Array.isArray(line['violations']);
    if (isSilent) options.onText(JSON.stringify(line));
    return [tally];
  });
  return {
    count: tallies.reduce((sum, { count }) => sum + count, 0),
    violationCount: tallies.reduce((sum, { violationCount }) => sum + violationCount, 0),
    isBroken: !EXIT_CODES.has(exitCode) || tallies.length === 0,
  };
}

function parsedLine(text: string): Line | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Line;
  } catch {
    // A line that only looks like it is shown like any other.
    return null;
  }
}

function outputOf(
  part: Part,
  root: string,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const child = spawn(process.execPath, part, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}
