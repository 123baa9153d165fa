import { expect, test } from 'vitest';
import { interleave } from './interleave.js';
import type { Program } from './programs.js';

const TREES = { old: '/old', new: '/new' };

/** A program that notes where it ran; its figure is what `costOf` gives for the run. */
function programOf(costOf: (root: string) => number) {
  const runs: string[] = [];
  const run: Program['run'] = async (root) => {
    runs.push(root);
    return [{ name: 'figure', nsPerOperation: costOf(root) }];
  };
  return { program: { name: 'program', run }, runs };
}

const QUIET = { trees: TREES, repeatCount: 3, onRun: () => {}, onMissing: () => {} };

test('the order of the two alternates', async () => {
  const { program, runs } = programOf(() => 1);
  await interleave(program, QUIET);
  expect(runs).toEqual(['/old', '/new', '/new', '/old', '/old', '/new']);
});

test('figures of the same name are compared', async () => {
  const { program } = programOf((root) => (root === '/old' ? 10 : 20));
  const [{ name, comparison }] = await interleave(program, QUIET);
  expect(name).toBe('figure');
  expect(comparison).toMatchObject({ oldMedian: 10, newMedian: 20, ratio: 2, verdict: 'slower' });
});

test('what the old tree cannot run has no comparison and is not tried again', async () => {
  const { program, runs } = programOf((root) => {
    if (root === '/old') throw new Error('no such room');
    return 1;
  });
  const missing: unknown[] = [];
  const onMissing = (name: string, reason: unknown) => missing.push([name, String(reason)]);
  expect(await interleave(program, { ...QUIET, onMissing })).toEqual([
    { name: 'figure', comparison: null },
  ]);
  expect(runs.filter((root) => root === '/old')).toHaveLength(1);
  expect(missing).toEqual([['program', 'Error: no such room']]);
});

test('a failure of the new tree ends the comparison', async () => {
  const { program } = programOf((root) => {
    if (root === '/new') throw new Error('broken');
    return 1;
  });
  await expect(interleave(program, QUIET)).rejects.toThrow('broken');
});
