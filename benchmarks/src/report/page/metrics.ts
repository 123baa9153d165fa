// The figures that are drawn as plain bars, one section each.

import type { BenchmarkResult } from '../../results/result.js';
import { bytesText, figureText, millisecondsText, secondsText } from '../data/numbers.js';

/** A figure that gets bars of its own. */
export interface Metric {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly format: (value: number) => string;
  /** A value worth a line across. */
  readonly reference?: number;
  /** Base of round figures; 10 when missing. */
  readonly base?: 2 | 10;
  valueOf(result: BenchmarkResult): number | null | undefined;
}

/** All of them, in the order of the page. */
export const METRICS: readonly Metric[] = [
  {
    id: 'write-amplification',
    title: 'Write amplification',
    note: 'Bytes written to files per byte of keys and values written; shorter is better. The dashed line stands at 1.',
    format: figureText,
    reference: 1,
    valueOf: (result) => result.writeAmplification,
  },
  {
    id: 'read-amplification',
    title: 'Read amplification',
    note: 'Bytes read from files per byte of keys and values read; shorter is better. The dashed line stands at 1.',
    format: figureText,
    reference: 1,
    valueOf: (result) => result.readAmplification,
  },
  {
    id: 'space-amplification',
    title: 'Space amplification',
    note: 'Bytes of files per byte of live keys and values; shorter is better. The dashed line stands at 1.',
    format: figureText,
    reference: 1,
    valueOf: (result) => result.spaceAmplification,
  },
  {
    id: 'processor',
    title: 'Processor time',
    note: 'Of the whole process, background threads included; shorter is better.',
    format: secondsText,
    valueOf: (result) => result.cpuSeconds,
  },
  {
    id: 'memory',
    title: 'Peak memory',
    note: 'The largest resident set of the whole process; shorter is better.',
    format: bytesText,
    base: 2,
    valueOf: (result) => result.peakRssBytes,
  },
  {
    id: 'event-loop',
    title: 'Event-loop delay',
    note: 'How late the event loop was while the workload ran, 99th percentile; shorter is better.',
    format: millisecondsText,
    valueOf: (result) => result.eventLoopDelayMs?.p99,
  },
];
