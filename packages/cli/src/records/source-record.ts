// A record of an input file, before it is known which part of it is the key.

/** One NDJSON line or one CSV row. */
export interface SourceRecord {
  /** Where it starts in the input, from 1. */
  readonly lineNumber: number;
  /** Its fields by name. Look up with Object.hasOwn: a field may be called `__proto__`. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The whole record as JSON, exactly as it stood in the input where that was JSON. */
  readonly json: string;
}

/** Records arrive in runs, so that a loop over a million of them does not wait a million times. */
export type RecordRuns = AsyncIterable<readonly SourceRecord[]>;
