// What an unexpected error says of where it came from, the same however the run was started.

/** The method in which everything of a run happens. */
const OUTERMOST = /\bRun\.toEnd\b/;

/** The text and the stack of an error, without the frames of whoever started the run. */
export function ownStackOf(error: Error): string {
  const lines = (error.stack ?? error.message).split('\n');
  const outermost = lines.findIndex((line) => OUTERMOST.test(line));
  return (outermost < 0 ? lines : lines.slice(0, outermost)).join('\n');
}
