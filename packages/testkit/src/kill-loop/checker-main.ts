// The process that looks at what a killed one left: opens the database, compares all of it with what its batches make, and
// prints one line of JSON: `{ "last": <number of the last batch>, "problem": <text or null> }`.
//
//   checker-main.js <directory> <seed of the workload>

import { open } from '@varve/engine';
import { DATABASE_OPTIONS, openKeyspaces, readContent, refuteContent } from './workload.js';

const [directory, workloadSeed] = process.argv.slice(2);
const database = await open(directory!, DATABASE_OPTIONS);
const content = readContent(await openKeyspaces(database));
const problem = refuteContent(content, Number(workloadSeed));
await database.close();
console.log(JSON.stringify({ last: content.last, problem }));
