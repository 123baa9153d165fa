// Writes without end and prints the number of each write that was acknowledged, until it is killed.

import { open } from '@varve/engine';

const db = await open(process.argv[2], { durability: 'os' });
for (let number = 1; ; number++) {
  await db.put(`write ${number}`, 'acknowledged');
  if (number % 100 === 0) console.log(number);
}
