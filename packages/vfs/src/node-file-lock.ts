// A lock on a file that dies with its process.
//
// Node offers no file locks, so the lock is taken by the `flock` program, run once on our open file:
//
//   1. open the lock file, giving descriptor n
//   2. run `flock -xn 3` with n inherited as its descriptor 3
//   3. the program locks the open file description, which it shares with us, and exits
//   4. the lock stays until the last descriptor of that description is closed: ours, by release() or by the kernel
//      when the process ends, however it ends
//
// Another open of the same file is another description, so a second instance in the same process is refused as well.
//
// Where no `flock` program exists a weaker lock is used: the text in the file names the holder, and the holder has the
// lock as long as that process runs (same pid, same start time where /proc tells it). It is weaker because two processes
// that start in the same few milliseconds may both find the file free, and because a process on another host or in
// another container cannot be checked and therefore counts as running until somebody removes the file.
//
// The file holds one line of JSON for people and for the weaker lock; it is emptied by release() and never removed. On a
// full disk it may be empty while the lock is held by the kernel.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import { StorageError } from '@varve/base';
import type { FileCall, FileLock } from './file-system.js';
import { attempt, errnoOf } from './system-error.js';

/** How often a lock file that was removed or replaced while being locked is opened again. */
const OPEN_ATTEMPTS_MAX = 3;
/** How long the `flock` program may take; it never waits for the lock, so only a sick file system takes long. */
const FLOCK_TIMEOUT_MS = 10_000;
/** Exit status of `flock -n` when somebody else has the lock. */
const FLOCK_STATUS_HELD = 1;
/** More than any text written here; a longer file is not ours and is not read to its end. */
const HOLDER_SIZE_BYTES_MAX = 4_096;

/** What a lock file says about its holder. */
interface Holder {
  readonly pid: number;
  /** Clock ticks from the start of the machine to the start of the process, or null where /proc does not tell. */
  readonly startTime: string | null;
  /** Changes at every start of the machine; null where /proc does not tell. */
  readonly bootId: string | null;
  readonly host: string;
  /** `'kernel'`: locked by `flock`. `'pid'`: by this text alone. */
  readonly lock: 'kernel' | 'pid';
  readonly owner: string;
}

/** What {@link takeFileLock} needs. */
interface LockRequest {
  readonly path: string;
  readonly owner: string;
  /** Opens the lock file for reading and writing, creating it when missing. */
  readonly open: () => number;
}

/** Lock files held by their text alone in this thread, by device and inode. */
const pidLocks = new Set<string>();

