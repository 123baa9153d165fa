/**
 * One worker thread and the jobs it has been given. Started with its first job; when it dies, every job it had fails
 * with WORKER_FAILED and the next job starts a new one.
 *
 * Where none can be started, every job is answered with a WORKER_FAILED that is not worth a retry. The answer takes the
 * way of all answers, so that somebody who waits without the event loop gets it too.
 */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import { isStorageError, StorageError } from '@varve/base';
import { type FileOperation, NodeFileSystem } from '@varve/vfs';
import type { JobDone, JobOutcome } from './executor.js';
import type { Job } from './job.js';
import { errorToMessage, messageToOutcome, type OutcomeMessage } from './outcome-message.js';
import { operationOf } from './watched-file-system.js';
import type { WorkerEntry } from './worker-entry.js';

/** Why no thread can be started, and where that is answered. */
interface Refusal {
  readonly error: StorageError;
  readonly port: MessagePort;
}

/** Jobs make little garbage, and what is not collected early stays memory of the process. */
const YOUNG_GENERATION_SIZE_MIB = 8;

const system = new NodeFileSystem();

export interface BackgroundWorkerOptions {
  readonly name: string;
  readonly entry: WorkerEntry;
  readonly signal: Int32Array;
  readonly beatIndex: number;
  readonly threadIndex: number;
  readonly operationIndex: number;
}

export class BackgroundWorker {
  readonly #options: BackgroundWorkerOptions;
  readonly #jobs = new Map<number, JobDone>();
  #worker: Worker | null = null;
  #port: MessagePort | null = null;
  #refusal: Refusal | null = null;
  #nextJobId = 1;
  /** Resolves when the thread has ended. */
  #exited: Promise<void> = Promise.resolve();
  #startBeatCount = 0;

  constructor(options: BackgroundWorkerOptions) {
    this.#options = options;
  }

  get pendingCount(): number {
    return this.#jobs.size;
  }

  /** The heartbeat counter: unchanged for long means the thread hangs. */
  get beatCount(): number {
    return Atomics.load(this.#options.signal, this.#options.beatIndex);
  }

  /** What the thread asks of the file system at this moment. */
  get operation(): FileOperation | null {
    return operationOf(Atomics.load(this.#options.signal, this.#options.operationIndex));
  }

  /** Whether the thread has ended, as far as the system says so; for who cannot wait for the event that tells. */
  get isGone(): boolean {
    const thread = Atomics.load(this.#options.signal, this.#options.threadIndex);
    return thread !== 0 && !system.existsSync(`/proc/self/task/${thread}`);
  }

  submit(job: Job, done: JobDone): void {
    const port = this.#port ?? this.#start();
    const id = this.#nextJobId++;
    this.#jobs.set(id, done);
    this.#holdProcess();
    if (this.#refusal === null) port.postMessage({ id, job });
    else this.#refusal.port.postMessage({ id, error: errorToMessage(this.#refusal.error) });
  }

  /** Delivers every answer that has arrived; gives their number. */
  drain(): number {
    let count = 0;
    while (this.#port !== null) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) break;
      this.#deliver(received.message as OutcomeMessage);
      count += 1;
    }
    return count;
  }

  /** Gives up on the thread: its jobs fail, and the next job gets a new one. */
  abandon(reason: string): void {
    const worker = this.#worker;
    this.#fail(new StorageError('WORKER_FAILED', reason));
    void worker?.terminate();
  }

  /**
   * Ends the thread. Requires: the closing flag is set. A thread that is still loading its modules ends by itself when it
   * has: terminating it then would leave those files open.
   */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#jobs.clear();
    if (worker === null) return this.#forget();
    const isLoading = this.beatCount === this.#startBeatCount;
    if (!isLoading) this.#forget();
    await (isLoading ? this.#exited : worker.terminate());
    this.#forget();
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    try {
      this.#worker = this.#startThread(port2);
    } catch (cause) {
      return this.#refuse(cause);
    }
    return this.#listen(port1);
  }

  #startThread(port: MessagePort): Worker {
    const { signal, beatIndex, threadIndex, operationIndex, entry, name } = this.#options;
    if (!(entry instanceof URL)) throw entry;
    Atomics.store(signal, threadIndex, 0);
    Atomics.store(signal, operationIndex, 0);
    this.#startBeatCount = this.beatCount;
    const worker = new Worker(entry, {
      name,
      workerData: { port, signal, beatIndex, threadIndex, operationIndex },
      // Flags of the process are its own: a loader or condition meant for the main thread must not change this one.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_SIZE_MIB },
      transferList: [port],
    });
    worker.on('error', (error) => this.#died(worker, error));
    this.#exited = new Promise((resolve) => {
      worker.on('exit', (exitCode) => {
        this.#died(worker, new Error(`exit code ${exitCode}`));
        resolve();
      });
    });
    worker.unref();
    return worker;
  }

  /** Answers come from a channel whose other end stays here. */
  #refuse(cause: unknown): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#refusal = { error: refusalOf(cause), port: port2 };
    return this.#listen(port1);
  }

  #listen(port: MessagePort): MessagePort {
    port.on('message', (message: OutcomeMessage) => this.#deliver(message));
    port.unref();
    this.#port = port;
    return port;
  }

  #deliver(message: OutcomeMessage): void {
    const done = this.#jobs.get(message.id);
    if (done === undefined) return;
    this.#jobs.delete(message.id);
    if (this.#jobs.size === 0) this.#releaseProcess();
    done(messageToOutcome(message));
  }

  #died(worker: Worker, cause: Error): void {
    if (worker !== this.#worker) return;
    const { name } = this.#options;
    const message = `Cannot finish a background job: thread ${name} died: ${cause.message}`;
    this.#fail(new StorageError('WORKER_FAILED', message, { cause }));
  }

  #fail(error: StorageError): void {
    const outcome: JobOutcome = { ok: false, error };
    const waiting = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#forget();
    for (const done of waiting) done(outcome);
  }

  #forget(): void {
    this.#port?.close();
    this.#port = null;
    this.#worker = null;
    this.#refusal = null;
  }

  /** Jobs under way keep the process alive; an idle database does not. */
  #holdProcess(): void {
    this.#worker?.ref();
    this.#port!.ref();
  }

  #releaseProcess(): void {
    this.#worker?.unref();
    this.#port?.unref();
  }
}

function refusalOf(cause: unknown): StorageError {
  if (isStorageError(cause)) return cause;
  const message = `Cannot start background threads: ${(cause as Error).message}`;
  return new StorageError('WORKER_FAILED', message, { cause, retryable: false });
}
