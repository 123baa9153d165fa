// Opening a crashed database read-only changes no byte of it (B18): of images in memory that a power loss left, every name,
// size and content is compared before and after, and what is read with what recovery then finds.

import { initializeChecksums } from '@varve/base';
import { type Database, open } from '@varve/engine';
import { MemoryFileSystem } from '@varve/vfs';
import { count, emptyReport, type Leg, type LegReport, runRounds } from './leg.js';
import { keyFor, SMALL_OPTIONS, valueFor } from './scratch.js';

const DIRECTORY = '/database';
const IMAGES_PER_ROUND = 20;
const MODELS = ['kill', 'drop', 'ordered', 'posix'] as const;
const KEY_COUNT = 300;

/** See the head of this file. A round: some writes, and 20 images of different moments among them. */
export const readOnly: Leg = async (options) => {
  await initializeChecksums();
  const report = emptyReport();
  const { random } = options;
  await runRounds(options, report, async () => {
    const memory = new MemoryFileSystem();
    const database = await openIn(memory);
    for (let image = 0; image < IMAGES_PER_ROUND; image++) {
      for (let write = random.below(40); write >= 0; write--) {
        const number = random.below(1 << 20);
        const durability = (['always', 'os', 'none'] as const)[random.below(3)]!;
        void database.put(keyFor(number % KEY_COUNT), valueFor(number), { durability });
        if (random.below(5) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const model = MODELS[random.below(MODELS.length)]!;
      await checkImage(memory.crash(model, random), report);
    }
    await database.close();
  });
  return report;
};

async function checkImage(image: MemoryFileSystem, report: LegReport): Promise<void> {
  const before = image.fingerprint();
  const names = image.listSync(DIRECTORY).join();
  const reader = await openIn(image, { readOnly: true });
  const seen = JSON.stringify([...reader.entries()]);
  await reader.close();
  count(report, 'images');
  if (image.fingerprint() !== before || image.listSync(DIRECTORY).join() !== names) {
    report.violations.push('opening read-only changed the directory');
  }
  const writer = await openIn(image);
  const found = JSON.stringify([...writer.entries()]);
  await writer.close();
  if (found !== seen)
    report.violations.push('read-only, something else is read than recovery finds');
}

async function openIn(
  fileSystem: MemoryFileSystem,
  { readOnly: isReadOnly = false } = {},
): Promise<Database> {
  const options = {
    ...SMALL_OPTIONS,
    fileSystem,
    readOnly: isReadOnly,
    backgroundThreads: 0,
  } as const;
  return (await open(DIRECTORY, options)) as Database;
}
