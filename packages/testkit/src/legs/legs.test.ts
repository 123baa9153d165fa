// A round or two of each leg that takes seconds. The program beside it (main.ts) does as many as wanted.

import { existsSync } from 'node:fs';
import { createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { builtFolder } from './child.js';
import type { Leg } from './leg.js';
import { LEGS } from './legs.js';
import { keyFor, Ledger, valueFor } from './scratch.js';

const SEED = 3;

// The processes that are started run what was built.
describe.runIf(existsSync(builtFolder()))('The legs', () => {
  test.each([
    { row: 'B17, I5', name: 'full-disk' },
    { row: 'B16, P2', name: 'openers' },
    { row: 'P1', name: 'stopped' },
    { row: 'I5, I6', name: 'limits' },
    { row: 'B18, I11', name: 'read-only' },
  ])('$row: $name finds nothing', async ({ name }) => {
    const { leg, quickCount } = LEGS.get(name)! as { leg: Leg; quickCount: number };
    const report = await leg({ random: createRandom(SEED), roundCount: quickCount });
    if (report.skipped !== null) console.warn(`${name} SKIPPED: ${report.skipped}`);
    // How long things took is judged by the program, on a machine that does nothing else.
    expect(report.violations.filter((violation) => !/\d ms$/.test(violation))).toEqual([]);
  });
});

describe('Ledger', () => {
  function storeOf(entries: Readonly<Record<string, string>>) {
    return { getSync: (key: string) => entries[key] };
  }

  test('accepts what was acknowledged, and what was refused after it', () => {
    const ledger = new Ledger();
    ledger.refuse('a', '0');
    ledger.acknowledge('a', '1');
    ledger.refuse('a', '2');
    ledger.refuse('b', '3');
    expect(ledger.findLoss(storeOf({ a: '1' }))).toBeNull();
    expect(ledger.findLoss(storeOf({ a: '2', b: '3' }))).toBeNull();
  });

  test('finds what is lost, what is older, and what nobody wrote', () => {
    const ledger = new Ledger();
    ledger.refuse('a', '0');
    ledger.acknowledge('a', '1');
    expect(ledger.findLoss(storeOf({}))).toContain('found undefined');
    expect(ledger.findLoss(storeOf({ a: '0' }))).toContain('acknowledged 1');
    ledger.refuse('b', '3');
    expect(ledger.findLoss(storeOf({ a: '1', b: '4' }))).toContain('found 4');
  });

  test('keys and values differ from number to number', () => {
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    expect(new Set(numbers.map(keyFor)).size).toBe(1000);
    expect(new Set(numbers.map(valueFor)).size).toBe(1000);
  });
});
