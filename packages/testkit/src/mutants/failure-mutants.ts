// Faults in what the engine does when something below it has failed: what goes on, what is tried again, and under which name.

import type { Mutant } from './mutant.js';

const GIVEN_UP_TESTS = ['engine/src/given-up.test.ts'];
const FILE_TESTS = ['engine/src/tables/table-files.test.ts'];

/** See the head of this file. */
export const FAILURE_MUTANTS: readonly Mutant[] = [
  {
    name: 'given-up-merge-stops-writing',
    rule: 'T9: a merge that is given up stops nothing by itself',
    file: 'engine/src/background.ts',
    original: 'if (giveUp === undefined) {',
    replacement: 'if (giveUp !== null) {',
    tests: GIVEN_UP_TESTS,
  },
  {
    name: 'set-aside-table-merged',
    rule: 'T9: a table that could not be merged is left alone for a while',
    file: 'engine/src/background-compaction.ts',
    original: 'this.#setAside.add(culpritsOf(merge, error), error);',
    replacement: 'this.#setAside.add([], error);',
    tests: GIVEN_UP_TESTS,
  },
  {
    name: 'writers-wait-for-a-merge-given-up',
    rule: 'T9: writes are refused when level 0 needs a merge that was given up',
    file: 'engine/src/background-compaction.ts',
    original: 'else if (this.#blockage === null && !this.#isAtWork) this.#blockage = error;',
    replacement: '',
    tests: GIVEN_UP_TESTS,
  },
  {
    name: 'unopened-table-named',
    rule: 'I7: a table that cannot be opened after it was written is written again',
    file: 'engine/src/background.ts',
    original: 'if (damage !== null && !isLackOf(damage)) {',
    replacement: 'if (damage !== null && !isLackOf(damage) && damage.code !== "IO") {',
    tests: GIVEN_UP_TESTS,
  },
  {
    name: 'failed-flush-given-up',
    rule: 'I2: a flush that the disk fails goes on being tried',
    file: 'engine/src/background.ts',
    original: '      isEssential: true,\n',
    replacement: '',
    tests: ['engine/src/flush-failures.test.ts'],
  },
  {
    name: 'no-room-made-in-the-index',
    rule: 'P7: room in the index is made before a group is logged',
    file: 'engine/src/write/commit-queue.ts',
    original: '    this.#reserveIndex(group);\n',
    replacement: '',
    tests: ['engine/src/memory-failure.test.ts'],
  },
  {
    name: 'log-not-closed-untold',
    rule: 'I12: a log that cannot be closed is told of',
    file: 'engine/src/writing.ts',
    original: "if (error === null) return 'closed';",
    replacement: "if (error === null || error.code === 'IO') return 'closed';",
    tests: ['engine/src/fault-rows.test.ts'],
    testName: 'I12:',
  },
  {
    name: 'log-prepared-again-from-what-failed',
    rule: 'I1: a log is not prepared out of a file of which a sync may have failed',
    file: 'engine/src/log-supply.ts',
    original: `const makeJob = (): SuppliedLogJob => {
      logId = this.#options.versions.takeFileNumbers(1);
      return this.#jobOf(logId);`,
    replacement: `let job: SuppliedLogJob | null = null;
    const makeJob = (): SuppliedLogJob => {
      if (job !== null) return job;
      logId = this.#options.versions.takeFileNumbers(1);
      job = this.#jobOf(logId);
      return job;`,
    tests: ['engine/src/failures.test.ts'],
    testName: 'I1: writes and syncs no file again',
  },
  {
    name: 'turn-left-when-its-append-failed',
    rule: 'P12, I5: what was appended before a failed append is synced and acknowledged, also of the same turn',
    file: 'engine/src/write/commit-queue.ts',
    original: `nobody else would see to it.
    }
    this.#committer.advance();`,
    replacement: `nobody else would see to it.
      if (this.#committer.refusal !== null) return;
    }
    this.#committer.advance();`,
    tests: ['engine/src/commit-failures.test.ts'],
  },
  {
    name: 'logs-not-synced-at-close-after-a-failure',
    rule: 'P12, I3: close() makes the logs durable, whatever has failed elsewhere',
    file: 'engine/src/writing.ts',
    original: 'this.queue.committer.syncAllSync();\n    } catch',
    replacement:
      'if (this.#host.permanentFailure === null) this.queue.committer.syncAllSync();\n    } catch',
    tests: ['engine/src/close-failures.test.ts'],
  },
  {
    name: 'close-silent-about-unlogged-writes',
    rule: 'P12, I5: close() rejects when writes that are in no log could not become tables',
    file: 'engine/src/writing.ts',
    original: 'if (error !== null && this.#mayLackUnlogged) throw error;',
    replacement: '',
    tests: ['engine/src/close-failures.test.ts'],
  },
  {
    name: 'merge-tried-again-without-space',
    rule: 'I5: a merge that does not fit is not begun again before there is more space',
    file: 'engine/src/merge-space.ts',
    original: 'if (!this.#isEnough(freeBytes) && !isOverdue) return this.#lackOf(freeBytes);',
    replacement: '',
    tests: ['engine/src/merge-space.test.ts'],
  },
  {
    name: 'waiting-merge-keeps-all-tables',
    rule: 'I5: a merge that waits for space keeps no file of what is dropped to make room',
    file: 'engine/src/background.ts',
    original: 'if (outcome.ok || !isOfNames(outcome.error)) submission.attemptEnded?.();',
    replacement: 'if (outcome.ok) submission.attemptEnded?.();',
    tests: ['engine/src/merge-inputs.test.ts'],
  },
  {
    name: 'merge-of-a-dropped-keyspace-waits',
    rule: 'I5: a merge that waits for space ends when its keyspace is dropped',
    file: 'engine/src/background-compaction.ts',
    original: 'if (inputs.areThere) return false;',
    replacement: 'if (inputs.areThere || fileNumbers.length > 0) return false;',
    tests: ['engine/src/merge-inputs.test.ts'],
  },
  {
    name: 'inputs-of-a-running-merge-removed',
    rule: 'I5: the inputs of a merge stay while an attempt is made',
    file: 'engine/src/background-compaction.ts',
    original: '        inputs.hold();\n',
    replacement: '',
    tests: ['engine/src/merge-inputs.test.ts'],
  },
  {
    name: 'clear-takes-what-came-later',
    rule: 'clear() removes nothing that was written after it was called',
    file: 'engine/src/clear.ts',
    original: 'const rest = isUndisturbed ? batch : this.#untouched(batch);',
    replacement: 'const rest = batch;',
    tests: ['engine/src/clear.test.ts'],
  },
  {
    name: 'clear-counts-what-was-refused',
    rule: 'clear() removes nothing that was written after it was called, also if writes of before were refused',
    file: 'engine/src/write/waiting-writes.ts',
    original: 'if (boundary !== null) boundary.sequence = this.#takeBoundary();',
    replacement:
      'if (boundary !== null) boundary.sequence = this.#takeBoundary() + batch.entryOffsets.length;',
    tests: ['engine/src/clear.test.ts'],
  },
  {
    name: 'listener-in-the-middle-of-a-write',
    rule: 'P12: listeners may use the database, so nothing is told in the middle of a step',
    file: 'engine/src/events.ts',
    original: 'void Promise.resolve().then(() => this.#tell(name, event));',
    replacement: 'this.#tell(name, event);',
    tests: ['engine/src/listeners.test.ts'],
  },
  {
    name: 'aborted-read-waited-for',
    rule: 'P16: whoever gives up does not wait for the disk',
    file: 'engine/src/read/range-cursor.ts',
    original: 'return untilAborted(signal, () => this.inner.load());',
    replacement: 'return this.inner.load();',
    tests: ['engine/src/cancel.test.ts'],
  },
  {
    name: 'file-closed-under-a-read',
    rule: 'I6: only files that no call is using are closed',
    file: 'engine/src/tables/resting-file.ts',
    original: 'return this.#readingCount === 0;',
    replacement: 'return this.#readingCount >= 0;',
    tests: FILE_TESTS,
  },
  {
    name: 'newest-file-closed',
    rule: 'I6: the least recently used file is closed',
    file: 'engine/src/tables/table-files.ts',
    original: 'a.lastUse - b.lastUse',
    replacement: 'b.lastUse - a.lastUse',
    tests: FILE_TESTS,
  },
  {
    name: 'no-second-try-for-a-file',
    rule: 'I6: what fails for want of a file is tried once more',
    file: 'engine/src/tables/table-files.ts',
    original: 'if (this.giveBack() === 0) throw error;',
    replacement: 'if (this.giveBack() >= 0) throw error;',
    tests: FILE_TESTS,
  },
  {
    name: 'another-file-read',
    rule: 'P14: a file that is opened again is the same file',
    file: 'engine/src/tables/resting-file.ts',
    original: 'if (device === known.device && inode === known.inode) return;',
    replacement: 'if (device === known.device || inode === known.inode) return;',
    tests: FILE_TESTS,
  },
];
