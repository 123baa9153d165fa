// All planted faults. Their texts are checked against the sources by mutants.test.ts, so a change of a source that one of
// them names fails there, and the mutant is moved along with what it breaks.

import { FAILURE_MUTANTS } from './failure-mutants.js';
import { LOG_MUTANTS } from './log-mutants.js';
import { MANIFEST_MUTANTS } from './manifest-mutants.js';
import type { Mutant } from './mutant.js';
import { TABLE_MUTANTS } from './table-mutants.js';
import { TREE_MUTANTS } from './tree-mutants.js';

/** Every mutant, in the order in which they are tried. */
export const MUTANTS: readonly Mutant[] = [
  ...LOG_MUTANTS,
  ...MANIFEST_MUTANTS,
  ...TABLE_MUTANTS,
  ...TREE_MUTANTS,
  ...FAILURE_MUTANTS,
];
