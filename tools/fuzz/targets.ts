// Every decoder that can be fuzzed.

import { DIRECTORY_TARGETS } from './directory-targets.js';
import { LOG_TARGETS } from './log-targets.js';
import { MANIFEST_TARGETS } from './manifest-targets.js';
import { TABLE_TARGETS } from './table-targets.js';
import type { FuzzTarget } from './target.js';
import { VALUE_TARGETS } from './value-targets.js';

/** All targets, the smallest parts first. */
export const TARGETS: readonly FuzzTarget[] = [
  ...VALUE_TARGETS,
  ...LOG_TARGETS,
  ...MANIFEST_TARGETS,
  ...TABLE_TARGETS,
  ...DIRECTORY_TARGETS,
];
