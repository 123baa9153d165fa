/** Runs a job in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, Outcome } from './job.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** How much of what an engine complains about is kept. */
const COMPLAINT_LENGTH_MAX = 300;

/** Starts the process and waits for its outcome; a process that dies is an engine that failed. Ends it when aborted. */
export function spawnJob(job: Job, options: { readonly signal: AbortSignal }): Promise<Outcome> {
  const child = spawn(process.execPath, [...process.execArgv, CHILD, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
  });
  let answer = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_LENGTH_MAX);
  });
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      if (!options.signal.aborted) reject(error);
    });
    child.on('close', (code, signal) => {
      resolve(outcomeOf(answer) ?? died(signal ?? `exit code ${code}`, complaint));
    });
  });
}

/** The last line, if it is one of JSON: engines may print before it. */
function outcomeOf(answer: string): Outcome | null {
  const line = answer.trimEnd().split('\n').at(-1) ?? '';
  return line.startsWith('{"kind":') ? JSON.parse(line) : null;
}

function died(how: string, complaint: string): Outcome {
  const lines = complaint.trim().split('\n');
  const reason = lines.find((line) => /error/i.test(line)) ?? lines[0];
  return { kind: 'skipped', reason: `its process ended with ${how}${reason ? `: ${reason}` : ''}` };
}
