// Opens a database and prints how many writes of holder.mjs it has without a gap; or LOCKED.

import { open } from '@varve/engine';

try {
  const db = await open(process.argv[2]);
  let count = 0;
  while (db.getSync(`write ${count + 1}`) !== undefined) count++;
  await db.close();
  console.log(count);
} catch (error) {
  console.log(error.code ?? error);
}
