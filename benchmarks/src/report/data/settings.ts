// Which settings hold for everything that was measured, and which are an engine's own.

import type { BenchmarkResult } from '../../results/result.js';
import { bytesText } from './numbers.js';

/** A value of a setting. */
export type Setting = string | number | boolean | null;

/** Settings that every result states with the same value: machine, versions, options. */
export function commonSettings(results: readonly BenchmarkResult[]): ReadonlyMap<string, Setting> {
  const measured = results.filter((result) => result.skipped === undefined);
  const first = Object.entries(measured[0]?.settings ?? {});
  return new Map(
    first.filter(([name, value]) => measured.every((result) => result.settings[name] === value)),
  );
}

/** The other settings of an engine, each with the values it had in different workloads. */
export function ownSettings(
  results: readonly BenchmarkResult[],
  engineName: string,
): ReadonlyMap<string, readonly Setting[]> {
  const common = commonSettings(results);
  const own = new Map<string, Set<Setting>>();
  for (const result of results) {
    if (result.engine !== engineName || result.skipped !== undefined) continue;
    for (const [name, value] of Object.entries(result.settings)) {
      if (!common.has(name)) own.set(name, (own.get(name) ?? new Set()).add(value));
    }
  }
  return new Map([...own].map(([name, values]) => [name, [...values]]));
}

/** A name as people read it: `cacheSizeBytes` is `cache size`. */
export function settingName(name: string): string {
  const words = name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.replace(/ bytes$/, '');
}

/** A value as people read it: sizes with their unit, and other large numbers in groups of digits. */
export function settingText(name: string, value: Setting): string {
  if (value === null) return 'not known';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (name.endsWith('Bytes')) return bytesText(value);
  return value.toLocaleString('en').replaceAll(',', '\u202f');
}
