import { BugError, StorageError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { quietly, usingFile, usingFileSync } from './closing.js';

class File {
  closeCount = 0;
  readonly #error: Error | null;

  constructor(error: Error | null = null) {
    this.#error = error;
  }

  closeSync(): void {
    this.closeCount += 1;
    if (this.#error !== null) throw this.#error;
  }
}

const full = new StorageError('NO_SPACE', 'full');
const closing = new StorageError('IO', 'closing');

describe.each(['usingFileSync', 'usingFile'] as const)('%s', (form) => {
  async function using<Result>(file: File, use: () => Result): Promise<Result> {
    return form === 'usingFile' ? usingFile(file, async () => use()) : usingFileSync(file, use);
  }
  const fail = (): never => {
    throw full;
  };

  test('gives the result and closes', async () => {
    const file = new File();
    expect(await using(file, () => 5)).toBe(5);
    expect(file.closeCount).toBe(1);
  });

  test('closes after an error, and throws that one even if closing fails as well', async () => {
    for (const file of [new File(), new File(closing)]) {
      await expect(using(file, fail)).rejects.toBe(full);
      expect(file.closeCount).toBe(1);
    }
  });

  test('throws an error of closing if nothing else failed', async () => {
    await expect(using(new File(closing), () => 5)).rejects.toBe(closing);
  });
});

describe('quietly', () => {
  test('passes over a StorageError and nothing else', () => {
    quietly(() => {
      throw closing;
    });
    const bug = new BugError('bug');
    const run = (): never => {
      throw bug;
    };
    expect(() => quietly(run)).toThrow(bug);
  });
});
