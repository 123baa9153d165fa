// All exhaustive drivers, and the metamorphic one, by the name that the program knows them by.

import { crashEvery } from './crash-every.js';
import { crashTwice } from './crash-twice.js';
import type { Driver } from './driver.js';
import { failEvery } from './fail-every.js';
import { flipBytes, flipEvery } from './flip-every.js';
import { limitEvery } from './limit-every.js';
import { metamorphic } from './metamorphic.js';
import { truncateEvery } from './truncate-every.js';

/** See the head of this file. */
export const DRIVERS: ReadonlyMap<string, Driver> = new Map<string, Driver>([
  ['crash-every', crashEvery],
  ['crash-twice', crashTwice],
  ['fail-every', failEvery],
  ['flip-every', flipEvery],
  ['flip-bytes', flipBytes],
  ['truncate-every', truncateEvery],
  ['limit-every', limitEvery],
  ['metamorphic', metamorphic],
]);
