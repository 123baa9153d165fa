// Directories of a leg, and what they must hold.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseOptions, open } from '@varve/engine';

/** Options with which a few hundred writes go through every part of the engine. */
export const SMALL_OPTIONS = {
  memoryBudgetBytes: 8 * 1024 * 1024,
  compression: 'none',
  tuning: {
    memtableSizeBytes: 64 * 1024,
    targetFileSizeBytes: 64 * 1024,
    baseLevelSizeBytes: 128 * 1024,
    level0CompactionTrigger: 2,
  },
} as const satisfies DatabaseOptions;

/** A new directory below the system's place for temporary files. */
export function makeScratch(name: string): string {
  return mkdtempSync(join(tmpdir(), `varve-${name}-`));
}

/** Removes a directory with everything in it. */
export function removeScratch(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** The value that the writers of the legs put under a number. */
export function valueFor(number: number): string {
  return `${number}:`.padEnd(200 + ((number * 7919) % 1800), `${number % 10}`);
}

/** The key of a number. */
export function keyFor(number: number): string {
  return `key ${String(number).padStart(9, '0')}`;
}

/** What was acknowledged and what was refused, by key; and whether a database holds what it must. */
export class Ledger {
  readonly #acknowledged = new Map<string, string>();
  /** Values refused since the last one that was acknowledged: each of them may be there. */
  readonly #refused = new Map<string, Set<string>>();

  acknowledge(key: string, value: string): void {
    this.#acknowledged.set(key, value);
    this.#refused.delete(key);
  }

  refuse(key: string, value: string): void {
    this.#refused.set(key, (this.#refused.get(key) ?? new Set()).add(value));
  }

  /** Nothing is known of this one, unless it was acknowledged. */
  mayHold(key: string, value: string): void {
    if (this.#acknowledged.get(key) !== value) this.refuse(key, value);
  }

  /** What is wrong with a database, in words; null if nothing. */
  findLoss(database: Pick<Database, 'getSync'>): string | null {
    for (const key of new Set([...this.#acknowledged.keys(), ...this.#refused.keys()])) {
      const found = database.getSync(key);
      if (found === this.#acknowledged.get(key)) continue;
      if (found !== undefined && this.#refused.get(key)?.has(found) === true) continue;
      const [expected, actual] = [this.#acknowledged.get(key), found].map((text) =>
        text?.slice(0, 12),
      );
      return `${key}: acknowledged ${expected}, found ${actual}`;
    }
    return null;
  }

  /** As `findLoss`, of a directory that nobody has open. */
  async findLossIn(directory: string): Promise<string | null> {
    const database = (await open(directory, SMALL_OPTIONS)) as Database;
    try {
      return this.findLoss(database);
    } finally {
      await database.close();
    }
  }
}

/** Whether a program can be run here. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
