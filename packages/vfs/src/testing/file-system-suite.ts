// One suite for every implementation of the file-system contract, also for ones outside this package.
//
// It shows what a program can see: results, errors, and what happens around closing. What is durable cannot be seen
// without a crash; for files in memory that is tested in memory-file-system.test.ts. No test framework is imported:
// the caller hands in its `test` function.

import type { FileSystem } from '../file-system.js';
import { FILE_CASES } from './file-cases.js';
import { NAME_CASES } from './name-cases.js';
import { createCaseContext } from './suite-case.js';

/** A file system to be tested, fresh for each test. */
export interface FileSystemUnderTest {
  readonly fileSystem: FileSystem;
  /** Path of a directory that exists and is empty. */
  readonly directory: string;
  /** Called after the test, whether it passed or not. */
  dispose?(): void;
}

/** What {@link fileSystemSuite} needs. */
export interface FileSystemSuiteOptions {
  /** Called once for each test. */
  create(): FileSystemUnderTest;
  /** Declares a test: the `test` function of vitest, `node:test`, mocha and others. */
  test(name: string, run: () => Promise<void>): void;
}

/** Declares one test for each promise of the contract; a test fails by throwing. */
export function fileSystemSuite(options: FileSystemSuiteOptions): void {
  for (const { name, run } of [...FILE_CASES, ...NAME_CASES]) {
    options.test(name, async () => {
      const subject = options.create();
      try {
        await run(createCaseContext(subject.fileSystem, subject.directory));
      } finally {
        subject.dispose?.();
      }
    });
  }
}
