import { expect, test } from 'vitest';
import { MAX_BATCH_SIZE_BYTES, MAX_KEY_SIZE_BYTES, MAX_VALUE_SIZE_BYTES } from './limits.js';

test('limits are those that the formats document', () => {
  expect(MAX_KEY_SIZE_BYTES).toBe(65_536);
  expect(MAX_VALUE_SIZE_BYTES).toBe(1_073_741_824);
  expect(MAX_BATCH_SIZE_BYTES).toBe(1_090_519_040);
});
