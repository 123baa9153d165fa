// What a write promises, and what it fails with.

import { createRandom } from '@varve/base';
import { StorageError } from '@varve/engine';
import { MemoryFileSystem } from '@varve/vfs';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { LevelError } from './level-error.js';
import { errorOf, openLevel } from './testing/open-level.js';
import { VarveLevel } from './varve-level.js';

/** What a database holds after a power failure that nothing survives but what was synced. */
async function afterPowerFailure(fileSystem: MemoryFileSystem): Promise<[string, string][]> {
  const survivor = fileSystem.crash('drop', createRandom(1));
  const level = new VarveLevel('/db', { fileSystem: survivor });
  const entries = await level.iterator().all();
  await level.close();
  return entries;
}

describe('the option sync', () => {
  test('true puts the write, and every one before it, on the disk before it resolves', async () => {
    const fileSystem = new MemoryFileSystem();
    const level = await openLevel({ fileSystem }, '/db');
    await level.put('a', '1');
    expect(await afterPowerFailure(fileSystem)).toEqual([]);
    await level.put('b', '2', { sync: true });
    await level.put('c', '3');
    expect(await afterPowerFailure(fileSystem)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    await level.batch([{ type: 'del', key: 'a' }], { sync: true });
    await level.batch().put('d', '4').write({ sync: true });
    await level.del('b', { sync: true });
    expect((await afterPowerFailure(fileSystem)).map(([key]) => key)).toEqual(['c', 'd']);
  });

  test('false leaves it to the operating system, whatever the database says', async () => {
    const fileSystem = new MemoryFileSystem();
    const level = await openLevel({ fileSystem, durability: 'always' }, '/db');
    await level.put('a', '1');
    await level.put('b', '2', { sync: false });
    expect(await afterPowerFailure(fileSystem)).toEqual([['a', '1']]);
  });

  test('gives way to durability, which has more words', async () => {
    const fileSystem = new MemoryFileSystem();
    const level = await openLevel({ fileSystem }, '/db');
    await level.put('a', '1', { sync: false, durability: 'always' });
    expect(await afterPowerFailure(fileSystem)).toEqual([['a', '1']]);
    const error = await errorOf(level.put('b', '2', { durability: 'soon' as never }));
    expect(error).toBeInstanceOf(RangeError);
  });
});

describe('errors', () => {
  test('have the codes of Level, and the error of the engine as their cause', async () => {
    const level = await openLevel();
    const error = await errorOf(level.put('k'.repeat(70_000), 'v'));
    expect(error).toBeInstanceOf(LevelError);
    expect(error).toMatchObject({ code: 'LEVEL_INVALID_KEY', cause: { code: 'KEY_TOO_LARGE' } });
    expect(error.cause).toBeInstanceOf(StorageError);
    expect(
      await errorOf(level.batch([{ type: 'put', key: 'k'.repeat(70_000), value: 'v' }])),
    ).toMatchObject({
      code: 'LEVEL_INVALID_KEY',
    });
  });

  test('of a read-only database are LEVEL_READONLY', async () => {
    const fileSystem = new MemoryFileSystem();
    const writer = await openLevel({ fileSystem }, '/db');
    await writer.put('a', '1');
    await writer.close();
    const reader = await openLevel({ fileSystem, readOnly: true }, '/db');
    expect(await reader.get('a')).toBe('1');
    const code = 'LEVEL_READONLY';
    expect(await errorOf(reader.put('b', '2'))).toMatchObject({ code });
    expect(await errorOf(reader.batch([{ type: 'del', key: 'a' }]))).toMatchObject({ code });
    expect(await errorOf(reader.clear())).toMatchObject({ code });
  });
});

describe('keys and values', () => {
  test('are the same entries in every format', async () => {
    const level = await openLevel();
    await level.put('é', 'ü');
    const buffers = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
    const views = { keyEncoding: 'view', valueEncoding: 'view' } as const;
    expect(await level.get(Buffer.from('é'), buffers)).toEqual(Buffer.from('ü'));
    expect(await level.get(new Uint8Array([0xc3, 0xa9]), views)).toBeInstanceOf(Uint8Array);
    await level.put(Buffer.from([0xff]), Buffer.from([0xfe, 0x61]), buffers);
    expect(await level.keys().all()).toEqual(['é', '\ufffd']);
    expect(await level.values().all()).toEqual(['ü', '\ufffda']);
    expect(await level.keys(buffers).all()).toEqual([Buffer.from('é'), Buffer.from([0xff])]);
  });

  test('that are read are the caller’s own', async () => {
    const level = await openLevel({ keyEncoding: 'buffer', valueEncoding: 'buffer' });
    const value = Buffer.from('value');
    await level.put(Buffer.from('key') as never, value as never);
    value.fill(0);
    const read = level.getSync(Buffer.from('key') as never) as unknown as Buffer;
    read.fill(1);
    const [entry] = (await level.iterator().all()) as unknown as [Buffer, Buffer][];
    entry[1].fill(2);
    expect(String(await level.get(Buffer.from('key') as never))).toBe('value');
  });

  test('of a batch may carry anything beside them, also a keyspace', async () => {
    const level = await openLevel();
    const operation = { type: 'put', key: 'a', value: '1', keyspace: 'mine', extra: 7 } as const;
    await level.batch([operation as never, { type: 'put', key: 'b', value: '2' }]);
    expect(await level.getMany(['a', 'b', 'c'])).toEqual(['1', '2', undefined]);
    expect(await level.hasMany(['a', 'c'])).toEqual([true, false]);
  });
});

describe('types', () => {
  test('say what can be missing, and take our options', () => {
    const get = (level: VarveLevel<string, number>) => level.get('a');
    const getSync = (level: VarveLevel<string, number>) => level.getSync('a');
    const getMany = (level: VarveLevel<string, number>) => level.getMany(['a']);
    expectTypeOf<Awaited<ReturnType<typeof get>>>().toEqualTypeOf<number | undefined>();
    expectTypeOf<ReturnType<typeof getSync>>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Awaited<ReturnType<typeof getMany>>>().toEqualTypeOf<(number | undefined)[]>();
    expectTypeOf<Parameters<VarveLevel['put']>[2]>().toExtend<{ sync?: boolean | undefined }>();
  });
});
