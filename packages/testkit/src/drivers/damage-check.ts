// Judges a database in which something was damaged on purpose: it answers as before, or it refuses, typed, and names the
// damaged file (rows T1 to T6, M2, M3, M9, W4; bars B4 to B6). A wrong value, a missing one, a hang or an error of another
// kind is a violation; so is a changed byte that nobody notices, except in the lock file, whose content is for people only.

import { createRandom, isStorageError, type StorageError } from '@varve/base';
import { type Database, verify } from '@varve/engine';
import type { FileSystem, MemoryFileSystem } from '@varve/vfs';
import { type BatchLog, type Bounds, presentIn, refutePresence } from './batch-log.js';
import { runThroughPoints } from './crash-points.js';
import { errorText, readEverything } from './image-check.js';
import { StepWorld } from './step-world.js';
import { DATABASE_PATH, openIn, type WorkloadShape } from './workload.js';

/** A database before anything is damaged. */
export interface Specimen {
  readonly name: 'closed' | 'crashed';
  readonly files: MemoryFileSystem;
  readonly log: BatchLog;
  readonly bounds: Bounds;
  /** The files it needs, without the directory: not those that opening would remove, such as a log made in advance. */
  readonly parts: readonly SpecimenPart[];
}

/** A file of a specimen, as far as it matters: behind the end of a log are zeros, or what an older log left there. */
export interface SpecimenPart {
  readonly name: string;
  readonly writtenSizeBytes: number;
}

/** What is damaged. */
export interface Damage {
  readonly text: string;
  /** Names of the files of which an error may speak. */
  readonly names: readonly string[];
  /**
   * `'shorter'`: all of the end of a log or manifest is gone with whatever attested it, as if the disk had lied (W3, §6).
   * Then a shorter prefix is allowed, and a refusal may name a file that is missing to what is left. Default: `'exact'`.
   */
  readonly allows?: 'exact' | 'shorter';
  readonly apply: (files: MemoryFileSystem) => void;
}

/** What came of it: `'inert'` when not even verification notices; a fault is a violation. */
export type Outcome =
  | { readonly kind: 'same' | 'refused' | 'inert' | 'shorter' }
  | { readonly kind: 'fault'; readonly text: string };

const REFUSALS: readonly string[] = ['CORRUPTION', 'UNSUPPORTED_FORMAT'];

/** What specimens are made of. */
export interface SpecimenOptions {
  readonly shape: Exclude<WorkloadShape, 'usual'>;
  readonly seed: number;
  readonly wrap?: ((inner: FileSystem) => FileSystem) | undefined;
}

/** Makes two databases: one that was closed, and one that stopped before the last sync of its log. */
export async function makeSpecimens({ shape, seed, wrap }: SpecimenOptions): Promise<Specimen[]> {
  let closed: Specimen | undefined;
  let crashed: Specimen | undefined;
  await runThroughPoints({
    ...{ seed, shape, wrap },
    onPoint: ({ text, files, log }) => {
      const isLogSync = text.startsWith('before syncData') && text.includes('.log');
      if (isLogSync) crashed = specimen('crashed', files, log);
      if (text === 'end') closed = specimen('closed', files, log);
    },
  });
  return Promise.all([closed!, crashed!].map(withNeededParts));
}

async function withNeededParts(specimen: Specimen): Promise<Specimen> {
  const parts: SpecimenPart[] = [];
  for (const { name, writtenSizeBytes } of specimen.parts) {
    const apply = (files: MemoryFileSystem): void => files.removeSync(`${DATABASE_PATH}/${name}`);
    const { kind } = await judgeDamage(specimen, { text: '', names: [name], apply });
    if (kind === 'inert') continue;
    const end = isAppendedTo(name)
      ? await endOfLog(specimen, name, writtenSizeBytes)
      : writtenSizeBytes;
    parts.push({ name, writtenSizeBytes: end });
  }
  return { ...specimen, parts };
}

/** Whether the last record of a file may be torn without being damage: of a log (W1) and of a manifest (M1). */
export function isAppendedTo(name: string): boolean {
  return name.endsWith('.log') || name.startsWith('MANIFEST-');
}

