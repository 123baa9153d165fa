/** What one file of `questions/` exports: a question about one structure of the engine, and how to ask it. */

/** A microbenchmark. Its name is the name of its file. */
export interface Microbenchmark {
  /** What the figure answers, as a question. */
  readonly question: string;
  /** What one operation is, in a word: `'key'`, `'entry'`, `'block'`. The figure is ns per operation. */
  readonly operation: string;
  /** Operations of one iteration: enough of them that reading the clock costs nothing. */
  readonly operationCount: number;
  /** Bytes of user data that one operation handles, where MB/s says more than ns. */
  readonly operationSizeBytes?: number;
  /** Builds what is measured for iterations of `operationCount` operations. Not timed. */
  setup(operationCount: number): Promise<Prepared>;
}

/** A microbenchmark that is ready to run. */
export interface Prepared {
  /** One iteration; this alone is timed. What it gives depends on all its work, so none of it can be optimised away. */
  run(): number | Promise<number>;
  /** What `run` has to give; anything else means that it measures something other than it says. */
  readonly expected: number;
  /** Set when `run` gives a promise. */
  readonly isAsync?: true;
  /** Makes the next iteration like the one before. Not timed. */
  reset?(): void;
  /** Gives back files and the like. */
  close?(): void;
}
