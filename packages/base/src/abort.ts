/** Giving up to wait: what `signal` does to a method that returns a promise. */
import { StorageError } from './errors.js';

/** What is used of an `AbortSignal`. */
export interface CancelSignal {
  /** Whether it was aborted. */
  readonly aborted: boolean;
  /** Has `listener` called when it is aborted. */
  addEventListener(type: 'abort', listener: () => void): void;
  /** Takes that back. */
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A call that can be given up. */
export interface CancelOptions {
  /**
   * Rejects with ABORTED when it is aborted, and before anything is done if it is already. Work under way is not undone: a
   * write that was queued may still be carried out, as a whole.
   */
  readonly signal?: CancelSignal | undefined;
}

/**
 * Gives the signal back.
 * @throws TypeError when it is none, such as the `AbortController` it belongs to
 */
export function checkedSignal(signal: CancelSignal): CancelSignal {
  const { aborted, addEventListener, removeEventListener } = Object(signal) as CancelSignal;
  const isListening = [addEventListener, removeEventListener].every(
    (method) => typeof method === 'function',
  );
  if (isListening && typeof aborted === 'boolean') return signal;
  throw new TypeError('signal must be an AbortSignal: that of an AbortController is its `signal`');
}

/** Calls `start` unless the signal is aborted, and waits for what it gives until then. Rejects with TypeError if it is no signal. */
export async function untilAborted<T>(signal: CancelSignal, start: () => Promise<T>): Promise<T> {
  if (checkedSignal(signal).aborted) return Promise.reject(abortedError());
  const started = start();
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      signal.removeEventListener('abort', stop);
      reject(abortedError());
    };
    // Whoever gave up is not told any more how it ended.
    const ending =
      <A>(end: (argument: A) => void) =>
      (argument: A): void => {
        signal.removeEventListener('abort', stop);
        end(argument);
      };
    signal.addEventListener('abort', stop);
    void started.then(ending(resolve), ending(reject));
  });
}

/** What whoever gave up is told. */
export function abortedError(): StorageError {
  return new StorageError('ABORTED', 'Cannot wait any longer: the signal was aborted');
}
