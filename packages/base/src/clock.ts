// Time as a part that can be exchanged. This file is the only one that touches the host's clocks
// and timers, so that a simulation can own time.

/** Something to be done later that can still be called off. */
export interface Timer {
  /** Calls it off. Does nothing once it has run or was cancelled. */
  cancel(): void;
}

/** The time, and work put off to later. */
export interface Clock {
  /**
   * Milliseconds since 1970. May jump in both directions; for what people read and for expiry, not
   * for intervals.
   */
  wallMs(): number;
  /** Milliseconds since some moment, with a fraction. Never goes back; for intervals. */
  monotonicMs(): number;
  /**
   * Calls `run` once, `ms` milliseconds or more from now. Waiting does not keep the process alive.
   */
  delay(ms: number, run: () => void): Timer;
  /**
   * Calls `run` in a later turn of the event loop, after what is ready now. Keeps the process alive until then.
   */
  soon(run: () => void): Timer;
  /**
   * Keeps the process alive until the result is called off: for as long as somebody waits for what a delay leads to. Where
   * there is no process to keep, it may be missing.
   */
  hold?(): Timer;
}

/**
 * The part of the host that is used here: these packages are compiled without the types of any one
 * host.
 */
interface TimerHost {
  readonly performance: { now(): number };
  setTimeout(run: () => void, ms: number): unknown;
  setInterval(run: () => void, ms: number): unknown;
  clearInterval(handle: unknown): void;
  /** Only in Node.js: a turn that does not wait for the next millisecond. */
  readonly setImmediate?: (run: () => void) => unknown;
  readonly clearImmediate?: (handle: unknown) => void;
  clearTimeout(handle: unknown): void;
}

const host = globalThis as unknown as TimerHost;

/** The longest that a host waits. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => host.performance.now(),
  delay(ms, run) {
    const handle = host.setTimeout(run, ms);
    // Node's timers are objects that can be told not to hold the process; a browser's are numbers.
    if (canUnref(handle)) handle.unref();
    return { cancel: () => host.clearTimeout(handle) };
  },
  hold() {
    const handle = host.setInterval(() => {}, LONGEST_INTERVAL_MS);
    return { cancel: () => host.clearInterval(handle) };
  },
  soon(run) {
    if (host.setImmediate === undefined) {
      const handle = host.setTimeout(run, 0);
      return { cancel: () => host.clearTimeout(handle) };
    }
    const handle = host.setImmediate(run);
    return { cancel: () => host.clearImmediate?.(handle) };
  },
};

function canUnref(handle: unknown): handle is { unref(): void } {
  return typeof handle === 'object' && handle !== null && 'unref' in handle;
}
