/**
 * Errors as users of Level know them: a stable `LEVEL_` code, with the engine's error as the `cause`.
 */
import { StorageError, type StorageErrorCode } from '@varve/engine';

/** An error with one of the codes of abstract-level. */
export class LevelError extends Error {
  /** Stable; the message is not. */
  readonly code: string;

  constructor(message: string, options: { readonly code: string; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = options.code === 'LEVEL_ABORTED' ? 'AbortError' : 'LevelError';
    this.code = options.code;
  }
}

/** The codes of abstract-level where it has one for the same thing. */
const LEVEL_CODES: Readonly<Partial<Record<StorageErrorCode, string>>> = {
  CLOSED: 'LEVEL_DATABASE_NOT_OPEN',
  LOCKED: 'LEVEL_LOCKED',
  CORRUPTION: 'LEVEL_CORRUPTION',
  IO: 'LEVEL_IO_ERROR',
  NO_SPACE: 'LEVEL_IO_ERROR',
  TOO_MANY_FILES: 'LEVEL_IO_ERROR',
  DURABILITY_UNKNOWN: 'LEVEL_IO_ERROR',
  READ_ONLY: 'LEVEL_READONLY',
  KEY_TOO_LARGE: 'LEVEL_INVALID_KEY',
  VALUE_TOO_LARGE: 'LEVEL_INVALID_VALUE',
  UNSUPPORTED_FORMAT: 'LEVEL_NOT_SUPPORTED',
  ABORTED: 'LEVEL_ABORTED',
  ITERATOR_CLOSED: 'LEVEL_ITERATOR_NOT_OPEN',
  SNAPSHOT_RELEASED: 'LEVEL_SNAPSHOT_NOT_OPEN',
};

/** The error to give instead of what the engine threw: with a code of Level, or the same one if it is not the engine's. */
export function toLevelError(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  const code = LEVEL_CODES[error.code] ?? `LEVEL_${error.code}`;
  return new LevelError(error.message, { code, cause: error });
}

/** For `promise.catch`. */
export function rethrow(error: unknown): never {
  throw toLevelError(error);
}

/** The error of a read whose signal was aborted. */
export function abortError(): LevelError {
  return new LevelError('Operation has been aborted', { code: 'LEVEL_ABORTED' });
}
