/** Runs other programs and gives what they print. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const OUTPUT_SIZE_BYTES_MAX = 64 * 1024 * 1024;

/** How to run a program. */
export interface CommandOptions {
  readonly directory: string;
  /** Variables besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the program; `undefined` for one that must not be interrupted. Default: that of the runner. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs a program to its end and gives its output. Rejects with what it complained about if it fails. */
export type RunCommand = (
  program: string,
  words: readonly string[],
  options: CommandOptions,
) => Promise<string>;

/** Gives a way to run programs that ends when `signal` says so. */
export function commandRunner(signal: AbortSignal): RunCommand {
  return async (program, words, options) => {
    const { directory, environment } = options;
    const effective = 'signal' in options ? options.signal : signal;
    effective?.throwIfAborted();
    const { stdout } = await execute(program, words, {
      ...{ cwd: directory, env: { ...process.env, ...environment }, encoding: 'utf8' },
      maxBuffer: OUTPUT_SIZE_BYTES_MAX,
      ...(effective === undefined ? {} : { signal: effective }),
    });
    return stdout;
  };
}
