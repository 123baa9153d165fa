/** Measures one microbenchmark with tinybench. */
import { Bench } from 'tinybench';
import type { Microbenchmark, Prepared } from './microbenchmark.js';

/** How long to measure. Milliseconds count iterations only, not what prepares them. */
export interface MeasureOptions {
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What was measured of one microbenchmark: one line of `--json`. */
export interface MicroFigure {
  readonly name: string;
  readonly operation: string;
  /** Median over the iterations, in ns per operation. */
  readonly nsPerOperation: number;
  /** Median distance of an iteration from that median, in ns per operation. */
  readonly spreadNs: number;
  readonly operationsPerSecond: number;
  /** `null` where bytes mean nothing. */
  readonly megabytesPerSecond: number | null;
  readonly iterationCount: number;
}

const ITERATION_COUNT_MIN = 10;
const WARMUP_ITERATION_COUNT_MIN = 3;

/**
 * Prepares and measures a microbenchmark. Errors: what its setup throws, and an Error if it does not give what it
 * expects, which would mean that it measures something other than it says.
 */
export async function measure(
  { name, ...benchmark }: Microbenchmark & { readonly name: string },
  options: MeasureOptions,
): Promise<MicroFigure> {
  const { operation, operationCount, operationSizeBytes } = benchmark;
  const prepared = await benchmark.setup(operationCount);
  try {
    await checkOnce(name, prepared);
    const latency = await timeIterations(prepared, options);
    const nsPerOperation = (latency.p50 * 1e6) / operationCount;
    const operationsPerSecond = 1e9 / nsPerOperation;
    return {
      ...{ name, operation, nsPerOperation, operationsPerSecond },
      spreadNs: (latency.mad * 1e6) / operationCount,
      megabytesPerSecond:
        operationSizeBytes === undefined ? null : (operationsPerSecond * operationSizeBytes) / 1e6,
      iterationCount: latency.samplesCount,
    };
  } finally {
    prepared.close?.();
  }
}

/** Runs one iteration and compares what it gives with what is expected. */
export async function checkOnce(name: string, prepared: Prepared): Promise<void> {
  prepared.reset?.();
  const received = await prepared.run();
  if (received === prepared.expected) return;
  throw new Error(`Cannot measure ${name}: it gave ${received}, expected ${prepared.expected}`);
}

/** Whatever iterations give is kept here, where the compiler cannot know that nobody looks. */
const kept = new Int32Array(1);

/** Milliseconds per iteration. */
async function timeIterations(prepared: Prepared, { warmupMs, measureMs }: MeasureOptions) {
  const bench = new Bench({
    ...{ time: measureMs, iterations: ITERATION_COUNT_MIN, throws: true },
    ...{ warmupTime: warmupMs, warmupIterations: WARMUP_ITERATION_COUNT_MIN },
    timestampProvider: 'hrtimeNow',
  });
  const keep = (result: number): void => {
    kept[0] ^= result;
  };
  const run = prepared.isAsync
    ? async () => keep(await prepared.run())
    : () => keep(prepared.run() as number);
  const beforeEach = (): void => prepared.reset?.();
  bench.add('iteration', run, { async: prepared.isAsync ?? false, beforeEach });
  await bench.run();
  const result = bench.tasks[0].result;
  if (!('latency' in result)) throw new Error(`Cannot measure: the run was ${result.state}`);
  return result.latency;
}
