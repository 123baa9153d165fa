// A setup file of vitest: every test, and every file as a whole, fails if it leaves something
// behind.
//
// The check of a test is registered before the test registers anything, and such hooks run last one
// first, so it comes after all of the test's own cleaning up.

import { afterAll, beforeAll, beforeEach } from 'vitest';
import { LeakCheck } from './leak-check.js';

const fileCheck = new LeakCheck();
const testCheck = new LeakCheck();

beforeAll(() => fileCheck.start());
afterAll(async () => refuse(await fileCheck.findings()));

beforeEach(({ onTestFinished }) => {
  testCheck.start();
  onTestFinished(async () => refuse(await testCheck.findings()));
});

function refuse(findings: readonly string[]): void {
  if (findings.length > 0) throw new Error(`Leaked: ${findings.join('; ')}`);
}
