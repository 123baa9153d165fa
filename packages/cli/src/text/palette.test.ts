import { describe, expect, test } from 'vitest';
import { createPalette } from './palette.js';

describe('createPalette', () => {
  test.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s with %j: colour %s', (isTTY, environment, isColored) => {
    const styled = createPalette({ isTTY }, environment).bad('x');
    expect(styled !== 'x').toBe(isColored);
  });
});
