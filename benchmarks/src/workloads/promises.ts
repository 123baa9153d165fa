/** Whether what an engine gave must be awaited. Looks for `then`, because not every promise is the built-in one. */
export function isPromise<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  return (
    typeof result === 'object' &&
    result !== null &&
    typeof (result as { then?: unknown }).then === 'function'
  );
}
