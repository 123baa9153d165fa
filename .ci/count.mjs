// Prints `N passed, N failed` from a JSON report of vitest, and exits with 1 if anything failed.
//
// Usage: node .ci/count.mjs <report> <exit code of the run>
//
// A file that could not be loaded has no tests in the report: it counts as one that failed. So does
// a run that failed without saying where, because the build did or an error was thrown outside of
// all tests.

import { readFileSync } from 'node:fs';

const [reportPath, exitCode] = process.argv.slice(2);
const { numPassedTests, numFailedTests, testResults } = readReport(reportPath);

const unloadedFiles = testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
);
const failedCount = numFailedTests + unloadedFiles.length;
const reportedCount = failedCount === 0 && exitCode !== '0' ? 1 : failedCount;

console.log(`${numPassedTests} passed, ${reportedCount} failed`);
process.exitCode = reportedCount === 0 ? 0 : 1;

function readReport(path) {
  const text = readFileSync(path, 'utf8');
  return text === '' ? { numPassedTests: 0, numFailedTests: 0, testResults: [] } : JSON.parse(text);
}
