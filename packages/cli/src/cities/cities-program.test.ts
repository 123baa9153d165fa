// Approach: the whole job over a thousand of the cities, once with everything right and once with a source that changes
// after it was ingested, so that the store must be found wrong.

import { existsSync, mkdirSync } from 'node:fs';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { useTemporaryStore } from '../testing/temporary-store.js';
import { type CitiesSetting, runCities } from './cities-program.js';
import { type City, loadCities } from './city.js';

const store = useTemporaryStore();
const someCities = async () => (await loadCities()).filter((_city, index) => index % 135 === 0);

async function run(words: readonly string[], load: () => Promise<readonly City[]> = someCities) {
  const outputs = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof outputs) =>
    new Writable({
      write(chunk, _encoding, done) {
        outputs[name] += String(chunk);
        done();
      },
    });
  const streams = {
    stdin: new PassThrough().end(),
    stdout: collect('stdout'),
    stderr: collect('stderr'),
    environment: {},
  };
  // No threads: they cannot load the engine from its source.
  const setting: CitiesSetting = { load, store: { backgroundThreads: 0 } };
  const exitCode = await runCities(words, { streams, onInterruptible: () => {} }, setting);
  return { exitCode, ...outputs };
}

describe('runCities', () => {
  test('verifies everything and ends with a line that says so', async () => {
    const { exitCode, stderr, stdout } = await run([]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n').at(-1)).toMatch(
      /^Verified: 1,002 records and 8 orderings of them \(9,018 entries in 9 keyspaces\) equal the source after a restart, 8 of 8 answers are right, \d+ tables without damage; /,
    );
    const directory = /in (\S+)\n/.exec(stdout)?.[1];
    expect(directory).toContain('varve-cities-');
    expect(existsSync(directory!)).toBe(false);
  });

  test('keeps the store in a directory that was named', async () => {
    const { exitCode, stdout } = await run(['--directory', store.directory, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      directory: store.directory,
      cityCount: 1002,
      entryCount: 9018,
      problems: [],
    });
    expect((await store.runWell(['verify', 'DIR'])).stdout).toContain('No damage');
  });

  test('ends with 1 when the store is not what the source says', async () => {
    const load = async () => {
      const cities = [...(await someCities())];
      let sortCount = 0;
      // The job sorts its source for the first time when everything is in the store.
      return new Proxy(cities, {
        get(target, name) {
          if (name === Symbol.iterator && sortCount++ === 0) {
            target[500] = { ...target[500]!, population: 7 };
          }
          return Reflect.get(target, name);
        },
      });
    };
    const { exitCode, stderr } = await run([], load);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/Not verified:\n[\s\S]*cities at position \d+: found \{/);
    expect(stderr).toMatch(/by-population at position \d+: found the key/);
  });

  test('refuses a directory that exists, and words it does not know', async () => {
    mkdirSync(store.directory);
    const existing = await run(['--directory', store.directory]);
    expect([existing.exitCode, existing.stderr]).toEqual([1, expect.stringContaining('already')]);
    const unknown = await run(['--fast']);
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringContaining('--fast')]);
  });
});
