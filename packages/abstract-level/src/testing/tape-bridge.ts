// Runs tests that are written for tape inside vitest: each tape test becomes a vitest test of the same name.
//
// tape itself runs the body, in a harness of its own per test, and tells of every assertion; nothing of its behaviour is
// imitated. The test of vitest fails with the list of assertions that did not hold.

import { createRequire } from 'node:module';
import { test } from 'vitest';

const tape = createRequire(import.meta.url)('tape') as { createHarness(): unknown };

/** What has run: compared with what is known to be there, so that tests cannot go missing unseen. */
export class TapeCount {
  testCount = 0;
  assertionCount = 0;
}

type TapeTest = (...args: readonly unknown[]) => void;

interface TapeRow {
  readonly type: 'test' | 'assert' | 'end';
  readonly ok?: boolean;
  readonly name?: unknown;
  readonly operator?: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
  readonly skip?: unknown;
}

/** A function to be passed as tape's `test` while vitest collects tests. */
export function tapeTestOf(count: TapeCount): TapeTest & { skip: TapeTest } {
  const bridge = (...args: readonly unknown[]): void => {
    const name = String(args.find((arg) => typeof arg === 'string') ?? '(anonymous)');
    test(name, async () => {
      const failures = await runTape(args, count);
      if (failures.length > 0) throw new Error(failures.join('\n'));
    });
  };
  // The suite itself switches these off, for every database.
  return Object.assign(bridge, { skip: () => {} });
}

function runTape(args: readonly unknown[], count: TapeCount): Promise<string[]> {
  const harness = tape.createHarness() as TapeTest & {
    createStream(options: { objectMode: true }): NodeJS.ReadableStream;
  };
  const failures: string[] = [];
  return new Promise((resolve, reject) => {
    const stream = harness.createStream({ objectMode: true });
    stream.on('data', (row: TapeRow) => {
      if (row.type === 'test') count.testCount += 1;
      if (row.type !== 'assert') return;
      count.assertionCount += 1;
      if (row.ok === false) failures.push(describeFailure(row));
    });
    stream.on('end', () => resolve(failures));
    stream.on('error', reject);
    harness(...args);
  });
}

function describeFailure({ name, operator, expected, actual }: TapeRow): string {
  const details =
    actual instanceof Error ? actual.stack : `expected ${text(expected)}, got ${text(actual)}`;
  return `not ok: ${String(name)} (${operator}): ${details}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
