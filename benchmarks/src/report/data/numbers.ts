// Numbers as people read them: three digits that count, and a unit.

const NOTHING = '–';
const NARROW_SPACE = '\u202f';

/** A large count, such as `1.24 M`; a dash for what is no number. */
export function countText(value: number | null): string {
  return scaledText(value, { base: 1000, units: ['', 'k', 'M', 'G', 'T'] });
}

/** A number of bytes, such as `4 KiB`; a dash for what is no number. */
export function bytesText(value: number | null): string {
  return scaledText(value, { base: 1024, units: ['B', 'KiB', 'MiB', 'GiB', 'TiB'] });
}

/** A duration given in microseconds, such as `3.4 ms`; a dash for what is no number. */
export function microsecondsText(value: number | null): string {
  if (value !== null && value > 0 && value < 1) return withUnit(threeDigits(value * 1000), 'ns');
  return scaledText(value, { base: 1000, units: ['µs', 'ms', 's'] });
}

/** A plain figure, such as `1.08`; a dash for what is no number. */
export function figureText(value: number | null): string {
  if (!isFigure(value)) return NOTHING;
  return value > 0 && value < 0.001 ? '<\u202f0.001' : threeDigits(value);
}

/** How many times one is the other, such as `2.08×`; as many digits as such a figure deserves. */
export function ratioText(ratio: number): string {
  return `${ratio.toFixed(ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0)}×`;
}

/** A duration given in milliseconds; a dash for what is no number. */
export function millisecondsText(value: number | null): string {
  return microsecondsText(isFigure(value) ? value * 1000 : null);
}

/** A duration given in seconds; a dash for what is no number. */
export function secondsText(value: number | null): string {
  return microsecondsText(isFigure(value) ? value * 1e6 : null);
}

/** Whether there is something to draw. */
export function isFigure(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

interface Scale {
  readonly base: number;
  readonly units: readonly string[];
}

function scaledText(value: number | null, scale: Scale): string {
  if (!isFigure(value)) return NOTHING;
  let scaled = value;
  let unitIndex = 0;
  // 999.6 would be shown as 1000, so it already belongs to the next unit.
  while (Math.abs(scaled) >= scale.base - 0.5 && unitIndex < scale.units.length - 1) {
    scaled /= scale.base;
    unitIndex++;
  }
  return withUnit(threeDigits(scaled), scale.units[unitIndex]!);
}

function withUnit(digits: string, unit: string): string {
  return unit === '' ? digits : digits + NARROW_SPACE + unit;
}

function threeDigits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
