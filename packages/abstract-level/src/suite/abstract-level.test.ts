// The suite of abstract-level itself, with every capability declared: what makes a database one of Level.
//
// Its tests follow each other: one opens a database, the next ones use it. So leaks are looked for once, at the end.

import { createRequire } from 'node:module';
import { LeakCheck } from '@varve/testkit';
import { MemoryFileSystem } from '@varve/vfs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenOptions } from '../level-options.js';
import { TapeCount, tapeTestOf } from '../testing/tape-bridge.js';
import { VarveLevel } from '../varve-level.js';

type Suite = (options: { test: unknown; factory: (options?: object) => MemoryVarveLevel }) => void;

const CAPABILITIES = [
  ...['permanence', 'seek', 'has', 'getSync', 'createIfMissing', 'errorIfExists'],
  ...['implicitSnapshots', 'explicitSnapshots', 'deferredOpen'],
] as const;

const BROKEN_CODES = ['LEVEL_STATUS_LOCKED', 'LEVEL_DATABASE_NOT_CLOSED'];

const TEST_COUNT = 1509;
const ASSERTION_COUNT = 5168;

/** In memory; each database of the suite has a place of its own. */
class MemoryVarveLevel extends VarveLevel {
  readonly #fileSystem = new MemoryFileSystem();

  override _open(options: OpenOptions): Promise<void> {
    const small = { memoryBudgetBytes: 8 * 1024 * 1024 };
    return super._open({ ...options, ...small, fileSystem: this.#fileSystem });
  }
}

const suite = createRequire(import.meta.url)('abstract-level/test') as Suite;
const count = new TapeCount();
const leaks = new LeakCheck();
const opened: MemoryVarveLevel[] = [];

function factory(options?: object): MemoryVarveLevel {
  const level = new MemoryVarveLevel(`/level-${opened.length}`, options);
  opened.push(level);
  return level;
}

beforeAll(() => leaks.start());

afterAll(async () => {
  // The suite closes what it opens, but for databases of which it only looks at the manifest, or whose closing it breaks.
  for (const level of opened) {
    await level.close().catch((error) => expect(BROKEN_CODES).toContain(error.code));
  }
  expect(await leaks.findings()).toEqual([]);
});

describe('the suite of abstract-level', () => {
  suite({ test: tapeTestOf(count), factory });

  test('was given every capability', () => {
    const { supports } = factory();
    for (const capability of CAPABILITIES) expect(supports).toHaveProperty(capability, true);
    expect(supports.signals).toEqual({ iterators: true });
    expect(supports.encodings).toMatchObject({ utf8: true, buffer: true, view: true, json: true });
  });

  test('ran all of its tests and assertions', () => {
    expect({ ...count }).toEqual({ testCount: TEST_COUNT, assertionCount: ASSERTION_COUNT });
  });
});
