// Everything a command sees of the world outside the store: standard input and output, messages on standard
// error, colours, the width of the window, and whether the user pressed Ctrl-C.
//
// Commands take a Terminal instead of reaching for `process`, so that tests can run them in the same process
// with streams of their own. Answers go to standard output and nothing else does; messages, progress and
// errors go to standard error.

import { addAbortSignal, type Readable, type Writable } from 'node:stream';
import { InterruptedError } from '../failures.js';
import { createPalette, type Palette } from '../text/palette.js';
import { OutputStream } from './output-stream.js';

const DEFAULT_WIDTH_COLUMNS = 80;

/** A stream of the process, with what Node says about the window behind it. */
export type TerminalWritable = Writable & { isTTY?: boolean; columns?: number };

/** What a Terminal is made from; `process` has this shape. */
export interface TerminalStreams {
  readonly stdin: Readable & { isTTY?: boolean };
  readonly stdout: TerminalWritable;
  readonly stderr: TerminalWritable;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The outside of a command. */
export class Terminal {
  readonly output: OutputStream;
  /** Colours for standard output: none when it is a file or a pipe. */
  readonly outputPalette: Palette;
  /** Colours for standard error. */
  readonly noticePalette: Palette;
  readonly #streams: TerminalStreams;
  readonly #notices: OutputStream;
  readonly #interruption = new AbortController();

  constructor(streams: TerminalStreams) {
    this.#streams = streams;
    this.output = new OutputStream(streams.stdout);
    this.#notices = new OutputStream(streams.stderr);
    this.outputPalette = createPalette(streams.stdout, streams.environment);
    this.noticePalette = createPalette(streams.stderr, streams.environment);
  }

  /** True when a person reads standard output directly. */
  get outputIsTerminal(): boolean {
    return this.#streams.stdout.isTTY === true;
  }

  /** True when a person could be typing standard input. */
  get inputIsTerminal(): boolean {
    return this.#streams.stdin.isTTY === true;
  }

  /** Characters that fit in one line of standard output. */
  get widthColumns(): number {
    return this.#streams.stdout.columns ?? DEFAULT_WIDTH_COLUMNS;
  }

  /** Standard input. Reading it ends with InterruptedError after Ctrl-C, also while it waits. */
  get input(): AsyncIterable<Uint8Array> {
    return this.interruptible(this.#streams.stdin);
  }

  /** Where progress is drawn; null when nobody would see it move. */
  get progressTarget(): TerminalWritable | null {
    return this.#streams.stderr.isTTY === true ? this.#streams.stderr : null;
  }

  /**
   * Writes the parts to standard output, each made only when the reader has taken most of those before it. Ends early,
   * without an error, when the reader leaves. Throws InterruptedError after Ctrl-C.
   */
  async writeAll(parts: Iterable<string>): Promise<void> {
    for (const part of parts) {
      this.output.write(part);
      if (this.output.isFull) {
        await this.output.flush();
        this.throwIfInterrupted();
      }
      if (this.output.closed) {
        return;
      }
    }
  }

  /** One line on standard error. */
  async notice(text: string): Promise<void> {
    this.#notices.writeLine(text);
    await this.#notices.flush();
  }

  /** Called by the process on Ctrl-C; commands find out at their next `throwIfInterrupted`. */
  interrupt(): void {
    this.#interruption.abort();
  }

  /** Called by every long loop between two steps. Throws InterruptedError after Ctrl-C. */
  throwIfInterrupted(): void {
    if (this.#interruption.signal.aborted) {
      throw new InterruptedError('Interrupted');
    }
  }

  /** The chunks of a stream, which is given up on Ctrl-C. Throws InterruptedError then. */
  async *interruptible(stream: Readable): AsyncGenerator<Uint8Array> {
    try {
      yield* addAbortSignal(this.#interruption.signal, stream);
    } catch (error) {
      this.throwIfInterrupted();
      throw error;
    }
  }
}
