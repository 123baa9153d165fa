// Numbers as people read them: counts with separators, bytes in binary units, durations and rates.
//
// One place, so that every command writes the same quantity the same way. All functions are pure and
// independent of the locale of the machine, so that two captures of the same store are equal.

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const BYTES_PER_STEP = 1024;
const COUNT_UNITS = ['', ' k', ' M', ' G', ' T'] as const;
const COUNTS_PER_STEP = 1000;
const MS_PER_SECOND = 1000;
const SECONDS_PER_MINUTE = 60;
const MINUTES_PER_HOUR = 60;

/** A whole number with a comma every three digits: `1,217,097`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** A count and its noun in the right number: `1 table`, `12 tables`, `2 entries`. */
export function formatQuantity(count: number, noun: string): string {
  return `${formatCount(count)} ${Math.round(count) === 1 ? noun : pluralOf(noun)}`;
}

/** Bytes in the largest binary unit that leaves at least one whole: `512 B`, `48.2 MiB`. */
export function formatBytes(sizeBytes: number): string {
  const { value, unitIndex } = scale(sizeBytes, BYTES_PER_STEP, BYTE_UNITS.length);
  const digits = unitIndex === 0 ? 0 : digitsFor(value);
  return `${value.toFixed(digits)} ${BYTE_UNITS[unitIndex]}`;
}

/** Events per second: `950/s`, `1.42 M/s`. A duration of zero counts as one millisecond. */
export function formatRate(count: number, elapsedMs: number): string {
  const perSecond = (count * MS_PER_SECOND) / Math.max(elapsedMs, 1);
  const { value, unitIndex } = scale(perSecond, COUNTS_PER_STEP, COUNT_UNITS.length);
  const digits = unitIndex === 0 ? 0 : digitsFor(value);
  return `${value.toFixed(digits)}${COUNT_UNITS[unitIndex]}/s`;
}

/** Bytes per second: `152 MiB/s`. */
export function formatByteRate(sizeBytes: number, elapsedMs: number): string {
  return `${formatBytes((sizeBytes * MS_PER_SECOND) / Math.max(elapsedMs, 1))}/s`;
}

/** A duration with about three digits: `0.42 ms`, `850 ms`, `12.3 s`, `2 min 05 s`, `1 h 03 min`. */
export function formatDuration(elapsedMs: number): string {
  if (elapsedMs < MS_PER_SECOND) {
    return `${elapsedMs.toFixed(elapsedMs < 10 ? 2 : 0)} ms`;
  }
  const seconds = elapsedMs / MS_PER_SECOND;
  if (seconds < SECONDS_PER_MINUTE - 0.05) {
    return `${seconds.toFixed(1)} s`;
  }
  const wholeSeconds = Math.round(seconds);
  const minutes = Math.floor(wholeSeconds / SECONDS_PER_MINUTE);
  if (minutes < MINUTES_PER_HOUR) {
    return `${minutes} min ${twoDigits(wholeSeconds % SECONDS_PER_MINUTE)} s`;
  }
  return `${Math.floor(minutes / MINUTES_PER_HOUR)} h ${twoDigits(minutes % MINUTES_PER_HOUR)} min`;
}

/** A ratio with two decimals and a multiplication sign: `2.41x`. `-` when it is not a number. */
export function formatRatio(ratio: number | undefined): string {
  return ratio === undefined || !Number.isFinite(ratio) ? '-' : `${ratio.toFixed(2)}x`;
}

/** A share of one as a percentage: `97.3 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** The plural of an English noun with a regular one. */
export function pluralOf(noun: string): string {
  if (/[^aeiou]y$/.test(noun)) {
    return `${noun.slice(0, -1)}ies`;
  }
  return /(?:s|x|sh|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

function scale(value: number, step: number, unitCount: number) {
  let unitIndex = 0;
  let scaled = value;
  // 999.6 would print as "1000" in its unit, so the border lies where rounding does.
  while (unitIndex + 1 < unitCount && scaled >= step - 0.5) {
    scaled /= step;
    unitIndex += 1;
  }
  return { value: scaled, unitIndex };
}

function digitsFor(value: number): number {
  if (value >= 99.95) {
    return 0;
  }
  return value >= 9.995 ? 1 : 2;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
