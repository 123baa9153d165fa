import { systemClock } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { open } from './database.js';
import { type DatabaseOptions, resolveOptions } from './options.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** A file system that must not be touched. */
const UNTOUCHED = new Proxy({} as FileSystem, {
  get: (_, name) => {
    throw new Error(`touched: ${String(name)}`);
  },
});

const INTEGERS = [
  { name: 'syncIntervalMs', least: 1, most: 60_000 },
  { name: 'memoryBudgetBytes', least: MIB, most: Number.MAX_SAFE_INTEGER },
  { name: 'backgroundThreads', least: 0, most: 2 },
  { name: 'writeTimeoutMs', least: 1, most: 2 ** 31 - 1 },
  { name: 'reserveSizeBytes', least: 0, most: 16 * GIB },
] as const;

const TUNING_INTEGERS = [
  { name: 'memtableSizeBytes', least: 64 * KIB, most: GIB },
  { name: 'diskSlowMs', least: 1, most: 2 ** 31 - 1 },
  { name: 'frozenMemtableCountMax', least: 1, most: 16 },
  { name: 'blockSizeBytes', least: 512, most: MIB },
  { name: 'filterBitsPerKey', least: 0, most: 30 },
  { name: 'targetFileSizeBytes', least: 64 * KIB, most: GIB },
  { name: 'level0CompactionTrigger', least: 1, most: 64 },
  { name: 'level0StopTrigger', least: 5, most: 1024 },
  { name: 'pendingCompactionLimitBytes', least: MIB, most: Number.MAX_SAFE_INTEGER },
  { name: 'levelSizeMultiplier', least: 2, most: 100 },
  { name: 'baseLevelSizeBytes', least: 64 * KIB, most: Number.MAX_SAFE_INTEGER },
  { name: 'pinnedLimitBytes', least: MIB, most: Number.MAX_SAFE_INTEGER },
  { name: 'snapshotWarningAgeMs', least: 1, most: Number.MAX_SAFE_INTEGER },
  { name: 'openTableFileCountMax', least: 1, most: Number.MAX_SAFE_INTEGER },
] as const;

const FLAGS = ['createIfMissing', 'errorIfExists', 'readOnly'] as const;

const NOT_WHOLE = [Number.NaN, Number.POSITIVE_INFINITY, 1.5, '64', true, {}];

/** Expects the option to be refused by name, and nothing to be touched. */
async function expectRefused(name: string, options: object): Promise<void> {
  const refusing = { fileSystem: UNTOUCHED, ...options } as DatabaseOptions;
  const refusal = expect.objectContaining({
    name: expect.stringMatching(/^(TypeError|RangeError)$/),
    message: expect.stringContaining(name),
  });
  expect(() => resolveOptions(refusing)).toThrow(refusal);
  await expect(open('/db', refusing)).rejects.toEqual(refusal);
}

