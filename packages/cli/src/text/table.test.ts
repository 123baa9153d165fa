import { describe, expect, test } from 'vitest';
import { createPalette } from './palette.js';
import { renderFacts, renderTable } from './table.js';

const plain = createPalette({ isTTY: false }, {});
const colored = createPalette({ isTTY: true }, {});

describe('renderTable', () => {
  test('aligns columns by what a terminal shows', () => {
    const text = renderTable(
      [{ title: 'name' }, { title: 'people', align: 'right' }],
      [
        ['Zürich', '341,730'],
        ['東京', '8,336,599'],
      ],
      plain,
    );
    expect(text.split('\n')).toEqual([
      'name       people',
      'Zürich    341,730',
      '東京    8,336,599',
    ]);
  });

  test('does not count colours as width', () => {
    const columns = [{ title: 'a' }, { title: 'b' }];
    const text = renderTable(
      columns,
      [
        [colored.key('x'), 'y'],
        ['longer', 'z'],
      ],
      plain,
    );
    expect(text.split('\n')[1]).toBe(`${colored.key('x')}       y`);
  });

  test('is a heading alone without rows', () => {
    expect(renderTable([{ title: 'name' }], [], plain)).toBe('name');
  });
});

describe('renderFacts', () => {
  test('aligns the values', () => {
    expect(
      renderFacts(
        [
          ['path', './data'],
          ['tables', '12'],
        ],
        plain,
      ),
    ).toBe('path    ./data\ntables  12');
  });
});
