// Openings that fail under the rules of the order of operations: what they remove again must be theirs.

import { createRandom } from '@varve/base';
import { type Database, open } from '@varve/engine';
import { FaultyFileSystem, type FileSystem, MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { StrictFileSystem } from './strict-file-system.js';

const KIB = 1024;
const DIRECTORY = '/db';

function openWith(fileSystem: FileSystem, memtableSizeBytes: number): Promise<Database> {
  return open(DIRECTORY, {
    fileSystem,
    backgroundThreads: 0,
    memoryBudgetBytes: 8 * KIB * KIB,
    durability: 'os',
    tuning: { memtableSizeBytes },
  });
}

/** A database that was killed, and a reserve that lets each opening try twice. */
async function makeKilled(): Promise<MemoryFileSystem> {
  const memory = new MemoryFileSystem();
  const db = await openWith(memory, 512 * KIB);
  for (let index = 0; index < 30; index++) db.putSync(`k${index}`, 'v'.repeat(10_000));
  const image = memory.crash('kill', createRandom(1));
  await db.close();
  const reserve = image.openSync(`${DIRECTORY}/RESERVE`, 'create');
  reserve.syncDataSync();
  reserve.closeSync();
  return image;
}

describe('The order of operations on files is kept', () => {
  test.each(['once', 'sticky'] as const)(
    'I1, M1, M4, M5, M7, W11: by an opening that finds no space at any call, %s, and by the next one',
    async (duration) => {
      const image = await makeKilled();
      for (let nth = 1; ; nth++) {
        const memory = image.crash('kill', createRandom(1));
        const faulty = new FaultyFileSystem(memory);
        const strict = new StrictFileSystem(faulty);
        faulty.addRule({
          ...{ operation: ['create', 'write', 'syncData', 'rename', 'syncDirectory', 'remove'] },
          ...{ nth, duration },
          effect: { kind: 'error', errno: 'ENOSPC' },
        });
        await openWith(strict, 64 * KIB).then(
          (db) => db.close().catch(() => {}),
          () => {},
        );
        const isDone = faulty.injected.length === 0;
        faulty.clearRules();
        const db = await openWith(strict, 64 * KIB);
        expect([...db.keys()]).toHaveLength(30);
        await db.close();
        strict.assertFaultless();
        if (isDone) break;
      }
    },
    60_000,
  );
});
