/** Memory that the host may not have. */
import { StorageError } from './errors.js';

/** How engines of JavaScript word it; other range errors are mistakes in a program. */
const NO_MEMORY = /allocation failed|out of memory/i;

/**
 * What `allocate` makes.
 * @throws StorageError BUSY, retryable, when there is no memory for it
 */
export function withMemory<T>(sizeBytes: number, allocate: () => T): T {
  try {
    return allocate();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `Cannot write: there is no memory for ${sizeBytes} bytes; write less at once`;
    throw new StorageError('BUSY', message, { cause });
  }
}

/** The error as it is, or BUSY, retryable, if what it says is that there was no memory to do this. */
export function memoryErrorOf(error: unknown, action: string): unknown {
  if (!(error instanceof RangeError && NO_MEMORY.test(error.message))) return error;
  return new StorageError('BUSY', `Cannot ${action}: there is no memory for it`, { cause: error });
}
