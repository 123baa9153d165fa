// The structural rules of the project. Every message says what to do instead.

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { assertionFindings } from './assertions.js';
import { faultPageFindings } from './faults.js';
import { cycleFindings, layerFindings } from './layers.js';
import { ownerFindings } from './owners.js';
import { errorPageFindings, formatPageFindings } from './pages.js';
import { PublicApi } from './public-api.js';
import { type Ratchet, sizeFindings } from './sizes.js';
import { type Finding, SourceTree } from './source-tree.js';
import {
  disabledCodeFindings,
  foreignFindings,
  headerFindings,
  notedFindings,
  swallowedFindings,
} from './texts.js';

/** Files that are too long, with their lines. The numbers may only go down. */
const LONG_FILES: Ratchet = {};

/** Functions that are too long, by path and name. The numbers may only go down. */
const LONG_FUNCTIONS: Ratchet = {};

const ROOT = join(import.meta.dirname, '../..');
const COMPILER_TIMEOUT_MS = 120_000;
const tree = SourceTree.read(ROOT);

function expectNone(findings: readonly Finding[]): void {
  const lines = findings.map(
    ({ path, line, message }) => `${path}${line === undefined ? '' : `:${line}`} ${message}`,
  );
  expect(lines.join('\n')).toBe('');
}

describe('tidy', () => {
  test('packages and folders import only what is below them', () =>
    expectNone(layerFindings(tree)));
  test('nothing imports itself in a circle', () => expectNone(cycleFindings(tree)));
  test('the host is touched by its owners only', () => expectNone(ownerFindings(tree)));
  test('files and functions are short', () =>
    expectNone(sizeFindings(tree, LONG_FILES, LONG_FUNCTIONS)));
  test('every source file says what it is', () => expectNone(headerFindings(tree)));
  test('what could lose data asserts what it relies on', () => expectNone(assertionFindings(tree)));
  test('nothing is put off in a comment', () => expectNone(notedFindings(tree)));
  test('no code is kept in a comment', () => expectNone(disabledCodeFindings(tree)));
  test('no error is let go without a word', () => expectNone(swallowedFindings(tree)));
  test('no text belongs to one machine', () => expectNone(foreignFindings(tree)));
  test('every error code is on its page', () => expectNone(errorPageFindings(tree)));
  test('every fault has its row, and the row its tests', () => expectNone(faultPageFindings(tree)));
  test('every format has its page, and every page its format', () =>
    expectNone(formatPageFindings(tree)));
});

describe('the public API', () => {
  let api: PublicApi;

  beforeAll(() => {
    api = new PublicApi(ROOT);
  }, COMPILER_TIMEOUT_MS);

  test('is documented', () => expectNone(api.undocumentedFindings()));
  test('takes words instead of booleans, and options instead of many arguments', () =>
    expectNone(api.signatureFindings()));
});
