// Photographs a report in headless Chromium, to be looked at:
// `node benchmarks/dist/report/screenshot.js report.html report.png [--width 1400] [--height 6000] [--dark]`.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { program } from '@varve/testkit/command-line';
import { count } from '../number-options.js';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const TIMEOUT_MS = 120_000;

const command = program('pnpm bench:screenshot', 'Photographs a report in headless Chromium.')
  .argument('<report>', 'the HTML file')
  .argument('<image>', 'the PNG file to be written')
  .option('--width <pixels>', 'of the window', count({ least: 1 }), 1400)
  .option('--height <pixels>', 'of the window', count({ least: 1 }), 6000)
  .option('--dark', 'as in a dark colour scheme')
  .parse();
const values = command.opts<{ width: number; height: number; dark?: true }>();
const [report, image] = command.args;
const profile = await mkdtemp(join(tmpdir(), 'report-screenshot-'));
try {
  await photograph(BROWSERS);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}

async function photograph([browser, ...others]: readonly string[]): Promise<void> {
  if (browser === undefined) {
    throw new Error(
      `Cannot photograph the report: install Chromium, so that one of ${BROWSERS.join(', ')} is on the PATH`,
    );
  }
  try {
    await promisify(execFile)(browser, wordsFor(report!, image!), { timeout: TIMEOUT_MS });
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
