// The loss of a whole file.

import type { DatabaseDirectory } from '../directory/index.js';
import type { SalvageLoss } from './salvage-report.js';

/** Everything in the file `name`, which exists. */
export function lossOfFile(
  directory: DatabaseDirectory,
  { name, reason }: { readonly name: string; readonly reason: string },
): SalvageLoss {
  const { sizeBytes } = directory.fileSystem.statSync(directory.pathOf(name));
  return { file: name, offset: 0, sizeBytes, reason };
}
