import { expect, test } from 'vitest';
import { measure } from './measure.js';
import type { Prepared } from './microbenchmark.js';

const NO_TIME = { warmupMs: 0, measureMs: 0 };

function benchmarkOf(prepared: Prepared) {
  const setup = async (): Promise<Prepared> => prepared;
  return { name: 'sample', question: '', operation: 'step', operationCount: 10, setup };
}

test('measure refuses a benchmark that does not give what it expects, and closes it', async () => {
  let closeCount = 0;
  const close = (): void => {
    closeCount++;
  };
  const wrong = benchmarkOf({ run: () => 1, expected: 2, close });
  await expect(measure(wrong, NO_TIME)).rejects.toThrow(
    'Cannot measure sample: it gave 1, expected 2',
  );
  expect(closeCount).toBe(1);
});

test('measure resets before every iteration', async () => {
  let steps = 0;
  const reset = (): void => {
    steps = 0;
  };
  await measure(benchmarkOf({ run: () => ++steps, expected: 1, reset }), NO_TIME);
  expect(steps).toBe(1);
});

test('measure waits for iterations that give a promise', async () => {
  let running = 0;
  let most = 0;
  const run = async (): Promise<number> => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    return --running;
  };
  const figure = await measure(benchmarkOf({ run, expected: 0, isAsync: true }), NO_TIME);
  expect(most).toBe(1);
  expect(figure.megabytesPerSecond).toBeNull();
});
