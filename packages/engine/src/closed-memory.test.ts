// Whoever still holds a closed database, as objects of other libraries may, does not hold its memory.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryFileSystem } from '@varve/vfs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSmall } from './testing/open-database.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { SharedArrayBuffer: RealBuffer } = globalThis;
let buffers: WeakRef<SharedArrayBuffer>[];

beforeEach(() => {
  buffers = [];
  globalThis.SharedArrayBuffer = new Proxy(RealBuffer, {
    construct(target, words, newTarget) {
      const buffer = Reflect.construct(target, words, newTarget) as SharedArrayBuffer;
      buffers.push(new WeakRef(buffer));
      return buffer;
    },
  });
});

afterEach(() => {
  globalThis.SharedArrayBuffer = RealBuffer;
});

/** Gives the collector several turns to find what nobody has any more. */
async function keptCount(): Promise<number> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectGarbage();
  }
  return buffers.filter((buffer) => buffer.deref() !== undefined).length;
}

test('a closed database holds no memtable', async () => {
  const db = await openSmall(new MemoryFileSystem());
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 50; index++) await db.put(`k${index}`, `${round}`.repeat(100));
    await db.flush();
    expect(await db.get('k1')).toBe(`${round}`.repeat(100));
  }
  await db.put('k1', 'in memory');
  expect(db.getSync('k1')).toBe('in memory');
  expect(await keptCount()).toBeGreaterThan(0);
  await db.close();
  expect(await keptCount()).toBe(0);
  expect(() => db.getSync('k1')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  expect(db.state).toBe('closed');
});