describe('resolveOptions', () => {
  test.each(INTEGERS)('$name takes $least to $most', async ({ name, least, most }) => {
    expect(resolveOptions({ [name]: least })[name]).toBe(least);
    expect(resolveOptions({ [name]: most })[name]).toBe(most);
    for (const value of [least - 1, most + 1, ...NOT_WHOLE]) {
      await expectRefused(name, { [name]: value });
    }
  });

  test.each(TUNING_INTEGERS)(
    'tuning.$name takes $least to $most',
    async ({ name, least, most }) => {
      expect(resolveOptions({ tuning: { [name]: least } }).tuning[name]).toBe(least);
      expect(resolveOptions({ tuning: { [name]: most } }).tuning[name]).toBe(most);
      for (const value of [least - 1, most + 1, ...NOT_WHOLE]) {
        await expectRefused(name, { tuning: { [name]: value } });
      }
    },
  );

  test.each(FLAGS)('%s takes true and false', async (name) => {
    expect(resolveOptions({ [name]: true })[name]).toBe(true);
    expect(resolveOptions({ [name]: false })[name]).toBe(false);
    for (const value of [0, 1, 'true', {}]) await expectRefused(name, { [name]: value });
  });

  test.each(['toString', 'constructor', '__proto__', 'ALWAYS', '', 3, true])(
    'durability does not take %j',
    async (durability) => {
      await expectRefused('durability', { durability });
    },
  );

  test.each(['zstd', '', 'LZ4', 'toString', 1])(
    'compression does not take %j',
    async (compression) => {
      await expectRefused('compression', { compression });
    },
  );

  test.each(['keyEncoding', 'valueEncoding'])(
    '%s is a name or a pair of functions',
    async (name) => {
      for (const encoding of [
        'latin1',
        '',
        'toString',
        7,
        {},
        { encode: () => new Uint8Array() },
      ]) {
        const options = { fileSystem: UNTOUCHED, [name]: encoding } as DatabaseOptions;
        await expect(open('/db', options)).rejects.toThrow(/TypeError|RangeError|ncoding/);
      }
    },
  );

  test('stopping needs more runs than compacting', async () => {
    const tuning = { level0CompactionTrigger: 10 };
    await expectRefused('level0StopTrigger', { tuning: { ...tuning, level0StopTrigger: 10 } });
    expect(resolveOptions({ tuning: { ...tuning, level0StopTrigger: 11 } }).tuning).toMatchObject({
      level0StopTrigger: 11,
    });
    const most = resolveOptions({ tuning: { level0CompactionTrigger: 64 } });
    expect(most.tuning.level0StopTrigger).toBe(68);
  });

  test('fills in the defaults that the documentation names', () => {
    const resolved = resolveOptions({});
    expect(resolved).toMatchObject({
      durability: 'always',
      syncIntervalMs: 100,
      memoryBudgetBytes: 256 * MIB,
      keyEncoding: 'utf8',
      valueEncoding: 'utf8',
      compression: 'lz4',
      createIfMissing: true,
      errorIfExists: false,
      readOnly: false,
      backgroundThreads: 2,
      writeTimeoutMs: Number.POSITIVE_INFINITY,
      reserveSizeBytes: 36 * MIB + 256 * KIB,
      reserveFromBytes: 8 * (36 * MIB + 256 * KIB),
      clock: systemClock,
    });
    expect(resolved.fileSystem).toBeInstanceOf(NodeFileSystem);
    expect(resolved.tuning).toEqual({
      memtableSizeBytes: 32 * MIB,
      frozenMemtableCountMax: 2,
      diskSlowMs: 5000,
      blockSizeBytes: 4096,
      filterBitsPerKey: 10,
      targetFileSizeBytes: 32 * MIB,
      level0CompactionTrigger: 4,
      level0StopTrigger: 20,
      pendingCompactionLimitBytes: 16 * GIB,
      levelSizeMultiplier: 10,
      baseLevelSizeBytes: 128 * MIB,
      pinnedLimitBytes: Number.MAX_SAFE_INTEGER,
      snapshotWarningAgeMs: 600_000,
      openTableFileCountMax: Number.MAX_SAFE_INTEGER,
    });
  });

  test('undefined is the default, as if it were not there', () => {
    const names = [...INTEGERS, ...FLAGS.map((name) => ({ name }))].map(({ name }) => name);
    const options = Object.fromEntries(names.map((name) => [name, undefined]));
    const tuning = Object.fromEntries(TUNING_INTEGERS.map(({ name }) => [name, undefined]));
    const { clock: _, fileSystem: __, ...resolved } = resolveOptions({ ...options, tuning });
    expect(resolveOptions({})).toMatchObject(resolved);
  });

  test.each([MIB, 8 * MIB, 64 * MIB, 256 * MIB, GIB, 64 * GIB, Number.MAX_SAFE_INTEGER])(
    'shares a budget of %i bytes between writes and the cache',
    (memoryBudgetBytes) => {
      const { tuning, cacheSizeBytes } = resolveOptions({ memoryBudgetBytes });
      expect(tuning.memtableSizeBytes).toBeLessThanOrEqual(64 * MIB);
      expect(cacheSizeBytes).toBeGreaterThanOrEqual(Math.floor(memoryBudgetBytes / 4));
      expect(cacheSizeBytes).toBeLessThan(memoryBudgetBytes);
    },
  );

  test.each([undefined, '', 7, null, {}])('open() does not take the path %j', async (path) => {
    const opening = open(path as unknown as string, { fileSystem: UNTOUCHED });
    await expect(opening).rejects.toThrow(TypeError);
  });
});
