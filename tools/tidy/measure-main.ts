// The program behind measure.mjs.

import { formatMeasurement, measure } from './measure.js';
import { PublicApi } from './public-api.js';
import { SourceTree } from './source-tree.js';

/** Prints the measurement of the project at `root`, with `--json` among `words` as JSON. */
export function main(root: string, words: readonly string[]): void {
  const measurement = measure(SourceTree.read(root), new PublicApi(root).documentation());
  console.log(
    words.includes('--json')
      ? JSON.stringify(measurement, null, 2)
      : formatMeasurement(measurement),
  );
}
