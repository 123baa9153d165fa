// From the error names of the operating system (errno) to the codes of StorageError, in one place.
//
// Every file system of this package fails through here, the ones in memory too: they make the error that the system
// would have made, so that what the engine does about it is tried on the same values. The original error is the
// `cause`; its text and name end the message.

import { BugError, isStorageError, StorageError, type StorageErrorCode } from '@varve/base';
import type { FileCall } from './file-system.js';

interface ErrnoMeaning {
  readonly code: StorageErrorCode;
  readonly text: string;
}

/** What each error name means. Names that are not listed are `IO`. */
const ERRNO_MEANINGS = {
  EACCES: { code: 'IO', text: 'permission denied' },
  EAGAIN: { code: 'IO', text: 'resource temporarily unavailable' },
  EDQUOT: { code: 'NO_SPACE', text: 'quota exceeded' },
  EEXIST: { code: 'ALREADY_EXISTS', text: 'it exists already' },
  EFBIG: { code: 'IO', text: 'file too large' },
  EINTR: { code: 'IO', text: 'interrupted' },
  EINVAL: { code: 'IO', text: 'the operation is not possible here' },
  EIO: { code: 'IO', text: 'input/output error' },
  EISDIR: { code: 'INVALID_ARGUMENT', text: 'it is a directory' },
  ELOOP: { code: 'INVALID_ARGUMENT', text: 'it is a symbolic link' },
  EMFILE: { code: 'TOO_MANY_FILES', text: 'this process has too many open files' },
  EMLINK: {
    code: 'INVALID_ARGUMENT',
    text: 'it has another name, by a hard link: remove that name, or LOCK in the copy, and open again',
  },
  ENAMETOOLONG: { code: 'INVALID_ARGUMENT', text: 'the name is too long' },
  ENFILE: { code: 'TOO_MANY_FILES', text: 'the system has too many open files' },
  ENOENT: { code: 'NOT_FOUND', text: 'no such file or directory' },
  ENOSPC: { code: 'NO_SPACE', text: 'no space left on the device' },
  ENOTDIR: { code: 'INVALID_ARGUMENT', text: 'a part of the path is no directory' },
  ENOTEMPTY: { code: 'ALREADY_EXISTS', text: 'the directory is not empty' },
  ENXIO: { code: 'INVALID_ARGUMENT', text: 'it is not a regular file' },
  EPERM: { code: 'IO', text: 'operation not permitted' },
  EROFS: { code: 'READ_ONLY', text: 'the file system is read-only' },
  EXDEV: { code: 'IO', text: 'the paths are on different file systems' },
  // Node's own check of paths: a NUL byte inside.
  ERR_INVALID_ARG_VALUE: { code: 'INVALID_ARGUMENT', text: 'the path is not valid' },
  NotCapable: { code: 'IO', text: 'the runtime does not permit it' },
} as const satisfies Record<string, ErrnoMeaning>;

/** The name of a failure of the operating system that this package knows how to act out. */
export type Errno = Exclude<keyof typeof ERRNO_MEANINGS, 'ERR_INVALID_ARG_VALUE' | 'NotCapable'>;

/** An error as Node gives for a failed system call: its name in `code`. */
export interface SystemError extends Error {
  readonly code: string;
}

/** Makes the error that the operating system would have caused. */
export function systemError(errno: Errno): SystemError {
  return Object.assign(new Error(`${errno}: ${ERRNO_MEANINGS[errno].text}`), { code: errno });
}

/** The error name of a failed system call, or undefined when `error` is something else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  // What Deno says of a call that it was not started with the permission for: it has a name and no code.
  if (error.name === 'NotCapable') return error.name;
  if (!('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the call was only disturbed and is to be made again. */
export function isInterruption(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'EINTR' || errno === 'EAGAIN';
}

/**
 * The error to throw when `call` failed with `cause`: a StorageError for a failure of the system. A StorageError or
 * BugError is given back as it is, and anything else is a bug.
 */
export function toStorageError(cause: unknown, call: FileCall): Error {
  if (isStorageError(cause) || cause instanceof BugError) return cause;
  const errno = errnoOf(cause);
  if (errno === undefined) return new BugError(`Cannot ${describeCall(call)}: ${String(cause)}`);
  const meaning = meaningOf(errno);
  const text = meaning?.text ?? 'the system call failed';
  const code = meaning?.code ?? 'IO';
  return new StorageError(code, `Cannot ${describeCall(call)}: ${text} (${errno})`, {
    cause,
    file: call.path,
    ...(call.position === undefined ? {} : { offset: call.position }),
    ...retryAdvice(code, errno, call),
  });
}

/** Runs `run`; what it throws is thrown as {@link toStorageError} of `call`. */
export function attempt<T>(call: FileCall, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw toStorageError(cause, call);
  }
}

function meaningOf(errno: string): ErrnoMeaning | undefined {
  return Object.hasOwn(ERRNO_MEANINGS, errno) ? ERRNO_MEANINGS[errno as Errno] : undefined;
}

/**
 * A failed sync must never be repeated (see file-system.ts). Of the failures without a code of their own, only those of
 * reading, and mere disturbances, may go away by themselves.
 */
function retryAdvice(
  code: StorageErrorCode,
  errno: string,
  call: FileCall,
): { retryable?: boolean } {
  if (call.operation === 'syncData' || call.operation === 'syncDirectory') {
    return { retryable: false };
  }
  if (code !== 'IO') return {};
  const isPassing = errno === 'EINTR' || errno === 'EAGAIN';
  return { retryable: isPassing || (errno === 'EIO' && call.operation === 'read') };
}

function describeCall(call: FileCall): string {
  switch (call.operation) {
    case 'read':
    case 'write':
      return `${call.operation} ${call.length} bytes at offset ${call.position} of ${call.path}`;
    case 'truncate':
      return `truncate ${call.path} to ${call.position} bytes`;
    case 'rename':
      return `rename ${call.path} to ${call.toPath}`;
    default:
      return `${VERBS[call.operation]} ${call.path}`;
  }
}

const VERBS = {
  open: 'open',
  create: 'create',
  syncData: 'sync',
  size: 'measure',
  close: 'close',
  exists: 'look for',
  list: 'list',
  stat: 'inspect',
  makeDirectory: 'make directory',
  remove: 'remove',
  removeDirectory: 'remove directory',
  syncDirectory: 'sync directory',
  lock: 'lock',
  unlock: 'unlock',
  realPath: 'resolve',
  freeSpace: 'measure the free space at',
} as const;
