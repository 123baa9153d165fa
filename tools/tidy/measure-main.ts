// The program behind measure.mjs.

import { formatMeasurement, measure } from './measure.js';
import { PublicApi } from './public-api.js';
import { SourceTree } from './source-tree.js';

/** Prints the measurement of the project at `root`. */
export function main(root: string, { format }: { readonly format: 'json' | 'text' }): void {
  const measurement = measure(SourceTree.read(root), new PublicApi(root).documentation());
  console.log(
    format === 'json' ? JSON.stringify(measurement, null, 2) : formatMeasurement(measurement),
  );
}
