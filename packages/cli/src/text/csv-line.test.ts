// Approach: whatever is written is read back equal by the reader of `varve import`.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsv } from '../records/csv.js';
import { csvLine } from './csv-line.js';

describe('csvLine', () => {
  test.each([
    [['a', 'b'], 'a,b'],
    [['a,b', 'say "x"'], '"a,b","say ""x"""'],
    [['line\nend', ' space '], '"line\nend"," space "'],
    [['a\rb', 'c\ufeff'], '"a\rb","c\ufeff"'],
    [[''], '""'],
  ])('%j is %j', (fields, line) => expect(csvLine(fields)).toBe(line));

  test('is read back equal, whatever the text', async () => {
    const text = fc.string({ unit: 'binary' });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1 }), async (rows) => {
        const content = ['key,value', ...rows.map(csvLine)].join('\n');
        const chunks = (async function* () {
          yield new TextEncoder().encode(content);
        })();
        const read: unknown[] = [];
        for await (const run of readCsv(chunks, { inputName: 'in', delimiter: ',' })) {
          read.push(...run.map((record) => [record.fields['key'], record.fields['value']]));
        }
        expect(read).toEqual(rows);
      }),
    );
  });
});
