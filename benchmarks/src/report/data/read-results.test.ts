import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { emptyResult, sampleResults, skippedResult } from '../testing/sample-results.js';
import { parseResults, readResults } from './read-results.js';
import { ResultsFileError } from './results-file-error.js';

const line = (changes: object) => JSON.stringify({ ...emptyResult('lmdb'), ...changes });

describe('readResults()', () => {
  test('gives every line of a file in order', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'read-results-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'results.jsonl');
    const results = [...sampleResults([1000]), skippedResult('lmdb', 'not installed')];
    await writeFile(file, results.map((result) => `${JSON.stringify(result)}\n`).join('\n'));

    expect(await readResults(file)).toEqual(results);
  });
});

describe('parseResults()', () => {
  test('takes a figure that is null as no number', () => {
    const [result] = parseResults(line({ opsPerSecond: null, cpuSeconds: null }), 'a.jsonl');

    expect(result!.opsPerSecond).toBeNaN();
    expect(result!.cpuSeconds).toBeNaN();
  });

  test('takes a line with the required fields only', () => {
    const required =
      '{"workload":"w","engine":"e","num":1,"keySizeBytes":1,"valueSizeBytes":1,"opsPerSecond":5}';
    const [result] = parseResults(required, 'a.jsonl');

    expect(result).toMatchObject({ opsPerSecondSpread: [5, 5], settings: {}, repetitions: [] });
  });

  test.each([
    ['{', 'not JSON'],
    ['7', '"line" must be an object: received 7'],
    ['null', '"line" must be an object: received null'],
    [line({ engine: '' }), '"engine" must be text: received ""'],
    [line({ workload: 5 }), '"workload" must be text: received 5'],
    [line({ num: 'many' }), '"num" must be a number: received "many"'],
    [line({ opsPerSecond: undefined }), '"opsPerSecond" must be a number: received nothing'],
    [
      line({ opsPerSecondSpread: [1] }),
      '"opsPerSecondSpread" must be a pair of numbers: received [1]',
    ],
    [line({ settings: { a: {} } }), '"settings.a" must be text, a number, a boolean or null'],
    [line({ timeline: {} }), '"timeline" must be a list: received {}'],
    [line({ timeline: [[1, null]] }), '"timeline[0][1]" must be a number: received null'],
    [line({ latencyUs: [] }), '"latencyUs" must be an object: received []'],
    [line({ repetitions: ['1'] }), '"repetitions[0]" must be a number: received "1"'],
    [line({ skipped: false }), '"skipped" must be text: received false'],
  ])('refuses %s with file and line', (text, state) => {
    const parse = () => parseResults(`${line({})}\n\n${text}\n`, 'a.jsonl');

    expect(parse).toThrow(new ResultsFileError(state, { path: 'a.jsonl', lineNumber: 3 }));
    expect(parse).toThrow(`Cannot read results: a.jsonl:3: ${state}`);
  });
});
