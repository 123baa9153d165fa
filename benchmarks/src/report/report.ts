// The report: one HTML file from the results of a run.

import { writeFile } from 'node:fs/promises';
import type { BenchmarkResult } from '../results/result.js';
import { reportDataOf } from './data/report-data.js';
import type { ReportOptions } from './page/header.js';
import { pageOf } from './page/page.js';

export type { ReportOptions } from './page/header.js';

/** Writes the report of results to a file, in place of what was there. */
export async function writeReport(
  results: readonly BenchmarkResult[],
  file: string,
  options: ReportOptions = {},
): Promise<void> {
  await writeFile(file, renderReport(results, options));
}

/** The text of the HTML file: self-contained, without scripts, drawn for light and dark pages. */
export function renderReport(
  results: readonly BenchmarkResult[],
  options: ReportOptions = {},
): string {
  return pageOf(reportDataOf(results), options);
}
