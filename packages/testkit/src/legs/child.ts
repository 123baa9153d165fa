// A child process of a leg, whose lines are heard one by one.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How a child ended. */
export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to its standard error. */
  readonly complaint: string;
}

/** See the head of this file. */
export class LegChild {
  /** Every line it said so far. */
  readonly lines: string[] = [];
  /** Resolves when the process has ended and everything it said was heard. */
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  #onLine: () => void = () => {};

  /** Starts the program of this folder; `wrapper` is a command that runs the rest of its line. */
  constructor(parameters: readonly string[], wrapper: readonly string[] = []) {
    const program = fileURLToPath(new URL('child-main.js', builtFolder()));
    const [command, ...rest] = [...wrapper, process.execPath, program, ...parameters];
    this.#process = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    const { stdout, stderr } = this.#process;
    createInterface(stdout!).on('line', (line) => {
      this.lines.push(line);
      this.#onLine();
    });
    let complaint = '';
    stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', (exitCode, signal) => resolve({ exitCode, signal, complaint }));
    });
  }

  /** Resolves with the first line that begins so; null when the process ended without one. */
  async heard(...beginnings: readonly string[]): Promise<string | null> {
    const find = (): string | undefined =>
      this.lines.find((line) => beginnings.some((beginning) => line.startsWith(beginning)));
    let isOver = false;
    void this.ended.then(() => {
      isOver = true;
      this.#onLine();
    });
    while (find() === undefined && !isOver) {
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
    return find() ?? null;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name);
  }
}

/** Where the built programs are, also when this file itself is run from source by a test runner. */
export function builtFolder(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(fromSource ? '../../dist/legs/' : './', import.meta.url);
}
