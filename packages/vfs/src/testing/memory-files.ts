// Files with short texts, for tests of file systems in memory: made, written, and shown with what a crash leaves.

import { createRandom } from '@varve/base';
import type { FileSystem, RandomAccessFile } from '../file-system.js';
import type { CrashModel } from '../memory/crash-image.js';
import type { MemoryFileSystem } from '../memory-file-system.js';

const SEED = 0x5eed;

/** The bytes of a text. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Writes a text at the end of a file. */
export function append(file: RandomAccessFile, value: string): void {
  file.writeSync(text(value), 0, value.length, file.sizeSync());
}

/** Makes a file that holds a text; nothing of it is durable. */
export function create(fileSystem: FileSystem, path: string, value: string): RandomAccessFile {
  const file = fileSystem.openSync(path, 'create');
  append(file, value);
  return file;
}

/** All files below a directory with their content, as one line each: `/db/a = text`. */
export function dump(fileSystem: FileSystem, directory = ''): string[] {
  return fileSystem.listSync(directory === '' ? '/' : directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    if (fileSystem.statSync(path).kind === 'directory') {
      return [`${path}/`, ...dump(fileSystem, path)];
    }
    const file = fileSystem.openSync(path, 'read');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    return [`${path} = ${String.fromCharCode(...bytes)}`];
  });
}

/** What is found after a crash, for each of many choices of the model; without repetitions, sorted. */
export function outcomes(fileSystem: MemoryFileSystem, model: CrashModel, count = 300): string[] {
  const random = createRandom(SEED);
  const found = new Set<string>();
  for (let i = 0; i < count; i++) found.add(dump(fileSystem.crash(model, random)).join('; '));
  return [...found].sort();
}
