// NDJSON: one JSON object per line (https://github.com/ndjson/ndjson-spec). Blank lines are skipped.
//
// JSON.parse changes numbers that are too large for it. The text of the record is kept, so that entry-reader.ts can refuse
// those that matter.

import { NotSoError } from '../failures.js';
import type { RecordRuns, SourceRecord } from './source-record.js';
import { decodeText, splitLines } from './text-chunks.js';

/** Reads records from NDJSON. Throws NotSoError, naming the line, when one is not a JSON object. */
export async function* readNdjson(
  chunks: AsyncIterable<Uint8Array>,
  inputName: string,
): RecordRuns {
  let lineNumber = 0;
  for await (const lines of splitLines(decodeText(chunks, inputName), inputName)) {
    const records: SourceRecord[] = [];
    for (const line of lines) {
      lineNumber += 1;
      const json = line.trim();
      if (json === '') {
        continue;
      }
      try {
        records.push({ lineNumber, json, fields: parseObject(json) });
      } catch (error) {
        // What stands before the bad line is whole and is handed on first.
        yield records;
        throw badLine(inputName, lineNumber, error);
      }
    }
    yield records;
  }
}

function parseObject(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('a line must be a JSON object, such as {"key":"a","value":"1"}');
  }
  return value as Record<string, unknown>;
}

function badLine(inputName: string, lineNumber: number, error: unknown): NotSoError {
  return new NotSoError(`Cannot read line ${lineNumber} of ${inputName}: ${reason(error)}`, {
    cause: error,
  });
}

function reason(error: unknown): string {
  if (error instanceof SyntaxError) {
    return `it is not JSON (${error.message})`;
  }
  return error instanceof Error ? error.message : String(error);
}
