// CSV with a header line (RFC 4180, any single-character delimiter). Fields are always text; the whole record as
// JSON is an object of texts in the order of the columns.

import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { NotSoError } from '../failures.js';
import type { RecordRuns, SourceRecord } from './source-record.js';
import { decodeText } from './text-chunks.js';

const RUN_LENGTH = 512;

interface ParsedRow {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/** What csv-parse needs to know. */
export interface CsvOptions {
  readonly inputName: string;
  readonly delimiter: string;
}

/** Reads records from CSV. Throws NotSoError, naming the line, when a row does not fit the header. */
export async function* readCsv(chunks: AsyncIterable<Uint8Array>, options: CsvOptions): RecordRuns {
  const { inputName, delimiter } = options;
  const parser = parse({ delimiter, info: true, skip_empty_lines: true });
  // The callback is required; the failure itself arrives through the iteration below.
  pipeline(Readable.from(decodeText(chunks, inputName)), parser, () => {});
  let header: readonly string[] | undefined;
  let run: SourceRecord[] = [];
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      if (header === undefined) {
        header = checkHeader(record, inputName);
        continue;
      }
      run.push(toRecord(header, record, info.lines));
      if (run.length === RUN_LENGTH) {
        yield run;
        run = [];
      }
    }
  } catch (error) {
    yield run;
    throw error instanceof CsvError ? badRow(inputName, error) : error;
  }
  yield run;
}

function checkHeader(header: readonly string[], inputName: string): readonly string[] {
  const repeated = header.find((name, index) => header.indexOf(name) !== index);
  if (repeated !== undefined) {
    throw new NotSoError(
      `Cannot read ${inputName}: its first line names the column ${JSON.stringify(repeated)} twice`,
      { advice: 'The first line of a CSV file must name the columns, each once.' },
    );
  }
  return header;
}

function toRecord(
  header: readonly string[],
  values: readonly string[],
  lineNumber: number,
): SourceRecord {
  // fromEntries defines own properties, so that a column called __proto__ is just a column.
  const fields = Object.fromEntries(header.map((name, index) => [name, values[index]]));
  return { lineNumber, fields, json: JSON.stringify(fields) };
}

function badRow(inputName: string, error: CsvError): NotSoError {
  return new NotSoError(`Cannot read ${inputName}: ${error.message}`, {
    cause: error,
    advice:
      'Each row must have as many fields as the first line; put fields with commas or line ends in quotes.',
  });
}
