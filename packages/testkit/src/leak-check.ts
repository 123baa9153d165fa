// What a test must not leave behind: open files, running worker threads, promises that nobody
// catches.
//
// A leak is found by what the operating system and the process say, not by the code under test, so
// nothing has to cooperate. What is seen before a test is not held against it.

import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';

/** Where Linux lists the open files of this process. Elsewhere no files are watched. */
const DESCRIPTOR_DIRECTORY = '/proc/self/fd';

/** Things that are about to go, such as a worker that was told to end, get this long by default. */
const GRACE_MS_DEFAULT = 1_000;
const POLL_INTERVAL_MS = 10;

/** The part of `process` that is listened to. */
export interface ProcessEvents {
  /** Calls `listener` with every worker thread that is started. */
  on(event: 'worker', listener: (worker: Worker) => void): unknown;
  /** Calls `listener` with the reason of every promise that is rejected and has no handler. */
  on(event: 'unhandledRejection', listener: (reason: unknown) => void): unknown;
}

/**
 * Gives the open files and directories of this process by descriptor; sockets, pipes and devices
 * are left out.
 */
export function openFiles(): Map<number, string> {
  const files = new Map<number, string>();
  for (const name of listDescriptors()) {
    const path = pathOf(name);
    if (path.startsWith('/') && !/^\/(dev|proc|sys)\//.test(path)) files.set(Number(name), path);
  }
  return files;
}

/** Compares the state of the process before and after a piece of work. */
export class LeakCheck {
  readonly #workers = new Set<Worker>();
  readonly #rejections: unknown[] = [];
  #filesBefore = new Map<number, string>();
  #workersBefore = new Set<Worker>();

  /** Watches `events` from now on, for as long as the process lives. */
  constructor(events: ProcessEvents = process) {
    events.on('worker', (worker) => {
      this.#workers.add(worker);
      worker.once('exit', () => this.#workers.delete(worker));
    });
    events.on('unhandledRejection', (reason) => this.#rejections.push(reason));
  }

  /** Takes what exists now as given. */
  start(): void {
    this.#filesBefore = openFiles();
    this.#workersBefore = new Set(this.#workers);
    this.#rejections.length = 0;
  }

  /**
   * Gives a sentence for everything that came after `start()` and is still there: none if all is
   * well. Waits at most `graceMs`, by default a second, for what is on its way out.
   */
  async findings(graceMs = GRACE_MS_DEFAULT): Promise<string[]> {
    await delay(0); // a rejection counts as unhandled after the microtasks of this turn
    let found = this.#now();
    for (let waitedMs = 0; found.length > 0 && waitedMs < graceMs; waitedMs += POLL_INTERVAL_MS) {
      await delay(POLL_INTERVAL_MS);
      found = this.#now();
    }
    return found;
  }

  #now(): string[] {
    const files = [...openFiles()].filter(
      ([descriptor, path]) => this.#filesBefore.get(descriptor) !== path,
    );
    const workers = [...this.#workers].filter((worker) => !this.#workersBefore.has(worker));
    return [
      ...files.map(([descriptor, path]) => `file left open: ${path} (descriptor ${descriptor})`),
      ...workers.map(({ threadId }) => `worker left running: thread ${threadId}`),
      ...this.#rejections.map((reason) => `promise rejected and not handled: ${String(reason)}`),
    ];
  }
}

function listDescriptors(): string[] {
  try {
    return readdirSync(DESCRIPTOR_DIRECTORY);
  } catch {
    return [];
  }
}

/**
 * What a descriptor refers to; nothing for the one that listed the directory, which is closed
 * again.
 */
function pathOf(descriptor: string): string {
  try {
    return readlinkSync(`${DESCRIPTOR_DIRECTORY}/${descriptor}`);
  } catch {
    return '';
  }
}
