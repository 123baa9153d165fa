/**
 * Range options as abstract-level passes them on, as the engine takes them, and whether a seek target lies within.
 */
import type { RangeOptions } from '@varve/engine';
import type { LevelData } from './level-encodings.js';

/** Range options after abstract-level has encoded them: what is not given is missing. */
export interface EncodedRange {
  readonly gt?: LevelData;
  readonly gte?: LevelData;
  readonly lt?: LevelData;
  readonly lte?: LevelData;
  readonly reverse?: boolean;
  /** -1 means none. */
  readonly limit?: number;
}

/** The bounds for the engine; an inclusive bound wins over an exclusive one, as everywhere in Level. */
export function boundsOf(range: EncodedRange): RangeOptions<LevelData> {
  const { gt, gte, lt, lte } = range;
  return {
    ...(gte !== undefined ? { gte } : gt !== undefined && { gt }),
    ...(lte !== undefined ? { lte } : lt !== undefined && { lt }),
    reverse: range.reverse === true,
  };
}

/** Whether a key lies in the range. */
export function isInRange(bounds: RangeOptions<LevelData>, key: LevelData): boolean {
  const { gt, gte, lt, lte } = bounds;
  return (
    (gte === undefined || compare(key, gte) >= 0) &&
    (gt === undefined || compare(key, gt) > 0) &&
    (lte === undefined || compare(key, lte) <= 0) &&
    (lt === undefined || compare(key, lt) < 0)
  );
}

function compare(a: LevelData, b: LevelData): number {
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

/** Text as it is stored; bytes as they are. */
export function bytesOf(data: LevelData): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : data;
}
