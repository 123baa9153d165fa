// What a writing child said, as a ledger.

import type { LegChild } from './child.js';
import { keyFor, Ledger, valueFor } from './scratch.js';

/** As in child-main.ts. */
const KEY_COUNT = 500;

/** Of writes that were under way when the process ended nothing is known: each may be there. */
export function ledgerOf({ lines }: LegChild): Ledger {
  const ledger = new Ledger();
  let last = -1;
  for (const line of lines) {
    const [word, number] = line.split(' ');
    if (word !== 'ack' && word !== 'refused') continue;
    const key = keyFor(Number(number) % KEY_COUNT);
    if (word === 'ack') ledger.acknowledge(key, valueFor(Number(number)));
    else ledger.refuse(key, valueFor(Number(number)));
    last = Math.max(last, Number(number));
  }
  for (let number = Math.max(0, last - 7); number <= last + 16; number++) {
    ledger.mayHold(keyFor(number % KEY_COUNT), valueFor(number));
  }
  return ledger;
}
