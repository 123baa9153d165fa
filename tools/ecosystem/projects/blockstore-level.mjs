// IPFS blockstore-level, held to interface-blockstore-tests; run by mocha.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LevelBlockstore } from 'blockstore-level';
import { interfaceBlockstoreTests } from 'interface-blockstore-tests';

let directory;
let store;

describe('blockstore-level', () => {
  interfaceBlockstoreTests({
    async setup() {
      directory = mkdtempSync(join(tmpdir(), 'varve-blockstore-'));
      store = new LevelBlockstore(directory);
      await store.open();
      return store;
    },
    async teardown() {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  });
});
