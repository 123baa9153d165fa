// A child process whose output is read line by line, and which can be killed at any moment.

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
export class Child {
  /** Resolves when the process has ended and everything it said was heard. */
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;

  /** Starts a program, named from this folder; `hear` gets each line of its standard output. */
  constructor(program: string, parameters: readonly string[], hear: (line: string) => void) {
    const path = fileURLToPath(new URL(program, builtFolder()));
    this.#process = spawn(process.execPath, [path, ...parameters], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#process;
    createInterface(stdout!).on('line', hear);
    let complaint = '';
    stderr!.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('close', (exitCode, signal) => resolve({ exitCode, signal, complaint }));
    });
  }

  /** Asks the process to end, and waits until it has. */
  stop(): Promise<ChildEnd> {
    this.#process.kill('SIGTERM');
    return this.ended;
  }

  /** Kills the process as nothing else can: it gets no chance to do anything. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** Where the built programs are, also when this file itself is run from source by a test runner. */
export function builtFolder(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(fromSource ? '../../dist/kill-loop/' : './', import.meta.url);
}
