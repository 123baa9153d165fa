/** A directory for the files of a microbenchmark. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own, and how it is given back. */
export interface Scratch {
  readonly path: string;
  remove(): void;
}

/** Makes an empty directory where the system keeps temporary files. */
export function makeScratch(): Scratch {
  const path = mkdtempSync(join(tmpdir(), 'varve-micro-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
