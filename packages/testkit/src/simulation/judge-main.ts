// Looks for a failure as fast as it can, makes it small, and replays it: what the run over planted faults starts for each.
//
//   node judge-main.js <seeds> <shrink-ms> <failures>
//
// Prints a line of JSON, a {@link Judgement}, for each seed that failed, up to so many; one if none did.

import { systemClock } from '@varve/base';
import { PROFILES } from './profiles.js';
import { runCase } from './run.js';
import { generateCase } from './simulation-case.js';
import { type Failure, trySeed } from './try-seed.js';

/** What came of it. */
export interface Judgement {
  /** The seed that failed; null if none did. */
  readonly seed: number | null;
  readonly message: string;
  /** Seeds tried until then. */
  readonly seedCount: number;
  readonly searchMs: number;
  readonly operationCount: number;
  readonly shrinkMs: number;
  /** Whether the seed, and the shrunk case, fail again in the same way step by step. */
  readonly isReplayed: boolean;
}

const OPERATION_COUNT = 300;

const [seedCount, shrinkMs, failureCountMax] = process.argv.slice(2).map(Number);
let failureCount = 0;
for (let seed = 1; failureCount < failureCountMax!; ) {
  const judgement = await judge(seed, { seedCount: seedCount!, shrinkMs: shrinkMs! });
  if (judgement.seed !== null || failureCount === 0) console.log(JSON.stringify(judgement));
  if (judgement.seed === null) break;
  failureCount += 1;
  seed = judgement.seed + 1;
}
// What failed may have left work that waits for ever.
process.exit(0);

/** From this seed on. */
async function judge(
  firstSeed: number,
  { seedCount, shrinkMs }: { readonly seedCount: number; readonly shrinkMs: number },
): Promise<Judgement> {
  const profiles = [...PROFILES.values()];
  const startMs = systemClock.monotonicMs();
  for (let seed = firstSeed; seed <= seedCount; seed++) {
    const profile = profiles[seed % profiles.length]!;
    const identity = { profile, seed, operationCount: OPERATION_COUNT, model: null };
    const { violation } = await runCase(generateCase(identity));
    if (violation === null) continue;
    const searchMs = systemClock.monotonicMs() - startMs;
    const { failure } = await trySeed(identity, { shrinkMs, runs: 'once' });
    const endMs = systemClock.monotonicMs();
    return {
      ...{ seed, message: violation.message, seedCount: seed, searchMs },
      operationCount: failure?.shrunk.simulation.operations.length ?? Number.NaN,
      shrinkMs: endMs - startMs - searchMs,
      isReplayed: failure !== null && (await isReplayed(failure, violation.message)),
    };
  }
  const searchMs = systemClock.monotonicMs() - startMs;
  const nothing = { seed: null, message: '', operationCount: 0, shrinkMs: 0, isReplayed: false };
  return { ...nothing, seedCount, searchMs };
}

async function isReplayed({ original, shrunk }: Failure, message: string): Promise<boolean> {
  if (original.result.violation.message !== message) return false;
  for (const { simulation, result } of [original, shrunk]) {
    const again = await runCase(simulation);
    if (again.traceHash !== result.traceHash) return false;
    if (again.violation?.message !== result.violation.message) return false;
  }
  return true;
}
