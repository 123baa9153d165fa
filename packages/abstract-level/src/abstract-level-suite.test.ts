// The suite of abstract-level itself, with every capability declared: what makes a database one of Level.

import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { TapeCount, tapeTestOf } from './testing/tape-bridge.js';
import { VarveLevel } from './varve-level.js';

type Suite = (options: { test: unknown; factory: (options?: object) => VarveLevel }) => void;

const TEST_COUNT = 1509;
const ASSERTION_COUNT = 5168;

const suite = createRequire(import.meta.url)('abstract-level/test') as Suite;
const count = new TapeCount();
const opened: VarveLevel[] = [];

function factory(options?: object): VarveLevel {
  const location = mkdtempSync(join(tmpdir(), 'varve-level-'));
  // Starting and stopping two threads for each of some 2,000 databases would be most of the time.
  const level = new VarveLevel(location, { backgroundThreads: 0, ...options });
  opened.push(level);
  return level;
}

/** The suite closes what it opens, but for databases whose manifest it only looks at. */
async function closeAll(): Promise<void> {
  for (const level of opened.splice(0)) {
    await level.close();
    rmSync(level.location, { recursive: true, force: true });
  }
}

afterEach(closeAll);
afterAll(closeAll);

describe('the suite of abstract-level', () => {
  suite({ test: tapeTestOf(count), factory });

  test('ran all of its tests and assertions', () => {
    expect({ ...count }).toEqual({ testCount: TEST_COUNT, assertionCount: ASSERTION_COUNT });
  });
});
