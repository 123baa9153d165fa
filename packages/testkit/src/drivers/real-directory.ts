// A directory of the system for the time of one run.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives `use` the path of a database in a fresh directory, which is removed afterwards. */
export async function withRealDirectory<T>(use: (path: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'varve-driver-'));
  try {
    return await use(join(root, 'database'));
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}
