// Command line options of the long runs. What is wrong with them ends a program with code 2, before anything is done.

/** A program was called wrongly. */
export class UsageError extends Error {}

/** Calls `read`, which parses the command line. Throws a UsageError for what does not exist or has the wrong form. */
export function parsed<Values>(read: () => { readonly values: Values }): Values {
  try {
    return read().values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Reads a number that is not negative. */
export function numberOption(name: string, text: string): number {
  const number = Number(text);
  if (text !== '' && number >= 0) return number;
  throw new UsageError(`--${name} must be a number from 0 on: received ${text}`);
}

/** Runs a program; gives its exit code, or 2 after printing what was wrong with the call. */
export async function withUsage(main: () => Promise<number>): Promise<number> {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}
