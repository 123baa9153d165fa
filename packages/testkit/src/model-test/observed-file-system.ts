// A file system that says of every operation when it begins, so that a test can take a crash image at that moment.

import type { FileSystem, RandomAccessFile } from '@varve/vfs';

/** Gives `inner`, with `before` called at the beginning of every operation on it and on the files it opens. */
export function observeFileSystem(inner: FileSystem, before: () => void): FileSystem {
  return observe(inner, before, (value) => {
    return isFile(value) ? observe(value, before, (result) => result) : value;
  });
}

function observe<T extends object>(
  inner: T,
  before: () => void,
  around: (result: unknown) => unknown,
): T {
  return new Proxy(inner, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]): unknown => {
        before();
        return around(member.apply(target, values));
      };
    },
  });
}

function isFile(value: unknown): value is RandomAccessFile {
  return typeof value === 'object' && value !== null && 'syncDataSync' in value;
}
