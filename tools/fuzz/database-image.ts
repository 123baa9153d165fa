// Files of a real database to start from: two keyspaces, tables in two levels, a log with batches, a manifest with edits.

import { initializeChecksums } from '../../packages/base/src/index.js';
import { open } from '../../packages/engine/src/index.js';
import { MemoryFileSystem } from '../../packages/vfs/src/index.js';
import type { FileSet } from './target.js';

/** Where databases are. */
export const DIRECTORY = '/db';

/** Zeros that are left at the end of a log. */
const RESERVED_SIZE_BYTES = 200;

/** The smallest memory with which a database opens. */
export const SMALL_OPTIONS = {
  backgroundThreads: 0,
  memoryBudgetBytes: 8 * 1024 * 1024,
  // Of the default keyspace: tests read and forge its blocks.
  compression: 'none',
  tuning: { memtableSizeBytes: 64 * 1024, blockSizeBytes: 512 },
} as const;

/** The files of a database that was left open, as if its process had died. */
export async function databaseFiles(): Promise<FileSet> {
  await initializeChecksums();
  const fileSystem = new MemoryFileSystem();
  const db = await open(DIRECTORY, { ...SMALL_OPTIONS, fileSystem });
  const orders = await db.keyspace('orders', { compression: 'lz4' });
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 40; index++) {
      await db.put(`user:${index}`, `round ${round} `.repeat(4));
      await orders.put(`order:${index % 20}`, `item ${index}, item ${round}, item ${index}`);
    }
    await db.del(`user:${round}`);
    await db.flush();
    if (round === 1) await db.compact();
  }
  await db.batch([
    { type: 'put', key: 'a', value: '1' },
    { type: 'del', key: 'user:7' },
  ]);
  await orders.put('late', 'in the log');
  const files = [...filesIn(fileSystem)];
  await db.close();
  return new Map(files.map(([name, bytes]) => [name, trimmed(bytes)]));
}

/** The contents of all files, without the lock and spare logs. */
export function filesIn(fileSystem: MemoryFileSystem): FileSet {
  const files = new Map<string, Uint8Array>();
  for (const name of fileSystem.listSync(DIRECTORY)) {
    if (name === 'LOCK' || name.endsWith('.spare')) continue;
    const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'read');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    files.set(name, bytes);
  }
  return files;
}

/** Without most of the zeros that space for a log is reserved with. */
function trimmed(bytes: Uint8Array): Uint8Array {
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  return bytes.subarray(0, Math.min(bytes.length, end + RESERVED_SIZE_BYTES));
}

/** A file system with these files and nothing else. */
export function fileSystemOf(files: FileSet): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync(DIRECTORY);
  for (const [name, bytes] of files) {
    const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'create');
    file.writeSync(bytes, 0, bytes.length, 0);
    file.closeSync();
  }
  return fileSystem;
}
