// Background threads are ended at random moments while they flush and compact: terminated, by an exit, by an error that
// nobody catches, by using up their heap (B19). The last three happen inside them, through the inspector.
//
// Start the process with `--max-old-space-size=128`, so that a heap is soon used up.

import { Session } from 'node:inspector';
import type { Worker } from 'node:worker_threads';
import { type Database, open } from '@varve/engine';
import { pause, within } from '../pause.js';
import { count, emptyReport, type Leg, type LegReport, runRounds } from './leg.js';
import { keyFor, Ledger, makeScratch, removeScratch, SMALL_OPTIONS, valueFor } from './scratch.js';

const KEY_COUNT = 600;
const WRITES_PER_ROUND = 300;
const DEATHS = ['terminate', 'exit', 'throw', 'heap'] as const;
const DEATH_PATIENCE_MS = 10_000;
const EXPRESSIONS = {
  exit: 'process.exit(3)',
  throw: "setTimeout(() => { throw new Error('planted') }); 0",
  heap: 'const hoard = []; for (;;) hoard.push(new Array(1000).fill(Math.random()))',
} as const;

/** See the head of this file. A round: one death in the middle of writing. */
export const workers: Leg = async (options) => {
  const report = emptyReport();
  const threads = new Threads();
  const directory = makeScratch('workers');
  const ledger = new Ledger();
  let next = 0;
  let database = await openDatabase(directory, report);
  try {
    await runRounds(options, report, async (index) => {
      // A thread that is still loading has opened its modules, and Node would leave them open.
      await database.settle();
      const death = DEATHS[index % DEATHS.length]!;
      const killing = threads.endOne(death, options.random.below(30));
      const writes: Promise<void>[] = [];
      for (let write = 0; write < WRITES_PER_ROUND; write++) {
        const key = keyFor(next % KEY_COUNT);
        const value = valueFor(next++);
        writes.push(database.put(key, value).then(() => ledger.acknowledge(key, value)));
        if (write % 50 === 0) await writes.at(-1);
      }
      const compacting = database.compact();
      await Promise.all(writes);
      await compacting;
      count(report, `${death}: ${await killing}`);
      const loss = ledger.findLoss(database);
      if (loss !== null) report.violations.push(`after ${death}: ${loss}`);
      if (database.state !== 'open') report.violations.push(`after ${death}: ${database.state}`);
      if (index % 16 === 15) {
        await database.close();
        database = await openDatabase(directory, report);
      }
    });
  } finally {
    await database.close();
    threads.close();
    removeScratch(directory);
  }
  return report;
};

async function openDatabase(directory: string, report: LegReport): Promise<Database> {
  const database = (await open(directory, { ...SMALL_OPTIONS, durability: 'os' })) as Database;
  database.events.on('backgroundError', ({ error, willRetry }) => {
    count(report, 'deaths noticed');
    if (!willRetry) report.violations.push(`given up: ${error.message}`);
  });
  return database;
}

/** The threads of this process, and ways to end them. */
class Threads {
  readonly #session = new Session();
  readonly #sessionIds: string[] = [];
  #workers: Worker[] = [];
  readonly #onWorker = (worker: Worker): void => {
    this.#workers.push(worker);
    worker.once('exit', () => {
      this.#workers = this.#workers.filter((one) => one !== worker);
    });
  };

  constructor() {
    process.on('worker', this.#onWorker);
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      this.#sessionIds.push(params.sessionId);
    });
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      const index = this.#sessionIds.indexOf(params.sessionId);
      if (index >= 0) this.#sessionIds.splice(index, 1);
    });
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  /**
   * Ends a thread after a delay and waits until it is gone: Node itself fails when one is ended twice. Tells whether there was
   * one to end.
   */
  async endOne(how: (typeof DEATHS)[number], delayMs: number): Promise<string> {
    await pause(delayMs);
    const worker = this.#workers.at(-1);
    if (worker === undefined) return 'no thread';
    const exited = new Promise<string>((resolve) => worker.once('exit', () => resolve('done')));
    if (how === 'terminate') void worker.terminate();
    else if (this.#evaluate(EXPRESSIONS[how]) === 'not attached') return 'no thread';
    return await within(DEATH_PATIENCE_MS, exited);
  }

  #evaluate(expression: string): 'sent' | 'not attached' {
    const sessionId = this.#sessionIds.at(-1);
    if (sessionId === undefined) return 'not attached';
    const message = { id: 1, method: 'Runtime.evaluate', params: { expression } };
    this.#session.post('NodeWorker.sendMessageToWorker', {
      sessionId,
      message: JSON.stringify(message),
    });
    return 'sent';
  }

  close(): void {
    process.off('worker', this.#onWorker);
    this.#session.disconnect();
  }
}
