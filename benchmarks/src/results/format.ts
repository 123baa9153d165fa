/** Figures as people read them, in few characters. */

const MIB = 1024 * 1024;
const SECONDS_PER_MINUTE = 60;

/** Three digits with a unit of thousands: `1.27 M`, `38.4 k`, `312`. */
export function formatCount(count: number): string {
  if (count >= 999_500) return `${threeDigits(count / 1e6)} M`;
  return count >= 999.5 ? `${threeDigits(count / 1e3)} k` : threeDigits(count);
}

/** Microseconds with the unit that fits: `0.83 µs`, `1.42 ms`. */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds >= 999_500) return `${threeDigits(microseconds / 1e6)} s`;
  return microseconds >= 999.5
    ? `${threeDigits(microseconds / 1e3)} ms`
    : `${threeDigits(microseconds)} µs`;
}

/** Mebibytes: `284 M`. */
export function formatMebibytes(sizeBytes: number): string {
  return `${threeDigits(sizeBytes / MIB)} M`;
}

/** A ratio: `2.41`, or a dash for null. */
export function formatRatio(ratio: number | null): string {
  return ratio === null ? '-' : ratio.toFixed(2);
}

/** Minutes and seconds: `3:07`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const rest = String(whole % SECONDS_PER_MINUTE).padStart(2, '0');
  return `${Math.floor(whole / SECONDS_PER_MINUTE)}:${rest}`;
}

/** Three significant digits, but no exponent. */
export function threeDigits(number: number): string {
  if (number >= 99.95 || number === 0) return number.toFixed(0);
  return number >= 9.995 ? number.toFixed(1) : number.toFixed(2);
}
