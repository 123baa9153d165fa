/**
 * Where the code of background threads is.
 *
 * Installed as a package it is a file beside this one. A bundler puts this code into a file of another name and leaves that
 * one behind; then the code comes from the text in `worker-source`, which every bundler takes along. It becomes a `data:`
 * URL: no file, no `eval`, no setting of the bundler.
 */
import { fileURLToPath } from 'node:url';
import { StorageError } from '@varve/base';
import { NodeFileSystem } from '@varve/vfs';

/** What this module is called where it was not bundled: compiled, or run from source by a test runner. */
const OWN_NAME = /\/executor\/worker-entry\.(js|ts)$/;
const ENTRY_PATHS = { js: './worker-main.js', ts: '../../dist/executor/worker-main.js' } as const;

/** An entry for `new Worker`, or why there is none. */
export type WorkerEntry = URL | StorageError;

let located: Promise<WorkerEntry> | undefined;

/** Finds the code, once for all databases. Never rejects: without it a database works, on one thread. */
export function locateWorkerEntry(): Promise<WorkerEntry> {
  // Bundled as CommonJS there is no such thing as the address of this module.
  located ??= locate(import.meta.url as string | undefined);
  return located;
}

async function locate(ownUrl: string | undefined): Promise<WorkerEntry> {
  try {
    return fileEntry(ownUrl) ?? (await sourceEntry());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot start background threads: their code was not found: ${reason}`;
    return new StorageError('WORKER_FAILED', message, { cause, retryable: false });
  }
}

function fileEntry(ownUrl: string | undefined): URL | undefined {
  const extension = OWN_NAME.exec(ownUrl ?? '')?.[1] as keyof typeof ENTRY_PATHS | undefined;
  if (extension === undefined) return undefined;
  // Built from a variable: bundlers act on the literal form, each in its own way.
  const entry = new URL(ENTRY_PATHS[extension], ownUrl);
  if (entry.protocol !== 'file:') return undefined;
  return new NodeFileSystem().existsSync(fileURLToPath(entry)) ? entry : undefined;
}

async function sourceEntry(): Promise<URL> {
  const { workerSource } = await import('./worker-source.js');
  if (workerSource === null) throw new Error('this package was not built completely');
  return new URL(`data:text/javascript,${encodeURIComponent(workerSource)}`);
}
