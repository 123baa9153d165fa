// A world on a real directory, with worker threads: nothing is repeatable but the operations, and nothing crashes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@varve/base';
import { NodeFileSystem } from '@varve/vfs';
import { openFiles } from '../leak-check.js';
import { StuckError } from './simulation.js';
import type { CrashImage, World } from './world.js';

/** After this long something that was waited for is taken to be stuck. */
const PATIENCE_MS = 30_000;
/** Real time is not spent on waiting for nothing. */
const ADVANCE_MS_MAX = 5;

/** See the head of this file. */
export class DirectoryWorld implements World {
  readonly path: string;
  readonly isSimulated = false;
  readonly options: World['options'];
  readonly #root = mkdtempSync(join(tmpdir(), 'varve-model-'));

  /** @param threadCount worker threads of the database, 1 or 2 */
  constructor(threadCount: 1 | 2) {
    this.path = join(this.#root, 'database');
    this.options = {
      fileSystem: new NodeFileSystem(),
      clock: systemClock,
      backgroundThreads: threadCount,
    };
  }

  begin(): void {}

  async settle<T>(promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      const stuck = new StuckError(`it does not settle within ${PATIENCE_MS} ms`);
      timer = setTimeout(() => reject(stuck), PATIENCE_MS);
    });
    try {
      return await Promise.race([promise, patience]);
    } finally {
      clearTimeout(timer);
    }
  }

  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  advance(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.min(ms, ADVANCE_MS_MAX)));
  }

  crashImage(): CrashImage {
    throw new Error('A real directory cannot be crashed: choose operations without crashes');
  }

  arm(after: number): void {
    if (Number.isFinite(after)) this.crashImage();
  }

  refuteDurable(): null {
    return null;
  }

  assertOrder(): void {}

  unsynced(): readonly string[] {
    return [];
  }

  openPaths(): readonly string[] {
    return [...openFiles().values()].filter((path) => path.startsWith(this.#root));
  }

  dispose(): void {
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }
}
