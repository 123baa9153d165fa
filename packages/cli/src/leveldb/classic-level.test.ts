// Approach: where no package is installed. The resolver is replaced, because what it finds depends on who runs the tests;
// that packages are found is shown by the tests of the command.

import { describe, expect, test, vi } from 'vitest';
import { NotSoError } from '../failures.js';
import { createClassicLevel } from './classic-level.js';

const asked: string[] = [];

vi.mock('node:module', () => {
  const refuse = (name: string): never => {
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  };
  return {
    createRequire: (from: string) => {
      asked.push(String(from));
      return Object.assign(refuse, { resolve: refuse });
    },
  };
});

describe('createClassicLevel', () => {
  test('says what to install, and where, when classic-level is nowhere', () => {
    const create = () => createClassicLevel('level', '/program');
    expect(create).toThrow(NotSoError);
    expect(create).toThrow(
      expect.objectContaining({
        message: 'Cannot read LevelDB: the package classic-level is not installed',
        advice: expect.stringContaining('npm install classic-level` in /program'),
      }),
    );
    expect(asked).toContainEqual(expect.stringContaining('program'));
    expect(asked).toContainEqual(expect.stringMatching(/leveldb\/classic-level\.ts$/));
  });
});
