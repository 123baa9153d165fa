// Approach: the same input cut into chunks at every byte gives the same records; tables of what is refused.

import { describe, expect, test } from 'vitest';
import { readNdjson } from './ndjson.js';
import type { SourceRecord } from './source-record.js';

async function* inChunks(content: string | Uint8Array, chunkSizeBytes: number) {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  for (let offset = 0; offset < bytes.length; offset += chunkSizeBytes) {
    yield bytes.subarray(offset, offset + chunkSizeBytes);
  }
}

async function readAll(content: string | Uint8Array, chunkSizeBytes = 1000) {
  const records: SourceRecord[] = [];
  for await (const run of readNdjson(inChunks(content, chunkSizeBytes), 'in.ndjson')) {
    records.push(...run);
  }
  return records;
}

describe('readNdjson', () => {
  test('reads the same records however the input is cut', async () => {
    const content = '\ufeff{"key":"é","n":1}\r\n\n  {"key":"漢","n":12345678901234567890}';
    for (let chunkSizeBytes = 1; chunkSizeBytes < 60; chunkSizeBytes += 1) {
      const records = await readAll(content, chunkSizeBytes);
      expect(records.map((record) => [record.lineNumber, record.json])).toEqual([
        [1, '{"key":"é","n":1}'],
        [3, '{"key":"漢","n":12345678901234567890}'],
      ]);
      expect(records[0]?.fields).toEqual({ key: 'é', n: 1 });
    }
  });

  test('reads nothing out of an empty input', async () => {
    expect(await readAll('')).toEqual([]);
    expect(await readAll('\n\n')).toEqual([]);
  });

  test.each([
    ['{"a":1}\n{"a":', 'line 2 of in.ndjson: it is not JSON'],
    ['[1]', 'line 1 of in.ndjson: a line must be a JSON object'],
    ['\n\n"text"', 'line 3 of in.ndjson: a line must be a JSON object'],
    ['null', 'line 1 of in.ndjson: a line must be a JSON object'],
  ])('refuses %j', async (content, message) => {
    await expect(readAll(content)).rejects.toThrow(message);
  });

  test('hands on what stands before a bad line', async () => {
    const seen: number[] = [];
    const reading = (async () => {
      for await (const run of readNdjson(inChunks('{"a":1}\n{"a":2}\nbad', 1000), 'x')) {
        seen.push(...run.map((record) => record.lineNumber));
      }
    })();
    await expect(reading).rejects.toThrow('line 3');
    expect(seen).toEqual([1, 2]);
  });

  test('refuses bytes that are not UTF-8, naming the line before', async () => {
    const bytes = new Uint8Array([
      ...new TextEncoder().encode('{"a":1}\n{"b":"'),
      0xff,
      0x22,
      0x7d,
    ]);
    await expect(readAll(bytes, 8)).rejects.toThrow(/after line 2 .* not valid UTF-8/);
  });

  test('refuses an input that ends inside a character', async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('{"a":1}\n'), 0xc3]);
    await expect(readAll(bytes)).rejects.toThrow('not valid UTF-8');
  });
});
