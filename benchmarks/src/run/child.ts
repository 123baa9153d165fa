/** A process for one job: the job comes as one argument of JSON, the outcome leaves as the last line of JSON. */
import { execute } from './execute.js';
import type { Job } from './job.js';

const job: Job = JSON.parse(process.argv[2]);
const outcome = await execute(job);
process.stdout.write(`\n${JSON.stringify(outcome)}\n`);
