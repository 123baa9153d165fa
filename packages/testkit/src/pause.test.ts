import { describe, expect, test } from 'vitest';
import { pause, within } from './pause.js';

describe('within', () => {
  test('gives what comes in time', async () => {
    expect(await within(60_000, Promise.resolve('x'))).toBe('x');
    await expect(within(60_000, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  test('says when nothing comes', async () => {
    expect(await within(1, new Promise(() => {}))).toBe('late');
  });
});

describe('pause', () => {
  test('resolves by itself', () => pause(1));
});
