// Goal: what a failing disk or a limit of the machine keeps from being read is never taken for damage without a word.
//
// Approach: a database in which deleted and replaced entries would come back without its manifest, on a file system whose
// calls fail by rule.

import { initializeChecksums } from '@varve/base';
import { type Errno, type FaultRule, FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { open } from '../database.js';
import { salvage } from '../salvage.js';
import type { SalvageReport } from './salvage-report.js';

const SOURCE = '/db';
const TARGET = '/saved';
const TEXT = { keyEncoding: 'utf8', valueEncoding: 'utf8' } as const;

let memory: MemoryFileSystem;

beforeAll(initializeChecksums);

beforeEach(async () => {
  memory = new MemoryFileSystem();
  const db = await open(SOURCE, { fileSystem: memory, backgroundThreads: 0, ...TEXT });
  await db.put('amber', 'resin');
  await db.flush();
  await db.put('basalt', 'rock');
  await db.flush();
  await db.put('chalk', 'soft');
  await db.close();
});

function nameLike(pattern: RegExp): string {
  return memory.listSync(SOURCE).find((name) => pattern.test(name))!;
}

function failing(rule: Partial<FaultRule>, errno: Errno): FaultyFileSystem {
  const effect = { kind: 'error', errno } as const;
  return new FaultyFileSystem(memory, { rules: [{ duration: 'sticky', ...rule, effect }] });
}

async function salvagedFrom(fileSystem: FaultyFileSystem): Promise<SalvageReport> {
  return salvage(SOURCE, TARGET, { fileSystem, ...TEXT });
}

async function savedKeys(): Promise<unknown[]> {
  const db = await open(TARGET, { fileSystem: memory, backgroundThreads: 0, ...TEXT });
  const keys = [...db.keys()];
  await db.close();
  return keys;
}

describe('readKnownState', () => {
  test('reports a manifest that the disk does not give as a loss, and goes on with the tables', async () => {
    const file = nameLike(/^MANIFEST/);
    const report = await salvagedFrom(failing({ operation: 'read', path: 'MANIFEST-*' }, 'EIO'));
    expect(report.manifest).toBe('lost');
    expect(report.losses).toHaveLength(1);
    expect(report.losses[0]).toMatchObject({ file, offset: 0 });
    expect(report.losses[0]!.reason).toContain('input/output error');
    expect(await savedKeys()).toEqual(['amber', 'basalt', 'chalk']);
  });

  test('reads a manifest again after a failure that passes, and nothing is lost', async () => {
    const rule = { operation: 'read', path: 'MANIFEST-*', duration: 'once' } as const;
    const report = await salvagedFrom(failing(rule, 'EIO'));
    expect(report).toMatchObject({ manifest: 'whole', losses: [], notes: [] });
  });

  test('reports a CURRENT that the disk does not give as a loss', async () => {
    const report = await salvagedFrom(failing({ operation: 'read', path: 'CURRENT' }, 'EIO'));
    expect(report.losses).toMatchObject([{ file: 'CURRENT', offset: 0 }]);
    expect(await savedKeys()).toEqual(['amber', 'basalt', 'chalk']);
  });

  test.each([
    ['EMFILE', 'TOO_MANY_FILES'],
    ['ENFILE', 'TOO_MANY_FILES'],
    ['EACCES', 'IO'],
  ] as const)('%s on any file ends the salvage, and makes no database', async (errno, code) => {
    for (const path of ['CURRENT', 'MANIFEST-*', '*.sst', '*.log']) {
      const attempt = salvagedFrom(failing({ operation: 'open', path }, errno));
      await expect(attempt, path).rejects.toMatchObject({ code });
      expect(memory.existsSync(TARGET), path).toBe(false);
    }
    expect(memory.openPaths()).toEqual([]);
  });

  test('a table or log that the disk does not open is lost alone, and reported', async () => {
    for (const pattern of [/\.sst$/, /\.log$/]) {
      const names = memory.listSync(SOURCE).filter((name) => pattern.test(name));
      const fileSystem = failing({ operation: 'open', path: names.at(-1)! }, 'EIO');
      const { losses } = await salvage(SOURCE, `/saved-${names[0]}`, { fileSystem, ...TEXT });
      expect(losses.map(({ file }) => file)).toEqual([names.at(-1)]);
      expect(losses[0]!.reason).toContain('input/output error');
    }
  });
});
