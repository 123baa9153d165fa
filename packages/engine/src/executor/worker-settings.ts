/** What the main thread and a worker agree on: the port between them and the shared counters. */

/** Counter of all completed jobs; the main thread may block on it. */
export const COMPLETED_INDEX = 0;

/** First of the heartbeat counters, one per worker. */
export const FIRST_BEAT_INDEX = 1;

/** Set to 1 when the executor closes: a thread that is still loading then ends by itself. */
export const CLOSING_INDEX = 3;

/** First of the places where each worker says which thread of the system it is; 0 while it has not, or cannot. */
export const FIRST_THREAD_INDEX = 4;

/** First of the places where each worker says what it asks of the file system now; see watched-file-system.ts. */
export const FIRST_OPERATION_INDEX = 6;

/** Counters in all. */
export const SIGNAL_COUNT = 8;

export interface WorkerSettings<Port> {
  readonly port: Port;
  /** Over shared memory. */
  readonly signal: Int32Array;
  /** This worker's counter in `signal`. */
  readonly beatIndex: number;
  /** Where in `signal` this worker says which thread it is. */
  readonly threadIndex: number;
  /** Where in `signal` this worker says what it waits for. */
  readonly operationIndex: number;
}
