// Closing files without losing the error that matters. What made somebody give up a file is what has to be told: if a full
// disk shows as an error of closing, nobody waits for space.

import { isStorageError } from '@varve/base';

/** Something that can be closed. */
export interface Closable {
  /** Gives the file back. Throws a StorageError of code `IO` if the system says that something was lost. */
  closeSync(): void;
}

/** Gives what `use` gives, and closes `file`. When both fail, the error of `use` is thrown. */
export function usingFileSync<File extends Closable, Result>(
  file: File,
  use: (file: File) => Result,
): Result {
  let result: Result;
  try {
    result = use(file);
  } catch (error) {
    quietly(() => file.closeSync());
    throw error;
  }
  file.closeSync();
  return result;
}

/** As {@link usingFileSync}, for what takes its time. */
export async function usingFile<File extends Closable, Result>(
  file: File,
  use: (file: File) => Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    result = await use(file);
  } catch (error) {
    quietly(() => file.closeSync());
    throw error;
  }
  file.closeSync();
  return result;
}

/**
 * Does what may fail without anybody having to know, such as giving something back because of an error that is being
 * reported: a StorageError of it is of no interest.
 */
export function quietly(attempt: () => void): void {
  try {
    attempt();
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}
