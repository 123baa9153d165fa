// Closing what has many parts: each of them, even if one before it cannot be closed.

/** Takes every step, one after the other, whatever fails; then throws what failed first. */
export async function doAll(steps: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
