/** What a child process is asked, and what it answers. */
import type { RawFigures, RunSettings } from './raw-figures.js';

/** One thing for a process of its own to do. */
export interface Job {
  /** `'calibrate'`: time the workload on a store that does nothing. */
  readonly task: 'prepare' | 'run' | 'calibrate';
  readonly settings: RunSettings;
  readonly directory: string;
}

/** How it went. */
export type Outcome =
  | { readonly kind: 'figures'; readonly figures: RawFigures }
  | { readonly kind: 'prepared' }
  /** Microseconds of the harness per operation. */
  | { readonly kind: 'calibrated'; readonly overheadUs: number }
  /** The engine is not there, cannot do this, or failed. */
  | { readonly kind: 'skipped'; readonly reason: string }
  /** The engine gave wrong data: the benchmark as a whole fails. */
  | { readonly kind: 'wrong'; readonly message: string };
