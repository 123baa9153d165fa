// Standard output that is a file. Pipes and terminals are written through the stream of the process.
//
// For a file that stream makes one call and takes it as done, though the disk may have had room for a part only: an answer
// that is cut short, and exit code 0. Here the rest is written too, which either succeeds or says why it cannot.

import { fstatSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

const STANDARD_OUTPUT = 1;

/** A stream to standard output, or to another open descriptor; undefined when that is no file. */
export function openStandardOutputFile(descriptor = STANDARD_OUTPUT): Writable | undefined {
  if (!fstatSync(descriptor).isFile()) {
    return undefined;
  }
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      done(failureOf(() => writeFully(descriptor, chunk)));
    },
  });
}

function failureOf(action: () => void): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Within the call, as the process does it: what was answered is in the file however the process ends. */
function writeFully(descriptor: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    offset += writeSync(descriptor, bytes, offset);
  }
}
