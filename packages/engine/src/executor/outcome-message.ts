/**
 * The form in which the outcome of a job crosses from a worker to the main thread.
 *
 * Structured cloning keeps the message of an error and loses its class and fields, so errors travel as plain data.
 */
import {
  type CorruptionPlace,
  isStorageError,
  StorageError,
  type StorageErrorCode,
} from '@varve/base';
import type { JobOutcome } from './executor.js';
import type { JobResult } from './job.js';

export interface ErrorMessage {
  readonly code: StorageErrorCode;
  readonly message: string;
  readonly stack: string | undefined;
  readonly retryable: boolean;
  readonly file: string | undefined;
  readonly offset: number | undefined;
  readonly where: CorruptionPlace | undefined;
}

export type OutcomeMessage =
  | { readonly id: number; readonly result: JobResult; readonly durationMs: number }
  | { readonly id: number; readonly error: ErrorMessage };

/**
 * Plain data for any thrown value; what is not a StorageError becomes INTERNAL. The thread that says so is alive, so it
 * must not be taken for dead.
 */
export function errorToMessage(error: unknown): ErrorMessage {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const storage = isStorageError(thrown) ? thrown : undefined;
  return {
    code: storage?.code ?? 'INTERNAL',
    message: thrown.message,
    stack: thrown.stack,
    retryable: storage?.retryable ?? false,
    file: storage?.file,
    offset: storage?.offset,
    where: storage?.where,
  };
}

export function messageToOutcome(message: OutcomeMessage): JobOutcome {
  if ('result' in message) {
    const { result, durationMs } = message;
    return { ok: true, result, durationMs };
  }
  const { code, message: text, stack, ...details } = message.error;
  const defined = Object.fromEntries(
    Object.entries(details).filter(([, value]) => value !== undefined),
  );
  const error = new StorageError(code, text, defined);
  if (stack !== undefined) error.stack = stack;
  return { ok: false, error };
}
