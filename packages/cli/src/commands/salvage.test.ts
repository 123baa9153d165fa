// Approach: one store with a table and a log, whole and with one byte flipped.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { open } from '../store/engine-api.js';
import { useTemporaryStore } from '../testing/temporary-store.js';

const store = useTemporaryStore();

beforeEach(async () => {
  // No threads: they cannot load the engine from its source.
  await using database = await open(store.directory, { backgroundThreads: 0 });
  for (let index = 0; index < 500; index += 1) {
    await database.put(`key ${index}`, `value ${index}`, { durability: 'os' });
  }
  await database.flush();
  await database.put('in the log', 'yes');
});

function flipByteOfTable() {
  const name = readdirSync(store.directory).find((file) => file.endsWith('.sst'))!;
  const path = join(store.directory, name);
  const bytes = readFileSync(path);
  bytes[100] = bytes[100]! ^ 0x40;
  writeFileSync(path, bytes);
  return name;
}

describe('varve salvage', () => {
  test('copies a whole store and says that nothing was lost', async () => {
    const target = store.pathOf('saved');
    const { stdout } = await store.runWell(['salvage', 'DIR', target]);
    expect(stdout).toMatch(/^manifest\s+whole\n/);
    expect(stdout).toContain(`✓ Everything is in ${target}; nothing was lost`);
    expect((await store.runWell(['get', target, 'in the log'])).stdout).toBe('yes\n');
    expect((await store.runWell(['get', target, 'key 17'])).stdout).toBe('value 17\n');
  });

  test('ends with 1 where something was lost, and names it', async () => {
    const name = flipByteOfTable();
    const target = store.pathOf('saved');
    const { exitCode, stdout } = await store.run(['salvage', 'DIR', target]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✗ Lost: 1 range in 1 file.');
    expect(stdout).toMatch(new RegExp(`${name}\\s+0\\s.*key 0 … .*a damaged block`));
    expect((await store.runWell(['verify', target])).stdout).toContain('✓ No damage');
  });

  test('answers as JSON', async () => {
    flipByteOfTable();
    const { stdout } = await store.run(['salvage', 'DIR', store.pathOf('saved'), '--json']);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ isComplete: false, manifest: 'whole', notes: [] });
    expect(answer.losses[0].firstKeyHex).toBe(Buffer.from('key 0').toString('hex'));
    expect(answer.entryCount + answer.losses[0].entryCount).toBe(501);
  });

  test('refuses a directory that is not empty', async () => {
    const { exitCode, stderr } = await store.run(['salvage', 'DIR', store.pathOf('.')]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('it is not empty');
  });
});
