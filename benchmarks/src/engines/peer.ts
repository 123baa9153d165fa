/** What the adapters of other people's engines share. They are development dependencies of this package, and never needed. */

/** The native part of an engine is not there; the message says how to get it. */
export class EngineMissingError extends Error {
  override readonly name = 'EngineMissingError';

  /** `engine` is what is missing, `remedy` what to run. */
  constructor(engine: string, { remedy, cause }: { remedy: string; cause?: unknown }) {
    super(`not installed: ${engine}: ${remedy}`, { cause });
  }
}

/** Entries that are fetched at a time from an iterator that gives arrays of them. */
export const ENTRIES_PER_FETCH_MAX = 1000;

/** What a scan calls with every entry. */
export type Visit = (key: Uint8Array, value: Uint8Array) => void;

/** Resolves once `isSettled` says so; it is asked every 10 ms. */
export async function pollUntil(isSettled: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSettled())) await new Promise((resolve) => setTimeout(resolve, 10));
}
