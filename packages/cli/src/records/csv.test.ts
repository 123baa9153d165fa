import { describe, expect, test } from 'vitest';
import { readCsv } from './csv.js';
import type { SourceRecord } from './source-record.js';

async function* inChunks(content: string, chunkSizeBytes: number) {
  const bytes = new TextEncoder().encode(content);
  for (let offset = 0; offset < bytes.length; offset += chunkSizeBytes) {
    yield bytes.subarray(offset, offset + chunkSizeBytes);
  }
}

async function readAll(content: string, options: { delimiter?: string; chunk?: number } = {}) {
  const records: SourceRecord[] = [];
  const chunks = inChunks(content, options.chunk ?? 1000);
  for await (const run of readCsv(chunks, {
    inputName: 'in.csv',
    delimiter: options.delimiter ?? ',',
  })) {
    records.push(...run);
  }
  return records;
}

describe('readCsv', () => {
  test('reads quotes, line ends in fields and a byte order mark, however the input is cut', async () => {
    const content = '\ufeffid,name\r\n1,"a ""b"", c"\r\n\r\n2,"two\nlines"\r\n';
    for (let chunk = 1; chunk < 60; chunk += 1) {
      const records = await readAll(content, { chunk });
      expect(records.map((record) => record.fields)).toEqual([
        { id: '1', name: 'a "b", c' },
        { id: '2', name: 'two\nlines' },
      ]);
      expect(records[0]?.json).toBe('{"id":"1","name":"a \\"b\\", c"}');
      expect(records[0]?.lineNumber).toBe(2);
    }
  });

  test('takes another delimiter', async () => {
    expect((await readAll('a\tb\n1\t2,3\n', { delimiter: '\t' }))[0]?.fields).toEqual({
      a: '1',
      b: '2,3',
    });
  });

  test('keeps a column called __proto__ a column', async () => {
    const [record] = await readAll('__proto__,b\n1,2\n');
    expect(Object.hasOwn(record?.fields ?? {}, '__proto__')).toBe(true);
    expect(record?.json).toBe('{"__proto__":"1","b":"2"}');
  });

  test('reads thousands of rows in order', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => `${index},v${index}`);
    const records = await readAll(`k,v\n${rows.join('\n')}`, { chunk: 777 });
    expect(records.map((record) => record.fields['k'])).toEqual(rows.map((_, index) => `${index}`));
  });

  test.each([
    ['a,b\n1,2\n3\n', /in\.csv: .*line 3/],
    ['a,a\n1,2\n', /names the column "a" twice/],
    ['a,b\n1,"2\n', /in\.csv: /],
  ])('refuses %j', async (content, message) => {
    await expect(readAll(content)).rejects.toThrow(message);
  });

  test('reads nothing out of an empty file or a header alone', async () => {
    expect(await readAll('')).toEqual([]);
    expect(await readAll('a,b\n')).toEqual([]);
  });
});
