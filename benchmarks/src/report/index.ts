// What the rest of the harness uses of the report.

export { readResults } from './data/read-results.js';
export { ResultsFileError } from './data/results-file-error.js';
export { type ReportOptions, renderReport, writeReport } from './report.js';
