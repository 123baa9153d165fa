// The contract, on every implementation of this package.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { FaultyFileSystem } from '../faulty-file-system.js';
import type { FileSystem } from '../file-system.js';
import { MemoryFileSystem } from '../memory-file-system.js';
import { NodeFileSystem } from '../node-file-system.js';
import { RecordingFileSystem } from '../recording-file-system.js';
import { type FileSystemUnderTest, fileSystemSuite } from './file-system-suite.js';

const declare = (name: string, run: () => Promise<void>): void => {
  test(name, run);
};

function onDisk(fileSystem: FileSystem): FileSystemUnderTest {
  const directory = mkdtempSync(join(tmpdir(), 'varve-vfs-'));
  return { fileSystem, directory, dispose: () => rmSync(directory, { recursive: true }) };
}

function inMemory(wrap: (inner: FileSystem) => FileSystem = (inner) => inner): FileSystemUnderTest {
  const memory = new MemoryFileSystem();
  memory.makeDirectorySync('/data');
  return { fileSystem: wrap(memory), directory: '/data' };
}

describe('NodeFileSystem', () => {
  fileSystemSuite({ test: declare, create: () => onDisk(new NodeFileSystem()) });
});

describe('MemoryFileSystem', () => {
  fileSystemSuite({ test: declare, create: () => inMemory() });
});

describe('FaultyFileSystem', () => {
  fileSystemSuite({
    test: declare,
    create: () => inMemory((inner) => new FaultyFileSystem(inner)),
  });
});

describe('RecordingFileSystem', () => {
  fileSystemSuite({
    test: declare,
    create: () => inMemory((inner) => new RecordingFileSystem(inner)),
  });
});
