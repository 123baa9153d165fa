// The legs by name, with how often each is done.

import { fullDisk } from './full-disk.js';
import type { Leg } from './leg.js';
import { limits } from './limits.js';
import { openers } from './openers.js';
import { readOnly } from './read-only.js';
import { stopped } from './stopped.js';
import { systemCalls } from './system-calls.js';
import { workers } from './workers.js';

/** A leg and how many rounds of it are done: in a test, by default, and with `--full`. */
export interface LegPlan {
  readonly leg: Leg;
  readonly what: string;
  readonly quickCount: number;
  readonly defaultCount: number;
  readonly fullCount: number;
}

/** Every leg. */
export const LEGS: ReadonlyMap<string, LegPlan> = new Map([
  [
    'full-disk',
    {
      leg: fullDisk,
      what: 'a disk of 8 MiB filled and freed (B17)',
      quickCount: 4,
      defaultCount: 40,
      fullCount: 1_000,
    },
  ],
  [
    'openers',
    {
      leg: openers,
      what: '8 processes race for a lock (B16)',
      quickCount: 1,
      defaultCount: 10,
      fullCount: 200,
    },
  ],
  [
    'workers',
    {
      leg: workers,
      what: 'background threads die (B19)',
      quickCount: 8,
      defaultCount: 60,
      fullCount: 1_000,
    },
  ],
  [
    'stopped',
    {
      leg: stopped,
      what: 'a process is stopped and continued',
      quickCount: 1,
      defaultCount: 6,
      fullCount: 100,
    },
  ],
  [
    'system-calls',
    {
      leg: systemCalls,
      what: 'real system calls fail, by strace',
      quickCount: 2,
      defaultCount: 16,
      fullCount: 400,
    },
  ],
  [
    'limits',
    {
      leg: limits,
      what: 'few open files, or none above a size, by prlimit',
      quickCount: 4,
      defaultCount: 20,
      fullCount: 400,
    },
  ],
  [
    'read-only',
    {
      leg: readOnly,
      what: 'read-only opening changes nothing (B18)',
      quickCount: 2,
      defaultCount: 50,
      fullCount: 500,
    },
  ],
]);