/** Takes the lock or throws LOCKED; see {@link FileSystem.lockSync}. */
export function takeFileLock(request: LockRequest): FileLock {
  const call: FileCall = { operation: 'lock', path: request.path };
  for (let openAttempt = 0; openAttempt < OPEN_ATTEMPTS_MAX; openAttempt++) {
    const descriptor = request.open();
    try {
      const lock = attempt(call, () => lockDescriptor(descriptor, request, call));
      if (lock !== undefined) return lock;
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
    fs.closeSync(descriptor);
  }
  throw new StorageError('IO', `Cannot lock ${request.path}: the file keeps being replaced`, {
    file: request.path,
    retryable: true,
  });
}

/** Undefined when the path no longer names the file that was locked: a lock on it would exclude nobody. */
function lockDescriptor(
  descriptor: number,
  request: LockRequest,
  call: FileCall,
): NodeFileLock | undefined {
  const kind = runFlock(descriptor, call);
  if (kind === 'held') throw lockedError(request.path, readHolder(descriptor));
  const identity = identityOf(fs.fstatSync(descriptor, { bigint: true }));
  const named = fs.lstatSync(request.path, { bigint: true, throwIfNoEntry: false });
  if (named === undefined || identityOf(named) !== identity) return undefined;

  const holder = readHolder(descriptor);
  const decidesByText = kind === 'pid' || holder?.lock === 'pid';
  if (pidLocks.has(identity) || (decidesByText && holder !== undefined && isRunning(holder))) {
    throw lockedError(request.path, holder);
  }
  noteHolder(descriptor, describeSelf(kind, request.owner));
  if (kind === 'pid') pidLocks.add(identity);
  return new NodeFileLock(descriptor, request.path, identity);
}

class NodeFileLock implements FileLock {
  readonly #descriptor: number;
  readonly #path: string;
  readonly #identity: string;
  #state: 'held' | 'released' = 'held';

  constructor(descriptor: number, path: string, identity: string) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.#identity = identity;
  }

  release(): void {
    if (this.#state === 'released') return;
    this.#state = 'released';
    attempt({ operation: 'unlock', path: this.#path }, () => {
      try {
        fs.ftruncateSync(this.#descriptor, 0);
      } finally {
        pidLocks.delete(this.#identity);
        fs.closeSync(this.#descriptor);
      }
    });
  }
}

/** Tries the kernel's lock; `'pid'` when there is no program to take it with. */
function runFlock(descriptor: number, call: FileCall): 'kernel' | 'pid' | 'held' {
  const result = spawnSync('flock', ['-xn', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    timeout: FLOCK_TIMEOUT_MS,
  });
  const errno = errnoOf(result.error);
  if (errno === 'ENOENT') return 'pid';
  if (errno === 'ENOMEM' || errno === 'EAGAIN') throw noProcessError(call, result.error);
  if (result.error !== undefined) throw result.error;
  if ((result.status as number | null | undefined) === undefined) throw forbiddenError(call);
  if (result.status === 0) return 'kernel';
  if (result.status === FLOCK_STATUS_HELD) return 'held';
  const reason = result.stderr.toString().trim();
  throw new StorageError('IO', `Cannot lock ${call.path}: flock failed: ${reason}`, {
    file: call.path,
    retryable: false,
  });
}

/** A system that lends no more memory than it has starts no child of a process that has reserved much. */
function noProcessError(call: FileCall, cause: unknown): StorageError {
  const advice = 'close databases, or give each a smaller memoryBudgetBytes';
  return new StorageError(
    'BUSY',
    `Cannot lock ${call.path}: the program flock cannot be started for lack of memory; ${advice}`,
    { file: call.path, cause, retryable: true },
  );
}

/** Deno without the permission for it gives no result at all. */
function forbiddenError(call: FileCall): StorageError {
  const advice = 'allow it, in Deno by --allow-run=flock';
  return new StorageError(
    'IO',
    `Cannot lock ${call.path}: the program flock must not be run here; ${advice}`,
    { file: call.path, retryable: false },
  );
}

function identityOf(status: fs.BigIntStats): string {
  return `${status.dev}:${status.ino}`;
}

function lockedError(path: string, holder: Holder | undefined): StorageError {
  // A text left by a process that was killed names nobody: the new holder has not written its own yet.
  const name =
    holder === undefined || !isRunning(holder)
      ? 'another process'
      : `process ${holder.pid} on ${holder.host} (${holder.owner})`;
  return new StorageError('LOCKED', `Cannot lock ${path}: held by ${name}`, { file: path });
}

function describeSelf(lock: 'kernel' | 'pid', owner: string): Holder {
  const { pid } = process;
  return {
    pid,
    startTime: startTimeOf(pid),
    bootId: bootId(),
    host: os.hostname(),
    lock,
    owner,
  };
}

/** Whether the process that wrote the text can still be there; true when that cannot be known. */
function isRunning(holder: Holder): boolean {
  if (holder.host !== os.hostname()) return true;
  if (holder.bootId !== bootId()) return false;
  if (holder.startTime !== null) return startTimeOf(holder.pid) === holder.startTime;
  // Without start times a holder with our own pid is an earlier process; our own locks are in `pidLocks`.
  return holder.pid !== process.pid && hasProcess(holder.pid);
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}

/** Start of a running process, or null when it has ended or the system does not tell. */
function startTimeOf(pid: number): string | null {
  const text = readSystemText(`/proc/${pid}/stat`);
  if (text === null) return null;
  // `pid (name) state ppid ...`: the name may hold spaces and parentheses; start time is the 22nd field of all.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}

function bootId(): string | null {
  return readSystemText('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Null when the system does not have it, or a sandbox does not let it be read. */
function readSystemText(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * On a full disk the kernel's lock does without its text, which is for people: what frees space, opening with the reserve or
 * removing the database, needs the lock first. The other lock is nothing but its text.
 */
function noteHolder(descriptor: number, holder: Holder): void {
  try {
    writeHolder(descriptor, holder);
  } catch (error) {
    const errno = errnoOf(error);
    const isFull = errno === 'ENOSPC' || errno === 'EDQUOT';
    if (!isFull || holder.lock === 'pid') throw error;
  }
}

function writeHolder(descriptor: number, holder: Holder): void {
  fs.ftruncateSync(descriptor, 0);
  fs.writeSync(descriptor, `${JSON.stringify(holder)}\n`, 0);
}

/** Undefined when the file holds no text of ours: it is new, was released, or is being written at this moment. */
function readHolder(descriptor: number): Holder | undefined {
  const bytes = new Uint8Array(HOLDER_SIZE_BYTES_MAX);
  const sizeBytes = fs.readSync(descriptor, bytes, 0, bytes.length, 0);
  return parseHolder(new TextDecoder().decode(bytes.subarray(0, sizeBytes)));
}

function parseHolder(text: string): Holder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTime, bootId, host, lock, owner } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof host !== 'string' || typeof owner !== 'string') return undefined;
  return {
    pid,
    startTime: typeof startTime === 'string' ? startTime : null,
    bootId: typeof bootId === 'string' ? bootId : null,
    host: printable(host),
    lock: lock === 'pid' ? 'pid' : 'kernel',
    owner: printable(owner),
  };
}

/** Without control characters: the text ends up in a message, and whoever can write the file chose it. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
