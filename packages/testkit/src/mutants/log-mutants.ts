// Faults in the write-ahead log: when a write is acknowledged, what is synced first, and what recovery makes of it.

import type { Mutant } from './mutant.js';

const COMMITTER = 'engine/src/write/group-committer.ts';
const COMMITTER_TESTS = ['engine/src/write/group-committer.test.ts'];
const LOG_WRITER = 'engine/src/log/log-writer.ts';
const LOG_WRITER_TESTS = ['engine/src/log/log-writer.test.ts'];
const LOG_READER_TESTS = ['engine/src/log/log-reader.test.ts'];
const PREPARE = 'engine/src/wal/prepare-log.ts';
const PREPARE_TESTS = ['engine/src/wal/prepare-log.test.ts'];
const WAL_READER = 'engine/src/wal/wal-reader.ts';
const ORDER_TEST = 'testkit/src/strict/strict-engine.test.ts';
const WAL_READER_TESTS = ['engine/src/wal/wal-reader.test.ts'];

/** See the head of this file. */
export const LOG_MUTANTS: readonly Mutant[] = [
  {
    name: 'ack-before-sync',
    rule: 'B14: a durable write is acknowledged after the sync that covers it',
    file: COMMITTER,
    original: 'if (log.durableBytes < group.logEnd) return false;',
    replacement: '',
    tests: COMMITTER_TESTS,
  },
  {
    name: 'newer-log-synced-first',
    rule: 'W2: a log is synced after those before it',
    file: COMMITTER,
    original: `const log = this.#olderLogs[0] ?? this.#log;
    this.#syncCount += 1;
    const { watch }`,
    replacement: `const log = this.#log;
    this.#syncCount += 1;
    const { watch }`,
    tests: [...COMMITTER_TESTS, 'engine/src/write/rotation.test.ts'],
  },
  {
    name: 'older-log-taken-for-durable',
    rule: 'W2: a log attests nothing while the log it replaced is not on disk',
    file: COMMITTER,
    original: 'else this.#olderLogs.push(this.#log);',
    replacement:
      'else if (this.#olderLogs.push(this.#log) > 0) generation.log.confirmPredecessor();',
    tests: ['engine/src/planted-faults.test.ts'],
  },
  {
    name: 'batch-applied-partly',
    rule: 'contract: a batch is visible as a whole',
    file: COMMITTER,
    original: 'for (let index = 0; index < entryCount; index++) {',
    replacement: 'for (let index = 0; index < Math.max(1, entryCount - 1); index++) {',
    tests: ['engine/src/planted-faults.test.ts'],
  },
  {
    name: 'interval-never-syncs',
    rule: 'contract: an interval write is on disk when its interval is over',
    file: COMMITTER,
    original: 'this.#due = this.#intervalEnd;',
    replacement: '',
    tests: COMMITTER_TESTS,
  },
  {
    name: 'log-sync-missing',
    rule: 'B13: an asynchronous sync of a log reaches the file',
    file: LOG_WRITER,
    original: 'await this.#file.syncData();',
    replacement: 'await null;',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'log-sync-sync-missing',
    rule: 'B13: a synchronous sync of a log reaches the file',
    file: LOG_WRITER,
    original: 'file.syncDataSync();',
    replacement: '',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'sync-after-failed-sync',
    rule: 'I1: what could not be synced is never synced again',
    file: LOG_WRITER,
    original: "if (this.#failure?.of !== 'sync') return;",
    replacement: 'return;',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'failed-sync-tried-again',
    rule: 'I1: a sync that failed is not tried again, since the second one succeeds without having written anything',
    file: LOG_WRITER,
    original:
      'await this.#file.syncData();\n    } catch (cause) {\n      throw this.#failSync(cause);',
    replacement: 'await this.#file.syncData();\n    } catch {\n      await this.#file.syncData();',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'sync-of-nothing-new',
    rule: 'B13: a log is not synced when nothing in it is new',
    file: LOG_WRITER,
    original: 'if (this.isDurable) return;',
    replacement: '',
    tests: [...LOG_WRITER_TESTS, ORDER_TEST],
  },
  {
    name: 'recovery-writes-over-old-log',
    rule: 'W11: a log that was there before the opening is read and never written to',
    file: 'engine/src/recover/recover.ts',
    original: 'recycledFileName: null,',
    replacement: 'recycledFileName: logFileName(versions.current.logs[0] ?? logId),',
    tests: [ORDER_TEST],
  },
  {
    name: 'append-after-failed-write',
    rule: 'I4: nothing is appended behind what a failed write left',
    file: LOG_WRITER,
    original: "this.#refuseAfterFailure('append to');\n    assert(this.hasRoomFor",
    replacement: 'assert(this.hasRoomFor',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'attest-too-high',
    rule: 'W1: a record attests no more than the sync before it covered',
    file: LOG_WRITER,
    original:
      'this.#refuseAfterFailedSync();\n    this.#durableBytes = Math.max(this.#durableBytes, target);',
    replacement: 'this.#refuseAfterFailedSync();\n    this.#durableBytes = this.#positionBytes;',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'attest-too-low',
    rule: 'W4: a record attests all that the sync before it covered',
    file: LOG_WRITER,
    original: 'const durable = this.#durableBytes;',
    replacement: 'const durable = 0;',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'marker-missing',
    rule: 'W4: a log that falls idle attests what is durable',
    file: LOG_WRITER,
    original: 'if (this.#lastAttestation === this.#durableBytes) return false;',
    replacement: 'return false;',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'one-description-for-two-syncs',
    rule: 'I1: a synchronous sync that overtakes another has a file description of its own',
    file: LOG_WRITER,
    original: 'const file = this.#running === null ? this.#file : this.#secondFile;',
    replacement: 'const file = this.#file;',
    tests: LOG_WRITER_TESTS,
  },
  {
    name: 'predecessor-confirmed-too-early',
    rule: 'W2: a log attests nothing before the log before it is on disk',
    file: 'engine/src/wal/wal-writer.ts',
    original: 'if (predecessor === null || predecessor.durable) writer.confirmPredecessor();',
    replacement: 'writer.confirmPredecessor();',
    tests: ['engine/src/wal/wal-writer.test.ts', 'engine/src/wal/wal-crash.test.ts'],
  },
  {
    name: 'prepared-log-not-synced',
    rule: 'M5: a log has its header on disk before its name',
    file: PREPARE,
    original: 'file.syncDataSync();',
    replacement: '',
    tests: PREPARE_TESTS,
  },
  {
    name: 'prepared-log-name-not-synced',
    rule: 'M5: the name of a log is on disk before an edit refers to it',
    file: PREPARE,
    original: 'syncNamesSync(fileSystem, job.directory);',
    replacement: '',
    tests: PREPARE_TESTS,
  },
  {
    name: 'prepared-log-directory-first',
    rule: 'M5: the directory is synced after the rename, not before',
    file: PREPARE,
    original:
      'fileSystem.renameSync(source.path, target);\n    syncNamesSync(fileSystem, job.directory);',
    replacement:
      'syncNamesSync(fileSystem, job.directory);\n    fileSystem.renameSync(source.path, target);',
    tests: PREPARE_TESTS,
  },
  {
    name: 'recycled-log-renamed-first',
    rule: 'W6: a recycled log has its new header before its new name',
    file: PREPARE,
    original:
      'writeLogFileSync(fileSystem, source, job);\n    fileSystem.renameSync(source.path, target);',
    replacement: `if (source.origin === 'new') writeLogFileSync(fileSystem, source, job);
    fileSystem.renameSync(source.path, target);
    if (source.origin !== 'new') writeLogFileSync(fileSystem, { ...source, path: target }, job);`,
    tests: PREPARE_TESTS,
  },
  {
    name: 'torn-tail-refused',
    rule: 'W1, W5: records behind a torn one that attest nothing beyond it are no damage',
    file: 'engine/src/log/log-reader.ts',
    original: 'scan.attestedOffset > this.endOffset) {',
    replacement: 'scan.recordCount > 0) {',
    tests: LOG_READER_TESTS,
  },
  {
    name: 'damage-taken-for-torn-tail',
    rule: 'W4: damage to what a later record attests is refused',
    file: 'engine/src/log/log-reader.ts',
    original: "if (scan.outcome === 'abandoned' || scan.attestedOffset > this.endOffset) {",
    replacement: "if (scan.outcome === 'abandoned') {",
    tests: LOG_READER_TESTS,
  },
  {
    name: 'log-checksum-not-checked',
    rule: 'W4: the payload of a log record is checked',
    file: 'engine/src/log/record-check.ts',
    original: 'return readU32(bytes, offset) === checksum32(bytes, payloadStart, end, hash);',
    replacement: 'return hash === hash;',
    tests: LOG_READER_TESTS,
  },
  {
    name: 'log-header-check-not-checked',
    rule: 'W9: the header of a log record is checked before its length is used',
    file: 'engine/src/log/record-check.ts',
    original: 'if (headerCheckOf(hash) !== storedHeaderCheck(bytes, offset)) return -1;',
    replacement: '',
    tests: [...LOG_READER_TESTS, 'engine/src/log/tail-scan.test.ts'],
  },
  {
    name: 'record-valid-anywhere',
    rule: 'W6: a record is valid only where it was written',
    file: 'engine/src/log/record-format.ts',
    original: 'return mix(logSeed, recordOffset);',
    replacement: 'return mix(logSeed, 0 * recordOffset);',
    tests: ['engine/src/log/log-reader.test.ts', 'engine/src/log/record-writer.test.ts'],
  },
  {
    name: 'log-of-another-id-accepted',
    rule: 'W6: a log is the one that its name says',
    file: 'engine/src/log/log-file-header.ts',
    original: "checkEqual(context, 'log id', expected.logId, logId);",
    replacement: '',
    tests: ['engine/src/log/log-file-header.test.ts'],
  },
  {
    name: 'log-file-header-not-checked',
    rule: 'W4: the header of a log file is checked',
    file: 'engine/src/log/log-file-header.ts',
    original:
      'if (readU64(bytes, CHECKSUM_OFFSET) !== checksum64(bytes, 0, CHECKSUM_OFFSET, 0n)) {',
    replacement: 'if (bytes.length === 0) {',
    tests: ['engine/src/log/log-file-header.test.ts'],
  },
  {
    name: 'predecessor-not-checked',
    rule: 'W2: a log continues the log before it where that one ends',
    file: WAL_READER,
    original: 'const whole = reader.hasContentEnd(link);',
    replacement: 'const whole = true;',
    tests: WAL_READER_TESTS,
  },
  {
    name: 'hole-given-up',
    rule: 'W2: a hole that a later log attests is refused',
    file: WAL_READER,
    original: 'if (reader.attestedOffset > 0) throw holeError(broken, offset, log);',
    replacement: '',
    tests: WAL_READER_TESTS,
  },
  {
    name: 'missing-log-ignored',
    rule: 'W7: a live log that does not exist is refused',
    file: WAL_READER,
    original: 'if (this.#find(named) !== undefined) return;',
    replacement: 'return;',
    tests: WAL_READER_TESTS,
  },
  {
    name: 'last-record-skipped',
    rule: 'contract: recovery hands out every whole batch, the last one too',
    file: WAL_READER,
    original: 'while (reader.next() && reader.payloadEnd <= endOffset) {',
    replacement: 'while (reader.next() && reader.payloadEnd < endOffset) {',
    tests: WAL_READER_TESTS,
  },
  {
    name: 'batches-replayed-twice',
    rule: 'W6: recovery hands out every batch once',
    file: WAL_READER,
    original: 'visit(reader);',
    replacement: 'visit(reader);\n      visit(reader);',
    tests: WAL_READER_TESTS,
  },
  {
    name: 'batches-out-of-order-accepted',
    rule: 'W6: sequence numbers ascend from batch to batch',
    file: 'engine/src/recover/replay-logs.ts',
    original: 'if (!(firstSequence > this.#lastSequence))',
    replacement: 'if (!(firstSequence >= -1))',
    tests: ['engine/src/recover/replay-logs.test.ts'],
  },
  {
    name: 'lost-log-written-on',
    rule: 'I4: nothing is appended behind a record that may be there in part',
    file: COMMITTER,
    original: "if (error.code !== 'NO_SPACE') return this.#fail(error, groups);",
    replacement: "if (error.code === 'NO_SPACE') return error;",
    tests: COMMITTER_TESTS,
  },
  {
    name: 'log-replaced-before-its-flush',
    rule: 'I4: a lost log is followed by the next when its entries are durable in tables',
    file: 'engine/src/log-replacement.ts',
    original: "if (this.#state !== 'flushed') return false;",
    replacement: "if (this.#state === 'lost') return false;",
    tests: ['engine/src/log-replacement.test.ts'],
  },
];
