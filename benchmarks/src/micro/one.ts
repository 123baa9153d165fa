/**
 * Measures one microbenchmark in this process and prints it as one line of JSON: what `main.js` and the comparison of
 * revisions run once per figure, because what the compiler learnt from one microbenchmark changes the next.
 *
 *   node benchmarks/dist/micro/one.js name [--quick]
 */
import { parseArgs } from 'node:util';
import { measure } from './measure.js';
import { loadMicrobenchmark } from './registry.js';

const FULL = { warmupMs: 200, measureMs: 1000 };
const QUICK = { warmupMs: 30, measureMs: 100 };

const { values: words, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const [name] = positionals;
const benchmark = await loadMicrobenchmark(name);
console.log(JSON.stringify(await measure({ name, ...benchmark }, words.quick ? QUICK : FULL)));
