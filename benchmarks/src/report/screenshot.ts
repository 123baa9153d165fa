// Photographs a report in headless Chromium, to be looked at:
// `node benchmarks/dist/report/screenshot.js report.html report.png [--width 1400] [--height 6000] [--dark]`.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const TIMEOUT_MS = 120_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '1400' },
    height: { type: 'string', default: '6000' },
    dark: { type: 'boolean', default: false },
  },
});
const [report, image] = positionals;
if (report === undefined || image === undefined) {
  throw new Error('Usage: screenshot REPORT IMAGE [--width PIXELS] [--height PIXELS] [--dark]');
}
const profile = await mkdtemp(join(tmpdir(), 'report-screenshot-'));
try {
  await photograph(PROGRAMS);
} finally {
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}

async function photograph([program, ...others]: readonly string[]): Promise<void> {
  if (program === undefined) {
    throw new Error(`Cannot photograph the report: none of ${PROGRAMS.join(', ')} is on the PATH`);
  }
  try {
    await promisify(execFile)(program, wordsFor(report!, image!), { timeout: TIMEOUT_MS });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await photograph(others);
  }
}

function wordsFor(reportFile: string, imageFile: string): string[] {
  return [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run',
    '--hide-scrollbars',
    `--user-data-dir=${profile}`,
    `--window-size=${values.width},${values.height}`,
    `--screenshot=${resolve(imageFile)}`,
    ...(values.dark ? ['--blink-settings=preferredColorScheme=0'] : []),
    pathToFileURL(resolve(reportFile)).href,
  ];
}
