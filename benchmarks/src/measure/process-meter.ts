/** Processor time, memory and file traffic of this process, all threads included. */
import { readFileSync } from 'node:fs';

const MICROSECONDS_PER_SECOND = 1e6;
const KIB = 1024;

/** Totals since the process started. */
export interface ProcessTotals {
  readonly cpuSeconds: number;
  /** Bytes given to and taken from system calls, and bytes of pages dirtied; null where the kernel does not tell. */
  readonly files: FileTraffic | null;
}

/** As the kernel counts it. */
export interface FileTraffic {
  readonly givenBytes: number;
  readonly takenBytes: number;
  readonly dirtiedBytes: number;
  readonly fetchedBytes: number;
}

/** Reads the totals now. */
export function processTotals(): ProcessTotals {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / MICROSECONDS_PER_SECOND, files: fileTraffic() };
}

/** The most memory the process ever had, in bytes. */
export function peakRssBytes(): number {
  // The figure of getrusage starts with that of the parent process, so the kernel's own is taken where there is one.
  const text = readOrNull('/proc/self/status');
  const kibibytes = text?.match(/VmHWM:\s+(\d+) kB/)?.[1];
  return Number(kibibytes ?? process.resourceUsage().maxRSS) * KIB;
}

function fileTraffic(): FileTraffic | null {
  const text = readOrNull('/proc/self/io');
  if (text === null) return null;
  const counter = (name: string): number =>
    Number(text.match(new RegExp(`^${name}: (\\d+)`, 'm'))?.[1] ?? 0);
  return {
    givenBytes: counter('wchar'),
    takenBytes: counter('rchar'),
    dirtiedBytes: counter('write_bytes'),
    fetchedBytes: counter('read_bytes'),
  };
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
