import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from './list.js';
import { applyMutant, canariesFor, type Mutant } from './mutant.js';
import { verdictOf } from './test-run.js';

const packages = new URL('../../../', import.meta.url);

function sourceOf({ file }: Mutant): string {
  return readFileSync(new URL(file, packages), 'utf8');
}

/** What the compiler says of the syntax: a test that cannot even be loaded would seem to notice the fault. */
function syntaxErrorsOf(source: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(source, { reportDiagnostics: true });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

function codeOf(source: string): string[] {
  return source.split('\n').filter((line) => !line.startsWith('//'));
}

describe('MUTANTS', () => {
  test('are at least 40, each with a name of its own', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  test.each(MUTANTS)('B10: $name fits its source, once, and leaves it a program', (mutant) => {
    const source = sourceOf(mutant);
    const broken = applyMutant(source, mutant);
    expect(broken).not.toBe(source);
    expect(syntaxErrorsOf(broken)).toEqual([]);
    for (const path of mutant.tests) expect(existsSync(new URL(path, packages)), path).toBe(true);
  });
});

describe('canariesFor', () => {
  test('gives a change of a comment, for all tests of all mutants', () => {
    const canaries = canariesFor(MUTANTS);
    const tests = new Set(MUTANTS.flatMap((mutant) => mutant.tests));
    expect(new Set(canaries.flatMap((canary) => canary.tests))).toEqual(tests);
    for (const canary of canaries) {
      const source = sourceOf(canary);
      expect(codeOf(applyMutant(source, canary))).toEqual(codeOf(source));
    }
  });

  test('keeps apart tests that are chosen by name', () => {
    const [first, second] = MUTANTS;
    const named = { ...second!, testName: 'T10' };
    const canaries = canariesFor([first!, named]);
    expect(canaries.map(({ tests, testName }) => [tests, testName])).toEqual([
      [first!.tests, undefined],
      [named.tests, 'T10'],
    ]);
  });
});

describe('applyMutant', () => {
  const mutant: Mutant = {
    name: 'm',
    rule: 'r',
    file: 'f.ts',
    original: 'a',
    replacement: '$&b',
    tests: [],
  };

  test('replaces the text, and takes the replacement as it is', () => {
    expect(applyMutant('xay', mutant)).toBe('x$&by');
  });

  test.each(['', 'xy', 'aa'])('refuses %j, in which the text is not exactly once', (source) => {
    expect(() => applyMutant(source, mutant)).toThrow('the list is stale');
  });
});

describe('verdictOf', () => {
  const file = { status: 'passed', message: '', assertionResults: [] };
  const whole = { success: true, numTotalTests: 1, testResults: [file] };

  test('is passed when every test passed', () => {
    expect(verdictOf(whole)).toEqual({ kind: 'passed' });
  });

  test('is failed by the first test that failed', () => {
    const results = ['passed', 'failed', 'failed'].map((status, index) => ({
      status,
      fullName: `test ${index}`,
    }));
    const failed = { ...file, status: 'failed', assertionResults: results };
    expect(verdictOf({ ...whole, success: false, testResults: [failed] })).toEqual({
      kind: 'failed',
      by: 'test 1',
    });
  });

  test('is failed by what a test file leaves behind, and by errors outside every test', () => {
    const leaking = { ...file, status: 'failed', message: 'Leaked: file 3' };
    const verdict = verdictOf({ ...whole, success: false, testResults: [leaking] });
    expect(verdict).toEqual({ kind: 'failed', by: 'Leaked: file 3' });
    expect(verdictOf({ ...whole, success: false }).kind).toBe('failed');
  });

  test('is broken when a test file cannot be loaded, and when nothing was run', () => {
    const broken = { ...file, status: 'failed', message: 'Unexpected token' };
    const verdict = verdictOf({ ...whole, success: false, testResults: [file, broken] });
    expect(verdict).toEqual({ kind: 'broken', by: 'Unexpected token' });
    expect(verdictOf({ ...whole, numTotalTests: 0 }).kind).toBe('broken');
    expect(verdictOf(null).kind).toBe('broken');
  });
});