/** The place from which on zeros make no difference, found by halving. */
async function endOfLog(specimen: Specimen, name: string, sizeBytes: number): Promise<number> {
  let [low, high] = [0, sizeBytes];
  while (low < high) {
    const middle = (low + high) >> 1;
    const apply = (files: MemoryFileSystem): void =>
      changeBytes(files, name, (bytes) => bytes.fill(0, middle));
    const { kind } = await judgeDamage(specimen, { text: '', names: [name], apply });
    if (kind === 'inert') high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Changes bytes of a file in place. */
export function changeBytes(
  files: MemoryFileSystem,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): void {
  const file = files.openSync(`${DATABASE_PATH}/${name}`, 'write');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  const changed = change(bytes);
  file.truncateSync(changed.length);
  file.writeSync(changed, 0, changed.length, 0);
  file.closeSync();
}

/** Damages a copy of the specimen and judges what can be read of it. */
export async function judgeDamage(specimen: Specimen, damage: Damage): Promise<Outcome> {
  const world = new StepWorld();
  const files = specimen.files.crash('kill', createRandom(0), world);
  damage.apply(files);
  const pristine = files.crash('kill', createRandom(0));
  try {
    const outcome = await world.settle(readDamaged(specimen, damage, { world, files }));
    if (outcome.kind !== 'same') return outcome;
    return (await isNoticed(pristine)) ? outcome : { kind: 'inert' };
  } catch (error) {
    return { kind: 'fault', text: errorText(error) };
  }
}

function specimen(name: Specimen['name'], files: MemoryFileSystem, log: BatchLog): Specimen {
  const copy = files.crash('kill', createRandom(0));
  const bounds = log.bounds(name === 'closed' ? 'process' : 'machine');
  const parts = copy.listSync(DATABASE_PATH).map((part) => {
    return { name: part, writtenSizeBytes: copy.statSync(`${DATABASE_PATH}/${part}`).sizeBytes };
  });
  return { name, files: copy, log, bounds, parts };
}

interface DamagedPlace {
  readonly world: StepWorld;
  readonly files: MemoryFileSystem;
}

async function readDamaged(
  specimen: Specimen,
  damage: Damage,
  { world, files }: DamagedPlace,
): Promise<Outcome> {
  let db: Database;
  try {
    db = await openIn(world, files);
  } catch (error) {
    return judgeRefusal(error, damage);
  }
  try {
    return judgeContent(specimen, damage, readEverything(db));
  } catch (error) {
    const outcome = judgeRefusal(error, damage);
    return outcome.kind === 'fault' ? outcome : judgeSingleReads(specimen, damage, db);
  } finally {
    await db.close();
  }
}

function judgeRefusal(error: unknown, { names, allows }: Damage): Outcome {
  if (!isStorageError(error) || !REFUSALS.includes(error.code)) {
    return { kind: 'fault', text: `not a typed refusal: ${errorText(error)}` };
  }
  if (allows === 'shorter' || names.some((name) => isAbout(error, name)))
    return { kind: 'refused' };
  return { kind: 'fault', text: `names another file: ${errorText(error)} (${error.file})` };
}

function isAbout(error: StorageError, name: string): boolean {
  return error.file?.endsWith(name) === true || error.message.includes(name);
}

/** Everything must be there; of a database that crashed, what is certain. */
function judgeContent(
  { name, log, bounds }: Specimen,
  { allows }: Damage,
  found: Map<string, string>,
): Outcome {
  const present = presentIn(found);
  const allowed = allows === 'shorter' ? { ...bounds, certainCount: 0 } : bounds;
  const fault = log.refuteContent(found) ?? refutePresence(present, allowed);
  if (fault !== null) return { kind: 'fault', text: fault };
  const isShorter = present.length < log.issuedIndexes().length;
  if (isShorter && name === 'closed' && allows !== 'shorter') {
    return { kind: 'fault', text: `only batches up to ${present.at(-1)} were found` };
  }
  return { kind: isShorter ? 'shorter' : 'same' };
}

/** Keys in other places than the damaged one still have their values (T1). */
function judgeSingleReads({ log }: Specimen, damage: Damage, db: Database): Outcome {
  for (const [key, value] of log.fold(log.issuedIndexes())) {
    try {
      const got = db.getSync(key);
      if (got !== value) return { kind: 'fault', text: `${key} is ${String(got).slice(0, 20)}` };
    } catch (error) {
      const outcome = judgeRefusal(error, damage);
      if (outcome.kind === 'fault') return outcome;
    }
  }
  return { kind: 'refused' };
}

async function isNoticed(files: MemoryFileSystem): Promise<boolean> {
  try {
    return (await verify(DATABASE_PATH, { fileSystem: files })).damage.length > 0;
  } catch {
    return true;
  }
}
