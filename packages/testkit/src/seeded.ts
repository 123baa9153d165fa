// Tests that draw from a random source and can be repeated exactly.
//
// A seeded test takes everything random from the source it is given. Its seed comes from its name,
// so that it is the same for everybody and every run; `VARVE_SEED=fresh` draws new ones,
// `VARVE_SEED=0x5eed` replays one. A failure prints the command that replays it.

import { relative } from 'node:path';
import { createRandom, entropy, type Random } from '@varve/base';

/** What is used of the context that vitest passes to a test. */
export interface SeededTestContext {
  readonly task: {
    readonly name: string;
    readonly file: { readonly filepath: string; readonly projectName?: string | undefined };
  };
}

/** How a seeded test runs. */
export interface SeededOptions {
  /** How many seeds are tried, one after the other, unless one is given to replay. Default: 1. */
  readonly runCount?: number;
}

/**
 * Makes the body of a test: `test('merges any two runs', seeded((random) => …))`. `run` gets a
 * random source made from `seed`; if it throws, the command that replays it is printed and the
 * error goes on as it is. Throws RangeError if VARVE_SEED is neither a number nor `fresh`.
 */
export function seeded(
  run: (random: Random, seed: number) => unknown,
  { runCount = 1 }: SeededOptions = {},
): (context: SeededTestContext) => Promise<void> {
  return async (context) => {
    for (const seed of seedsOf(context.task.name, runCount)) {
      try {
        await run(createRandom(seed), seed);
      } catch (error) {
        console.error(replayNotice(context, seed));
        throw error;
      }
    }
  };
}

function seedsOf(name: string, runCount: number): number[] {
  const setting = process.env['VARVE_SEED'];
  if (setting !== undefined && setting !== 'fresh') return [parseSeed(setting)];
  const first = setting === 'fresh' ? entropy.u32() : hashOf(name);
  return Array.from({ length: runCount }, (_, index) => (first + index) >>> 0);
}

function parseSeed(setting: string): number {
  const seed = setting.trim() === '' ? Number.NaN : Number(setting);
  if (seed >>> 0 === seed) return seed;
  throw new RangeError(`VARVE_SEED must be a number from 0 to 2^32 - 1, or "fresh": ${setting}`);
}

/** FNV-1a: the same number for the same name, for ever. */
function hashOf(name: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}

function replayNotice({ task }: SeededTestContext, seed: number): string {
  const text = `0x${seed.toString(16).padStart(8, '0')}`;
  const project = task.file.projectName === undefined ? '' : ` --project ${task.file.projectName}`;
  const path = relative(process.cwd(), task.file.filepath);
  const pattern = task.name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll("'", '.');
  return [
    `"${task.name}" failed with seed ${text}. Replay:`,
    `  VARVE_SEED=${text} npx vitest run${project} ${path} -t '${pattern}'`,
  ].join('\n');
}
