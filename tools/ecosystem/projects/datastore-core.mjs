// The stores of datastore-core that are made of others, each over datastore-level; run by mocha.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  KeyTransformDatastore,
  MountDatastore,
  NamespaceDatastore,
  ShardingDatastore,
  shard,
  TieredDatastore,
} from 'datastore-core';
import { LevelDatastore } from 'datastore-level';
import { Key } from 'interface-datastore';
import { interfaceDatastoreTests } from 'interface-datastore-tests';

const TRANSFORM = {
  convert: (key) => new Key('/prefix').child(key),
  invert: (key) => new Key(key.toString().slice('/prefix'.length)),
};

/** Each makes a store from a function that makes stores of datastore-level. */
const STORES = {
  KeyTransformDatastore: async (make) => new KeyTransformDatastore(await make(), TRANSFORM),
  NamespaceDatastore: async (make) => new NamespaceDatastore(await make(), new Key('namespace')),
  TieredDatastore: async (make) => new TieredDatastore([await make(), await make()]),
  MountDatastore: async (make) =>
    new MountDatastore([
      { prefix: new Key('/a'), datastore: await make() },
      { prefix: new Key('/z'), datastore: await make() },
      { prefix: new Key('/q'), datastore: await make() },
      { prefix: new Key('/dht'), datastore: await make() },
    ]),
  ShardingDatastore: async (make) => {
    const store = new ShardingDatastore(await make(), new shard.NextToLast(2));
    await store.open();
    return store;
  },
};

for (const [name, makeStore] of Object.entries(STORES)) {
  describe(name, () => {
    let directories = [];
    let parts = [];

    const makePart = async () => {
      const directory = mkdtempSync(join(tmpdir(), 'varve-core-'));
      const store = new LevelDatastore(directory);
      await store.open();
      directories.push(directory);
      parts.push(store);
      return store;
    };

    interfaceDatastoreTests({
      setup: () => makeStore(makePart),
      async teardown() {
        for (const part of parts) await part.close();
        for (const directory of directories) rmSync(directory, { recursive: true });
        directories = [];
        parts = [];
      },
    });
  });
}
