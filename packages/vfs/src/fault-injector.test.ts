import { describe, expect, test } from 'vitest';
import { FaultyFileSystem } from './faulty-file-system.js';
import { MemoryFileSystem } from './memory-file-system.js';

const EIO = { kind: 'error', errno: 'EIO' } as const;

describe('FaultInjector', () => {
  test('lets others act before an asynchronous call fails, where it is asked to', async () => {
    const order: string[] = [];
    const memory = new MemoryFileSystem();
    memory.makeDirectorySync('/folder');
    const fileSystem = new FaultyFileSystem(memory, {
      rules: [{ operation: ['syncData', 'write'], duration: 'sticky', effect: EIO }],
      onSyncFailure: () => order.push('failed'),
      beforeAsyncFailure: async ({ operation }) => void order.push(`before ${operation}`),
    });
    const file = fileSystem.openSync('/folder/file', 'create');
    const syncing = expect(file.syncData()).rejects.toMatchObject({ code: 'IO' });
    order.push('meanwhile');
    await syncing;
    await expect(file.write(new Uint8Array(1), 0, 1, 0)).rejects.toMatchObject({ code: 'IO' });
    expect(order).toEqual(['before syncData', 'meanwhile', 'failed', 'before write']);
    file.closeSync();
  });

  test('lets a synchronous call, and by default an asynchronous one, fail at once', async () => {
    const failures: string[] = [];
    const fileSystem = new FaultyFileSystem(new MemoryFileSystem(), {
      rules: [{ operation: 'syncData', duration: 'sticky', effect: EIO }],
      onSyncFailure: (path) => failures.push(path),
    });
    const file = fileSystem.openSync('/file', 'create');
    expect(() => file.syncDataSync()).toThrow();
    const syncing = expect(file.syncData()).rejects.toThrow();
    expect(failures).toEqual(['/file', '/file']);
    await syncing;
    file.closeSync();
  });
});
