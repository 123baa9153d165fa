/** The two databases of the comparison, each in a directory of its own, with the same memory and its own defaults else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VarveLevel } from '@varve/abstract-level';
import { ClassicLevel } from 'classic-level';
import type { AnyLevel, LevelData, LevelEntries } from './calls.js';

/** How keys and values are passed. */
export type LevelEncoding = 'utf8' | 'view';

/** A database that takes part. */
export interface Contender {
  readonly name: 'varve' | 'classic-level';
  readonly level: AnyLevel;
  /** Merges everything that was written. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

const CACHE_SIZE_BYTES = 128 * 1024 * 1024;
const MEMTABLE_SIZE_BYTES = 16 * 1024 * 1024;
const VALUE_SIZE_BYTES = 100;

/** Opens both. */
export async function openContenders(encoding: LevelEncoding): Promise<Contender[]> {
  const options = {
    ...{ keyEncoding: encoding, valueEncoding: encoding },
    ...{ cacheSize: CACHE_SIZE_BYTES, writeBufferSize: MEMTABLE_SIZE_BYTES },
  };
  return [
    await openOne('varve', (directory) => new VarveLevel(directory, options) as never),
    await openOne('classic-level', (directory) => new ClassicLevel(directory, options) as never),
  ];
}

async function openOne(
  name: Contender['name'],
  make: (directory: string) => AnyLevel,
): Promise<Contender> {
  const directory = mkdtempSync(join(tmpdir(), `bench-level-${name}-`));
  const level = make(directory);
  await level.open();
  return {
    ...{ name, level },
    settle: () => compactAll(level),
    close: async () => {
      await level.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function compactAll(level: AnyLevel): Promise<void> {
  const { compactRange } = level as unknown as {
    compactRange(start: string, end: string, options: object): Promise<void>;
  };
  return compactRange.call(level, '0', '~', { keyEncoding: 'utf8' });
}

/** `count` entries of 16 + 100 bytes, scattered. */
export function makeEntries(count: number, encoding: LevelEncoding): LevelEntries {
  const step = Math.floor(count * 0.618) | 1;
  const dataOf = (text: string): LevelData => (encoding === 'utf8' ? text : Buffer.from(text));
  const indexes = Array.from({ length: count }, (_, index) => (index * step) % count);
  return {
    keys: indexes.map((index) => dataOf(String(index).padStart(16, '0'))),
    values: indexes.map((index) => {
      const digits = String(index * 7919).padStart(VALUE_SIZE_BYTES / 2, '0123456789abcdef');
      return dataOf(digits.padEnd(VALUE_SIZE_BYTES, 'x'));
    }),
  };
}
