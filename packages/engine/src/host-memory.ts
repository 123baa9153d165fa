/** Memory that the host may not have. */
import { StorageError } from '@varve/base';

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
