// Every adapter gives the right data: measured against a sorted map, with the same seeded operations
// for each. An engine that is not installed is skipped, with its reason.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seeded } from '@varve/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { applyRandomWrites, SortedModel, visited } from './conformance-model.js';
import type { Engine, EngineStore, StoreSettings } from './engine.js';

const ADAPTERS: Record<string, () => Promise<{ engine: Engine }>> = {
  'varve-sync': () => import('./varve-sync.js'),
  'varve-async': () => import('./varve-async.js'),
  'varve-level': () => import('./varve-level.js'),
  'classic-level': () => import('./classic-level.js'),
  'classic-level-sync': () => import('./classic-level-sync.js'),
  lmdb: () => import('./lmdb.js'),
  'lmdb-sync': () => import('./lmdb-sync.js'),
  'rocksdb-node': () => import('./rocksdb-node.js'),
  'rocksdb-node-sync': () => import('./rocksdb-node-sync.js'),
  'better-sqlite3': () => import('./better-sqlite3.js'),
  'memory-level': () => import('./memory-level.js'),
};

const SETTINGS: StoreSettings = {
  durability: 'os',
  cacheSizeBytes: 1 << 20,
  memtableSizeBytes: 1 << 16,
  filterBitsPerKey: 10,
  compression: 'none',
};

const VARIANTS: readonly Partial<StoreSettings>[] = [
  {},
  { durability: 'always' },
  { durability: 'none', compression: 'lz4' },
];

for (const [name, load] of Object.entries(ADAPTERS)) {
  const { engine, reason } = await tryEngine(load);
  describe.skipIf(engine === undefined)(reason === '' ? name : `${name} (${reason})`, () => {
    conforms(name, () => engine!);
  });
}

function conforms(name: string, engineOf: () => Engine): void {
  test('is found under its name', () => {
    expect(engineOf().name).toBe(name);
  });

  for (const variant of VARIANTS) {
    // Each durable write waits for the disk.
    const roundCount = variant.durability === 'always' ? 1 : 3;
    test(
      `holds what was written, with ${JSON.stringify(variant)}`,
      seeded(async (random) => {
        const store = await openStore(engineOf(), { variant });
        const model = new SortedModel();
        for (let round = 0; round < roundCount; round++) {
          await applyRandomWrites({ store, model, random }, 150);
          await expectSameData(store, model);
        }
      }),
    );
  }

  test(
    'gives ranges from a key, in both directions, up to a limit',
    seeded(async (random) => {
      const store = await openStore(engineOf());
      const model = new SortedModel();
      await applyRandomWrites({ store, model, random }, 400);
      for (const range of model.randomRanges(random, 40)) {
        expect(await visited(store, range)).toEqual(model.range(range));
        expect(await store.entries(range)).toBe(model.range(range).length);
      }
    }),
  );

  test('keeps a value after the buffers it was put with are reused', async () => {
    const store = await openStore(engineOf());
    const [key, value] = [Buffer.from('key-1'), Buffer.from('value-1')];
    await store.put(key, value);
    const held = await store.get(Buffer.from('key-1'));
    key.fill('x');
    value.fill('x');
    await store.put(Buffer.from('key-2'), Buffer.from('value-2'));
    await store.get(Buffer.from('key-2'));
    expect(Buffer.from(held!).toString()).toBe('value-1');
    expect(Buffer.from((await store.get(Buffer.from('key-1')))!).toString()).toBe('value-1');
  });

  test.skipIf(name === 'memory-level')(
    'has everything after it was closed and opened again',
    seeded(async (random) => {
      const directory = await temporaryDirectory();
      const model = new SortedModel();
      const first = await openStore(engineOf(), { directory });
      await applyRandomWrites({ store: first, model, random }, 300);
      await first.settle();
      await first.close();
      await expectSameData(await openStore(engineOf(), { directory }), model);
    }),
  );
}

async function expectSameData(store: EngineStore, model: SortedModel): Promise<void> {
  expect(await visited(store, {})).toEqual(model.range({}));
  expect(await store.entries({})).toBe(model.size);
  const keys = model.allKeysEverUsed();
  for (const key of keys) expect(textOf(await store.get(key))).toBe(model.get(key));
  const values = await store.getMany?.(keys);
  if (values) expect(values.map(textOf)).toEqual(keys.map((key) => model.get(key)));
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('latin1');
}

async function openStore(
  engine: Engine,
  { directory, variant }: { directory?: string; variant?: Partial<StoreSettings> } = {},
): Promise<EngineStore> {
  const path = directory ?? (await temporaryDirectory());
  const store = await engine.open(path, { ...SETTINGS, ...variant });
  let isClosed = false;
  const close = store.close.bind(store);
  store.close = async () => {
    if (!isClosed) await close();
    isClosed = true;
  };
  onTestFinished(() => store.close());
  return store;
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'varve-engine-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The engine, or why it cannot be used here. */
async function tryEngine(
  load: () => Promise<{ engine: Engine }>,
): Promise<{ engine?: Engine; reason: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'varve-engine-'));
  try {
    const { engine } = await load();
    await (await engine.open(directory, SETTINGS)).close();
    return { engine, reason: '' };
  } catch (error) {
    return { reason: String((error as Error).message).split('\n')[0]! };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
