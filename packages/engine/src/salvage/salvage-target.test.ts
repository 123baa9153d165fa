// Approach: a real disk, whose system decides what `..` leads to.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { NodeFileSystem } from '@varve/vfs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SalvageTarget } from './salvage-target.js';

let parent: string;

beforeEach(() => {
  parent = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'varve-target-')));
  fs.mkdirSync(`${parent}/db`);
  fs.mkdirSync(`${parent}/other`);
});
afterEach(() => fs.rmSync(parent, { recursive: true, force: true }));

function check(target: string): void {
  SalvageTarget.check(new NodeFileSystem(), `${parent}/db`, `${parent}/${target}`);
}

describe('SalvageTarget.check', () => {
  test.each(['none/../db/inside', 'none/deep/../../db', 'none/..', 'none/../'])(
    "refuses %s: '..' behind a directory that does not exist",
    (target) => {
      expect(() => check(target)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
      expect(fs.readdirSync(parent).sort()).toEqual(['db', 'other']);
    },
  );

  test.each(['other/../db', 'other/../db/inside', 'db/./inside', 'db//inside'])(
    'refuses %s, which lies in the source',
    (target) => {
      expect(() => check(target)).toThrow('it lies in the damaged database');
    },
  );

  test.each(['other', 'other/../new', 'db/../new', 'new/..deep', 'new/deep.../x'])(
    'takes %s',
    (target) => {
      expect(() => check(target)).not.toThrow();
    },
  );
});
