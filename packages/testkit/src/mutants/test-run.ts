// Runs tests in a copy of the workspace and says what failed first.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@varve/base';
import type { Mutant } from './mutant.js';

/**
 * `'passed'`: nothing noticed. `'failed'`: `by` is the test that did. `'broken'`: no test ran, so nothing was learnt.
 */
export type TestVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed' | 'broken'; readonly by: string };

/** Where and for how long tests are run. */
export interface TestRunOptions {
  /** The copy. */
  readonly path: string;
  readonly timeLimitMs: number;
}

/** What is read of the report of a run. */
interface TestReport {
  readonly success: boolean;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Runs the tests of a mutant until the first that fails. */
export async function runTests(mutant: Mutant, options: TestRunOptions): Promise<TestVerdict> {
  const reportPath = join(options.path, 'report.json');
  rmSync(reportPath, { force: true });
  const end = await runVitest(parametersOf(mutant, reportPath), options);
  if (end === 'timeLimit') {
    return { kind: 'failed', by: `no end within ${options.timeLimitMs / 1_000} s` };
  }
  return verdictOf(readReport(reportPath));
}

/** Gives what the report of a run means; null stands for a run that left none. */
export function verdictOf(report: TestReport | null): TestVerdict {
  if (report === null) return { kind: 'broken', by: 'the test runner left no report' };
  if (report.numTotalTests === 0) return { kind: 'broken', by: firstLoadFailure(report) };
  if (report.success) return { kind: 'passed' };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'failed', by: failed.fullName };
  // A test file that cannot be loaded has learnt nothing, but one that leaves something behind has.
  const leaking = report.testResults.find(({ message }) => message.includes('Leaked:'));
  if (leaking !== undefined) return { kind: 'failed', by: leaking.message };
  const isLoaded = report.testResults.every(({ status }) => status === 'passed');
  return isLoaded
    ? { kind: 'failed', by: 'an error outside every test' }
    : { kind: 'broken', by: firstLoadFailure(report) };
}

function firstLoadFailure({ testResults }: TestReport): string {
  return testResults.find(({ message }) => message !== '')?.message ?? 'no test was run';
}

function parametersOf({ tests, testName }: Mutant, reportPath: string): string[] {
  return [
    ...['run', '--project', 'unit', '--bail', '1', '--maxWorkers', '1'],
    ...['--reporter', 'json', '--outputFile', reportPath],
    ...(testName === undefined ? [] : ['--testNamePattern', testName]),
    ...tests.map((test) => `packages/${test}`),
  ];
}

function runVitest(parameters: string[], options: TestRunOptions): Promise<'ended' | 'timeLimit'> {
  const program = join(options.path, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [program, ...parameters], {
    cwd: options.path,
    stdio: 'ignore',
    // A group of its own, so that nothing it started outlives it.
    detached: true,
  });
  const stop = (): void => killGroup(child);
  process.once('exit', stop);
  return new Promise((resolve, reject) => {
    const timer = systemClock.delay(options.timeLimitMs, () => {
      stop();
      resolve('timeLimit');
    });
    child.once('error', reject);
    child.once('exit', () => {
      process.removeListener('exit', stop);
      timer.cancel();
      resolve('ended');
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

function readReport(path: string): TestReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport;
  } catch {
    return null;
  }
}
