// IPFS datastore-level, held to interface-datastore-tests; run by mocha.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LevelDatastore } from 'datastore-level';
import { interfaceDatastoreTests } from 'interface-datastore-tests';

let directory;
let store;

describe('datastore-level', () => {
  interfaceDatastoreTests({
    async setup() {
      directory = mkdtempSync(join(tmpdir(), 'varve-datastore-'));
      store = new LevelDatastore(directory);
      await store.open();
      return store;
    },
    async teardown() {
      await store.close();
      rmSync(directory, { recursive: true });
    },
  });
});
