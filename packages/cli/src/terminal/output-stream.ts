// Standard output as a stream with an end: buffered, with back pressure, and quiet when the reader leaves.
//
// `varve scan | head` closes the pipe after ten lines. Node reports that as EPIPE, on the write or later as
// an `error` event; both only set `closed` here, and every command that writes in a loop stops when it is
// set. A full buffer is written with one call; `flush()` waits until the reader has taken it, so that a slow
// reader slows the scan down and memory stays bounded.
//
// Files and terminals take everything within the call, and promises alone never let the process look at its
// signals: without a turn of the event loop in `flush()`, Ctrl-C would wait for the end of a long answer.

import type { Writable } from 'node:stream';
import { systemClock } from '@varve/base';

const BUFFER_SIZE_CHARACTERS = 64 * 1024;
const READER_LEFT_CODES: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
]);

/** Where a command writes its answer. */
export class OutputStream {
  readonly #target: Writable;
  #pending = '';
  #closed = false;
  #failure: Error | undefined;

  constructor(target: Writable) {
    this.#target = target;
    target.on('error', (error) => this.#onError(error));
  }

  /** True once the reader has gone: nothing written from now on arrives anywhere. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True when enough is waiting that the caller should `await flush()` before writing more. */
  get isFull(): boolean {
    return this.#pending.length >= BUFFER_SIZE_CHARACTERS;
  }

  /** Adds text to what is waiting. Requires: a loop checks `isFull` and `closed` between writes. */
  write(text: string): void {
    if (!this.#closed) {
      this.#pending += text;
    }
  }

  /** Adds one line. */
  writeLine(text = ''): void {
    this.write(`${text}\n`);
  }

  /** Writes bytes as they are, after everything that waits. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.#send(bytes);
  }

  /** Resolves when the reader has taken everything written so far, or has gone. Throws when writing failed. */
  async flush(): Promise<void> {
    if (this.#pending !== '') {
      const text = this.#pending;
      this.#pending = '';
      await this.#send(text);
      await new Promise<void>((resolve) => systemClock.soon(resolve));
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  async #send(content: string | Uint8Array): Promise<void> {
    if (this.#closed) {
      return;
    }
    await new Promise<void>((resolve) => {
      this.#target.write(content, (error) => {
        if (error) {
          this.#onError(error);
        }
        resolve();
      });
    });
  }

  #onError(error: Error & { code?: string }): void {
    this.#closed = true;
    if (!READER_LEFT_CODES.has(error.code ?? '')) {
      this.#failure ??= error;
    }
  }
}
