// Runs the command line in this process for a test: words in, exit code and both outputs back.

import { PassThrough, Readable, Writable } from 'node:stream';
import { runVarve } from '../command-line.js';

/** What a command did. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a test can change about the world the command sees. */
export interface CommandSetting {
  /** Standard input; none by default. */
  readonly input?: string | Uint8Array;
  /** Standard output, for tests of readers that are slow or leave. Default: one that keeps what is written. */
  readonly stdout?: Writable;
  /** Whether standard output and standard error are terminals. Default: neither. */
  readonly isTTY?: boolean;
  /** Called with the function that a first Ctrl-C calls. */
  readonly onInterruptible?: (interrupt: () => void) => void;
}

/** Runs `varve` with these words. */
export async function runCommand(
  words: readonly string[],
  setting: CommandSetting = {},
): Promise<CommandResult> {
  const stdout = collector(setting.isTTY);
  const stderr = collector(setting.isTTY);
  const exitCode = await runVarve(words, {
    version: '0.0.0-test',
    streams: {
      stdin: setting.input === undefined ? new PassThrough().end() : readableOf(setting.input),
      stdout: setting.stdout ?? stdout.stream,
      stderr: stderr.stream,
      environment: { NO_COLOR: '1' },
    },
    onInterruptible: setting.onInterruptible ?? (() => {}),
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function readableOf(input: string | Uint8Array): Readable {
  return Readable.from([Buffer.from(input)]);
}

function collector(isTTY = false) {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY, columns: 100 }),
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
