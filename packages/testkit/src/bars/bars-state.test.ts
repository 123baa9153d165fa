import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BarsState, sourcesAt } from './bars-state.js';

const COUNTS = { count: 30, violationCount: 0, brokenPartCount: 0, seconds: 2 };
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'varve-bars-state-'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('BarsState', () => {
  test('remembers what was met for the same sources only', () => {
    const path = join(root, 'state/bars.json');
    new BarsState(path, 'one').add('B7', COUNTS);
    expect(new BarsState(path, 'one').find('B7')).toEqual(COUNTS);
    expect(new BarsState(path, 'one').find('B8')).toBeUndefined();
    expect(new BarsState(path, 'two').find('B7')).toBeUndefined();
    expect(new BarsState(path, null).find('B7')).toBeUndefined();
  });

  test('remembers nothing for sources without a name', () => {
    const path = join(root, 'nothing.json');
    new BarsState(path, null).add('B7', COUNTS);
    expect(new BarsState(path, 'one').find('B7')).toBeUndefined();
  });
});

describe('sourcesAt', () => {
  function git(...words: string[]): void {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
    const { status } = spawnSync('git', [...identity, ...words], { cwd: root });
    expect(status).toBe(0);
  }

  test('names committed sources by their content, whatever else there is', () => {
    expect(sourcesAt(root)).toBeNull();
    for (const name of ['packages', 'tools']) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, 'a.ts'), name);
    }
    git('init', '-q');
    git('add', 'packages', 'tools');
    git('commit', '-qm', 'sources');
    const sources = sourcesAt(root);
    expect(sources).toMatch(/^[0-9a-f]+\n[0-9a-f]+$/);
    writeFileSync(join(root, 'README.md'), 'text');
    git('add', 'README.md');
    git('commit', '-qm', 'text');
    expect(sourcesAt(root)).toBe(sources);
    writeFileSync(join(root, 'packages/a.ts'), 'changed');
    expect(sourcesAt(root)).toBeNull();
  });
});
