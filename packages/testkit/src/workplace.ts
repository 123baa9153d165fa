// A directory for the tests of a file, removed after them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, open } from '@varve/engine';
import { afterAll, beforeAll } from 'vitest';

/** What the tests of a file share. */
export interface Workplace {
  /** A path in the directory where nothing is yet. */
  pathOf(name: string): string;
  /** An open database. */
  readonly database: Database;
}

/** Makes the directory and opens the database before the tests of the file; both go after them. */
export function useWorkplace(): Workplace {
  let directory: string;
  let database: Database;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'varve-test-'));
    database = await open(join(directory, 'shared'), { durability: 'os', backgroundThreads: 0 });
  });
  afterAll(async () => {
    await database.close();
    rmSync(directory, { recursive: true });
  });
  return {
    pathOf: (name) => join(directory, name),
    get database() {
      return database;
    },
  };
}
