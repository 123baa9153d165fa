// Writes a made-up results file: `node benchmarks/dist/report/testing/sample-main.js results.jsonl`.

import { writeFile } from 'node:fs/promises';
import { sampleResults } from './sample-results.js';

const file = process.argv[2] ?? 'sample-results.jsonl';
await writeFile(
  file,
  sampleResults()
    .map((result) => `${JSON.stringify(result)}\n`)
    .join(''),
);
console.log(file);
