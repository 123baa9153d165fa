// Approach: the suite that Keyv publishes for storages (@keyv/test-suite), as it is, with Keyv 5, for which it was written,
// and with Keyv 6, which has no suite of its own yet. What Keyv 6 does differently by itself is listed here; those cases
// must fail, so that the list stays true.

import suite, { keyvIteratorTests } from '@keyv/test-suite';
import { useWorkplace } from '@varve/testkit';
import Keyv5 from 'keyv';
import Keyv6 from 'keyv-6';
import * as vitest from 'vitest';
import { KeyvVarve } from './keyv-varve.js';

const { describe, it } = vitest;
const place = useWorkplace();

/** Case, and what Keyv 6 does instead. */
const DIFFERENT_IN_KEYV_6: Readonly<Record<string, string>> = {
  '.deleteMany([keys]) with nonexistent keys resolves to false':
    'gives an array with false for each',
};

const withKeyv6 = {
  ...vitest,
  it: (name: string, run: (context: vitest.TestContext) => unknown) =>
    name in DIFFERENT_IN_KEYV_6
      ? it.fails(`${name} - Keyv 6 ${DIFFERENT_IN_KEYV_6[name]}`, run)
      : it(name, run),
} as typeof vitest;

describe('the suite of Keyv, with Keyv 5', () => {
  const store = () => new KeyvVarve({ database: place.database, keyspace: 'five' });
  suite(vitest, Keyv5, store);
  keyvIteratorTests(vitest, Keyv5, store);
});

describe('the suite of Keyv, with Keyv 6', () => {
  const store = () => new KeyvVarve({ database: place.database, keyspace: 'six' });
  suite(withKeyv6, Keyv6 as unknown as typeof Keyv5, store);
  keyvIteratorTests(withKeyv6, Keyv6 as unknown as typeof Keyv5, store);
});
