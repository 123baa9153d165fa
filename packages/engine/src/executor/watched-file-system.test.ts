import { type FileOperation, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { operationOf, WatchedFileSystem } from './watched-file-system.js';

const signal = new Int32Array(2);

beforeEach(() => void signal.fill(0));

/** A file system that notes what shared memory says while it is called. */
class NotingFileSystem extends MemoryFileSystem {
  readonly seen: (FileOperation | null)[] = [];

  override existsSync(path: string): boolean {
    this.seen.push(operationOf(signal[0]!));
    return super.existsSync(path);
  }

  override removeSync(path: string): void {
    this.seen.push(operationOf(signal[0]!));
    super.removeSync(path);
  }
}

describe('WatchedFileSystem', () => {
  test('says what it waits for while it waits, and beats after each call, whether it failed or not', () => {
    const inner = new NotingFileSystem();
    const watched = new WatchedFileSystem(inner, { signal, operationIndex: 0, beatIndex: 1 });
    expect(watched.existsSync('/a')).toBe(false);
    expect(() => watched.removeSync('/a')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    expect(inner.seen).toEqual(['exists', 'remove']);
    expect([...signal]).toEqual([0, 2]);
  });

  test('does so for calls of the files it opens', () => {
    const watched = new WatchedFileSystem(new MemoryFileSystem(), {
      signal,
      operationIndex: 0,
      beatIndex: 1,
    });
    const file = watched.openSync('/a', 'create');
    file.writeSync(new Uint8Array(4), 0, 4, 0);
    file.syncDataSync();
    file.closeSync();
    expect([...signal]).toEqual([0, 4]);
  });
});
