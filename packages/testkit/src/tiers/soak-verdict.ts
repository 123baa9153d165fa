// Judges the samples of a soak: memory that does not grow, descriptors that are given back, files that are removed (B23).

/** What was measured at one moment. */
export interface SoakSample {
  readonly elapsedMs: number;
  readonly stepCount: number;
  readonly rssBytes: number;
  /** Open files that are no tables. */
  readonly otherDescriptorCount: number;
  /** Tables that the database has, and files of tables in its directory. */
  readonly tableCount: number;
  readonly tableFileCount: number;
}

/** What the samples of one process say. */
export interface SoakVerdict {
  /** How fast the resident memory grows after the warm-up, in MiB per hour; null while that cannot be told. */
  readonly rssSlopeMiBPerHour: number | null;
  /** Most open files that are no tables, less the fewest, after the warm-up. */
  readonly descriptorSpread: number;
  /** Table files that nothing names, as a share of all, on average. */
  readonly obsoleteShare: number;
  readonly violations: readonly string[];
}

const HOUR_MS = 3_600_000;
const MIB = 1024 * 1024;
/** The first part of a run, in which caches and the heap fill. */
const WARM_UP_SHARE = 0.25;
const WARM_UP_MS_MAX = HOUR_MS;
/** Before that much time has passed a slope says more about garbage collection than about a leak. */
const SLOPE_TIME_MS_MIN = 2 * HOUR_MS;
const SLOPE_MIB_PER_HOUR_MAX = 1;
/** Logs, manifests and CURRENT come and go by ones. */
const DESCRIPTOR_SPREAD_MAX = 12;
const OBSOLETE_SHARE_MAX = 0.01;
/** With a few tables a single one that is on its way out is more than a hundredth. */
const OBSOLETE_COUNT_MAX = 2;

/** See the head of this file. Samples come in the order of time. */
export function judgeSamples(samples: readonly SoakSample[]): SoakVerdict {
  const last = samples.at(-1)?.elapsedMs ?? 0;
  const warmUpMs = Math.min(WARM_UP_MS_MAX, last * WARM_UP_SHARE);
  const steady = samples.filter(({ elapsedMs }) => elapsedMs >= warmUpMs);
  const counts = steady.map(({ otherDescriptorCount }) => otherDescriptorCount);
  const descriptorSpread = counts.length === 0 ? 0 : Math.max(...counts) - Math.min(...counts);
  const isLongEnough = last - warmUpMs >= SLOPE_TIME_MS_MIN;
  const slope = isLongEnough ? slopeOf(steady) : null;
  const obsoleteCount = averageOf(steady, (one) => one.tableFileCount - one.tableCount);
  const obsoleteShare =
    obsoleteCount /
    Math.max(
      1,
      averageOf(steady, (one) => one.tableFileCount),
    );
  const violations = [
    ...(slope !== null && slope >= SLOPE_MIB_PER_HOUR_MAX
      ? [`resident memory grows by ${slope.toFixed(2)} MiB an hour`]
      : []),
    ...(descriptorSpread > DESCRIPTOR_SPREAD_MAX
      ? [
          `between ${Math.min(...counts)} and ${Math.max(...counts)} files are open that are no tables`,
        ]
      : []),
    ...(obsoleteShare > OBSOLETE_SHARE_MAX && obsoleteCount > OBSOLETE_COUNT_MAX
      ? [`${(obsoleteShare * 100).toFixed(1)} % of the table files are obsolete`]
      : []),
  ];
  return { rssSlopeMiBPerHour: slope, descriptorSpread, obsoleteShare, violations };
}

/** Least squares: MiB per hour. */
function slopeOf(samples: readonly SoakSample[]): number {
  const hours = samples.map(({ elapsedMs }) => elapsedMs / HOUR_MS);
  const sizes = samples.map(({ rssBytes }) => rssBytes / MIB);
  const meanHours = mean(hours);
  const meanSize = mean(sizes);
  let covariance = 0;
  let variance = 0;
  for (const [index, hour] of hours.entries()) {
    covariance += (hour - meanHours) * (sizes[index]! - meanSize);
    variance += (hour - meanHours) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}

function averageOf(samples: readonly SoakSample[], pick: (sample: SoakSample) => number): number {
  return samples.length === 0 ? 0 : mean(samples.map(pick));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
