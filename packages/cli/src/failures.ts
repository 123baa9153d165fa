// What can go wrong on the command line, what the user is told, and the exit code.
//
//   0  done, or the answer is yes
//   1  "not so": no such key, damage found, a store that cannot be opened
//   2  usage: words the command line does not understand
//   130  interrupted by the user (128 + SIGINT)
//
// A message says what was being done and what was in the way; the advice after it says what to do next.

import { isStorageError, type StorageError, type StorageErrorCode } from '@varve/base';

/** The exit codes of every command. */
export const ExitCode = { done: 0, notSo: 1, usage: 2, interrupted: 130 } as const;

/** The words on the command line, or the text in the input, are not what the command takes. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was understood and the answer is no. `advice` says what to do about it. */
export class NotSoError extends Error {
  override readonly name: string = 'NotSoError';
  readonly advice: string | undefined;

  constructor(message: string, options?: { advice?: string; cause?: unknown }) {
    super(message, { cause: options?.cause });
    this.advice = options?.advice;
  }
}

/** The user pressed Ctrl-C; what was written until then is kept. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** What is printed about a failure, and the code the process ends with. */
export interface FailureReport {
  readonly message: string;
  readonly advice: string | undefined;
  readonly exitCode: number;
  /** Present for failures that are bugs of Varve: the stack belongs in the report. */
  readonly stack: string | undefined;
}

const REFUSED_ARGUMENT_PATTERN = /^Cannot (?:encode as|open a keyspace|open the database)\b/;

const ADVICE: { readonly [code in StorageErrorCode]?: string } = {
  LOCKED: 'Close the process that holds it, or wait for it to end, then try again.',
  NOT_FOUND: 'Check the path. `varve put` and `varve import` create a store where there is none.',
  ALREADY_EXISTS: 'Choose another directory, or remove what is there.',
  CORRUPTION:
    'Nothing was changed. Run `varve verify <directory>` for everything that is damaged, and restore those files from a backup, or save what is intact with `varve salvage <directory> <new-directory>`.',
  NO_SPACE: 'Free some space on that disk. What was acknowledged is safe.',
  TOO_MANY_FILES: 'Raise the limit of open files (`ulimit -n`) and try again.',
  DURABILITY_UNKNOWN:
    'The disk refused a sync. Check the disk, then open the store again: it recovers what reached it.',
  UNSUPPORTED_FORMAT: 'The store was written by a newer Varve. Use that version or a later one.',
  KEY_TOO_LARGE: 'Keep large content in the value and a short name or hash in the key.',
  VALUE_TOO_LARGE: 'Split the value over several keys.',
  IO: 'Check the permissions of the directory and the health of the disk.',
};

/** No room for what a command writes outside the store: on the disk, in the quota, or under the limit of a file. */
const FULL_CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const FULL_ADVICE =
  'What was written is not complete. Free some space or raise the limit (`ulimit -f`), then try again.';

/** Turns anything thrown by a command into what the user sees. */
export function reportFailure(error: unknown): FailureReport {
  if (error instanceof UsageError || isRefusedArgument(error)) {
    return { ...plain(error), exitCode: ExitCode.usage };
  }
  if (error instanceof NotSoError) {
    return { ...plain(error), advice: error.advice };
  }
  if (error instanceof InterruptedError) {
    return { ...plain(error), exitCode: ExitCode.interrupted };
  }
  if (isStorageError(error)) {
    return { ...plain(error), advice: adviceFor(error) };
  }
  if (isSystemError(error)) {
    return { ...plain(error), advice: isWithoutSpace(error) ? FULL_ADVICE : ADVICE.IO };
  }
  return reportBug(error);
}

function plain(error: Error): FailureReport {
  return {
    message: error.message,
    advice: undefined,
    exitCode: ExitCode.notSo,
    stack: undefined,
  };
}

function adviceFor(error: StorageError): string | undefined {
  if (error.retryable && ADVICE[error.code] === undefined) {
    return 'This can pass: try again.';
  }
  return ADVICE[error.code];
}

/** The engine refuses arguments that have no encoding with errors of the language, which bugs have too. */
function isRefusedArgument(error: unknown): error is Error {
  return (
    (error instanceof TypeError || error instanceof RangeError) &&
    REFUSED_ARGUMENT_PATTERN.test(error.message)
  );
}

/** Errors of Node's own calls (a missing input file, a refused write) carry the name of the call. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

function isWithoutSpace(error: Error & { code?: string }): boolean {
  return FULL_CODES.has(error.code ?? '');
}

function reportBug(error: unknown): FailureReport {
  const isError = error instanceof Error;
  return {
    message: `Unexpected failure: ${isError ? error.message : String(error)}`,
    advice: 'This is a bug in Varve. Please report it with the lines above.',
    exitCode: ExitCode.notSo,
    stack: isError ? error.stack : undefined,
  };
}
