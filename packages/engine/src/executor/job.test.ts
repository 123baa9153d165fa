// Jobs that a thread finished and died before it could answer: another thread does them again.

import { initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Job, runJob } from './job.js';

const DIRECTORY = '/db';
const PROGRESS = { beat: (): void => {} };

beforeAll(initializeChecksums);

describe('runJob', () => {
  test('prepares a log again that was prepared by a thread which died then', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync(DIRECTORY);
    const job: Job = {
      kind: 'prepareLog',
      directory: DIRECTORY,
      fileName: '000007.log',
      recycledFileName: null,
      logId: 7,
      databaseId: new Uint8Array(16).fill(0xdb),
      preallocateBytes: 0,
    };
    expect(runJob(fileSystem, job, PROGRESS)).toEqual({ kind: 'prepareLog' });
    const { sizeBytes } = fileSystem.statSync(`${DIRECTORY}/000007.log`);
    expect(runJob(fileSystem, job, PROGRESS)).toEqual({ kind: 'prepareLog' });
    expect(fileSystem.listSync(DIRECTORY)).toEqual(['000007.log']);
    expect(fileSystem.statSync(`${DIRECTORY}/000007.log`).sizeBytes).toBe(sizeBytes);
  });

  test('removes files again that were removed', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync(DIRECTORY);
    fileSystem.openSync(`${DIRECTORY}/000008.sst`, 'create').closeSync();
    const job: Job = { kind: 'removeFiles', paths: [`${DIRECTORY}/000008.sst`] };
    for (let attempt = 1; attempt <= 2; attempt++) {
      expect(runJob(fileSystem, job, PROGRESS)).toEqual({ kind: 'removeFiles', failedPaths: [] });
      expect(fileSystem.listSync(DIRECTORY)).toEqual([]);
    }
  });
});
