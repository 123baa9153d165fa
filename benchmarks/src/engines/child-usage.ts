/**
 * What a child process uses, as Linux counts it in /proc. Elsewhere everything is null. The counters go when the process
 * ends, so they are read while it runs.
 */

import { readFileSync } from 'node:fs';

/** Totals since the process began. */
export interface ChildUsage {
  /** Of all threads. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** Given to write calls. */
  readonly writtenBytes: number;
  /** Taken from read calls. */
  readonly readBytes: number;
}

/** Ticks of the counters in `stat`; 100 on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;
/** Fields of `stat` after the name in parentheses: user and system time. */
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;

/** The counters now, or null if the process has ended or there is no /proc. */
export function readChildUsage(processId: number): ChildUsage | null {
  try {
    const read = (name: string) => readFileSync(`/proc/${processId}/${name}`, 'utf8');
    return parseChildUsage({ stat: read('stat'), status: read('status'), io: read('io') });
  } catch {
    return null;
  }
}

/** The counters in the texts of three files; null if the process has ended and its memory is gone. */
export function parseChildUsage(texts: {
  readonly stat: string;
  readonly status: string;
  readonly io: string;
}): ChildUsage | null {
  const peakKib = /^VmHWM:\s+(\d+) kB/m.exec(texts.status)?.[1];
  if (peakKib === undefined) return null;
  const fields = texts.stat.slice(texts.stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TICKS_FIELD]) + Number(fields[SYSTEM_TICKS_FIELD]);
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    peakRssBytes: Number(peakKib) * 1024,
    writtenBytes: Number(/^wchar: (\d+)/m.exec(texts.io)?.[1] ?? 0),
    readBytes: Number(/^rchar: (\d+)/m.exec(texts.io)?.[1] ?? 0),
  };
}
