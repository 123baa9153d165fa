import { describe, expect, test } from 'vitest';
import { measure } from './measure.js';
import { loadMicrobenchmark, matchingNames, microbenchmarkNames } from './registry.js';

/** Enough to run every line, too little to take time. */
const OPERATION_COUNT = 100;

describe('every microbenchmark', () => {
  test.each(microbenchmarkNames())('%s gives what it expects', async (name) => {
    const benchmark = await loadMicrobenchmark(name);
    const small = { ...benchmark, name, operationCount: OPERATION_COUNT };
    const figure = await measure(small, { warmupMs: 0, measureMs: 0 });
    expect(figure.nsPerOperation).toBeGreaterThan(0);
    expect(benchmark.question).toMatch(/^What does .+ cost\b.*\?$/);
  });
});

describe('matchingNames', () => {
  test('gives all names for no pattern', () => {
    expect(matchingNames([])).toEqual(microbenchmarkNames());
  });

  test('takes the first parts of names', () => {
    expect(matchingNames(['bloom', 'key-hash'])).toEqual([
      ...['bloom-build', 'bloom-probe-hit', 'bloom-probe-miss', 'key-hash'],
    ]);
  });

  test('takes a whole name for that one alone', () => {
    expect(matchingNames(['block-decode'])).toEqual(['block-decode']);
  });

  test('refuses a name that means none', () => {
    expect(() => matchingNames(['blo'])).toThrow('Cannot find a microbenchmark named blo');
  });
});
