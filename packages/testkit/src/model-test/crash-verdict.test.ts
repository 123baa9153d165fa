// Every state that a crash may leave is permitted, and no other: lists of commits small enough to try all of them.

import { beforeEach, describe, expect, test } from 'vitest';
import { type Commit, CommitLog } from './commit-log.js';
import { refuteRecovered } from './crash-verdict.js';
import { KeyspaceModel } from './model.js';

let keyspace: KeyspaceModel;
let commits: CommitLog;

beforeEach(() => {
  keyspace = new KeyspaceModel('default');
  commits = new CommitLog(0);
});

function write(
  entries: Record<string, string | undefined>,
  durability: 'os' | 'none' = 'os',
): Commit {
  const list = Object.entries(entries).map(([key, value]) => ({ keyspace, key, value }));
  return commits.issue(list, durability);
}

function isPermitted(extent: 'process' | 'machine', found: Record<string, string>): boolean {
  const state = new Map([[keyspace, new Map(Object.entries(found))]]);
  return refuteRecovered(commits.crashBounds(extent), state) === null;
}

describe('refuteRecovered', () => {
  test('permits every prefix from the last durable commit on, and nothing else', () => {
    write({ a: '1' });
    write({ a: '2', b: '2' }).standing = 'durable';
    write({ b: undefined });
    write({ c: '4' });
    expect(isPermitted('machine', { a: '2', b: '2' })).toBe(true);
    expect(isPermitted('machine', { a: '2' })).toBe(true);
    expect(isPermitted('machine', { a: '2', c: '4' })).toBe(true);
    expect(isPermitted('machine', { a: '1' })).toBe(false);
    expect(isPermitted('machine', {})).toBe(false);
    expect(isPermitted('machine', { a: '2', b: '2', c: '4' })).toBe(false);
    expect(isPermitted('machine', { a: '2', x: '?' })).toBe(false);
  });

  test('permits no part of a batch', () => {
    write({ a: '1', b: '1' });
    expect(isPermitted('machine', {})).toBe(true);
    expect(isPermitted('machine', { a: '1', b: '1' })).toBe(true);
    expect(isPermitted('machine', { a: '1' })).toBe(false);
  });

  test('asks for acknowledged commits when only the process died', () => {
    write({ a: '1' }).standing = 'acknowledged';
    write({ b: '2' });
    expect(isPermitted('machine', {})).toBe(true);
    expect(isPermitted('process', {})).toBe(false);
    expect(isPermitted('process', { a: '1' })).toBe(true);
    expect(isPermitted('process', { a: '1', b: '2' })).toBe(true);
  });

  test('permits a volatile commit to be there or not, until a flush', () => {
    write({ a: '1' }).standing = 'durable';
    write({ a: '2', b: '2' }, 'none').standing = 'acknowledged';
    write({ c: '3' }).standing = 'durable';
    expect(isPermitted('process', { a: '1', c: '3' })).toBe(true);
    expect(isPermitted('process', { a: '2', b: '2', c: '3' })).toBe(true);
    expect(isPermitted('process', { a: '1' })).toBe(false);
    commits.noteFlushed(3);
    expect(isPermitted('machine', { a: '1', c: '3' })).toBe(false);
    expect(isPermitted('machine', { a: '2', b: '2', c: '3' })).toBe(true);
  });

  test('says which prefix comes closest, and in what it differs', () => {
    write({ a: '1' }).standing = 'durable';
    write({ b: '2' }).standing = 'durable';
    const found = new Map([[keyspace, new Map([['a', '1']])]]);
    expect(refuteRecovered(commits.crashBounds('machine'), found)).toContain(
      'closest are the first 2, with 1 keys different:\n    default "b": expected "2", found nothing',
    );
  });
});

describe('CommitLog', () => {
  test('lets reads see the ends of commits, from the last acknowledged one on', () => {
    write({ a: '1' });
    write({ b: '2', c: '2' }).standing = 'acknowledged';
    write({ d: '3', e: '3' });
    const refusals = [1, 2, 3, 4, 5, 6].map((sequence) => commits.refuteVisible(sequence));
    expect(refusals.map((refusal) => refusal === null)).toEqual([
      ...[false, false, true, false, true, false],
    ]);
  });
});
