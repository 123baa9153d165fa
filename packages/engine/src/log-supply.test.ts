// One log ahead: prepared once, ready once the manifest names it durably.

import { describe, expect, test } from 'vitest';
import { LogSupply, type LogSupplyOptions } from './log-supply.js';

type Submitted = ReturnType<Parameters<LogSupplyOptions['submit']>[0]>;

function makeSupply() {
  const jobs: {
    readonly job: Submitted;
    readonly again: () => Submitted;
    readonly done: () => void;
  }[] = [];
  const logged: unknown[] = [];
  const recyclable: string[] = [];
  let nextFileNumber = 7;
  const versions = {
    durableEditCount: 0,
    takeFileNumbers: () => nextFileNumber++,
    log: (edit: unknown) => logged.push(edit),
  };
  let preparedCount = 0;
  const supply = new LogSupply({
    directory: '/db',
    databaseId: new Uint8Array(16),
    versions: versions as unknown as LogSupplyOptions['versions'],
    obsolete: {
      takeRecyclableLog: () => recyclable.pop() ?? null,
    } as unknown as LogSupplyOptions['obsolete'],
    preallocateBytes: 0,
    submit: (makeJob, done) => jobs.push({ job: makeJob(), again: makeJob, done }),
    onPrepared: () => {
      preparedCount += 1;
    },
  });
  return { supply, jobs, logged, recyclable, versions, preparedCount: () => preparedCount };
}

describe('LogSupply', () => {
  test('is ready once the log is prepared and durably named', () => {
    const { supply, jobs, logged, versions, preparedCount } = makeSupply();
    expect(supply.isReady).toBe(false);
    supply.prepare();
    expect(jobs.map(({ job }) => job.fileName)).toEqual(['000007.log']);
    expect([supply.isReady, logged]).toEqual([false, []]);
    jobs[0]!.done();
    expect(logged).toEqual([{ logsAdded: [7] }]);
    expect([supply.isReady, preparedCount()]).toEqual([false, 1]);
    versions.durableEditCount = 1;
    expect(supply.isReady).toBe(true);
  });

  test('prepares one at a time, and the next when one is taken', () => {
    const { supply, jobs, versions } = makeSupply();
    for (let call = 0; call < 3; call++) supply.prepare();
    jobs[0]!.done();
    supply.prepare();
    expect(jobs).toHaveLength(1);
    versions.durableEditCount = 1;
    expect(supply.take()).toBe(7);
    expect(supply.isReady).toBe(false);
    expect(jobs.map(({ job }) => job.logId)).toEqual([7, 8]);
  });

  // Found by the order rules of the simulation, seed 0x4c3.
  test('makes every attempt with another number and another file', () => {
    const { supply, jobs, logged, recyclable } = makeSupply();
    recyclable.push('000003.log');
    supply.prepare();
    const { job, again, done } = jobs[0]!;
    const attempts = [job, again(), again()];
    expect(attempts.map(({ logId, fileName }) => [logId, fileName])).toEqual([
      [7, '000007.log'],
      [8, '000008.log'],
      [9, '000009.log'],
    ]);
    expect(attempts.map(({ recycledFileName }) => recycledFileName)).toEqual([
      '000003.log',
      null,
      null,
    ]);
    done();
    expect(logged).toEqual([{ logsAdded: [9] }]);
  });

  test('writes over a retired log when there is one', () => {
    const { supply, jobs, recyclable } = makeSupply();
    recyclable.push('000003.log');
    supply.prepare();
    expect(jobs[0]!.job.recycledFileName).toBe('000003.log');
    expect(recyclable).toEqual([]);
  });
});
