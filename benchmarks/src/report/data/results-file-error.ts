/** A results file that is not what it should be; the message names the file and the line. */
export class ResultsFileError extends Error {
  override readonly name = 'ResultsFileError';
  readonly path: string;
  /** Counted from 1. */
  readonly lineNumber: number;

  /** `state` says what is wrong with the line. */
  constructor(state: string, place: { readonly path: string; readonly lineNumber: number }) {
    super(`Cannot read results: ${place.path}:${place.lineNumber}: ${state}`);
    this.path = place.path;
    this.lineNumber = place.lineNumber;
  }
}
