/** Runs db_bench and watches what it uses. */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ChildUsage, readChildUsage } from './child-usage.js';
import { isReportLine } from './db-bench-output.js';

const POLL_INTERVAL_MS = 50;
const ERROR_TEXT_SIZE_MAX = 1000;

/** When a benchmark of the run ended, and what the process had used by then. */
export interface Milestone {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly usage: ChildUsage | null;
}

/** A run that ended well. */
export interface FinishedRun {
  /** What it printed, below the head of its error output, which has the version. */
  readonly output: string;
  /** One per benchmark that reported, in their order. */
  readonly milestones: readonly Milestone[];
  /** The last that was seen of the process. */
  readonly finalUsage: ChildUsage | null;
}

/** Path of the program on PATH, or null. */
export function findDbBench(): string | null {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((path) => path !== '');
  return directories.map((directory) => join(directory, 'db_bench')).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs `program` with `flags` to its end. Throws with the end of its output if it fails. */
export async function runDbBench(program: string, flags: readonly string[]): Promise<FinishedRun> {
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  const watch = new UsageWatch(child.pid);
  const lines: string[] = [];
  const milestones: Milestone[] = [];
  const errors = new ErrorText();
  child.stderr.on('data', (chunk) => errors.add(String(chunk)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (isReportLine(line)) milestones.push({ timeMs: Date.now(), usage: watch.look() });
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  }).finally(() => watch.stop());
  const output = [errors.head, ...lines].join('\n');
  if (exitCode !== 0) {
    throw new Error(
      `db_bench failed with exit code ${exitCode}: ${output.slice(-1000)} ${errors.tail}`,
    );
  }
  return { output, milestones, finalUsage: watch.last };
}

/** Its version, then its progress without end, then what went wrong: kept is what is of use. */
class ErrorText {
  head = '';
  tail = '';

  add(text: string): void {
    if (this.head.length < ERROR_TEXT_SIZE_MAX) this.head += text;
    this.tail = (this.tail + text).slice(-ERROR_TEXT_SIZE_MAX);
  }
}

/** Looks at a process often enough that its last look is near its end. */
class UsageWatch {
  last: ChildUsage | null = null;
  readonly #processId: number | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(processId: number | undefined) {
    this.#processId = processId;
    this.#timer = setInterval(() => this.look(), POLL_INTERVAL_MS);
  }

  look(): ChildUsage | null {
    if (this.#processId !== undefined) this.last = readChildUsage(this.#processId) ?? this.last;
    return this.last;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
