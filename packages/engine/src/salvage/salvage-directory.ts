/**
 * Saves what is provably intact in a damaged database into a new one, and tells what is lost. The damaged one is only read.
 *
 *   1. the manifest, or what is left of it: which tables and logs there are, and whose
 *   2. every log and table: the intact records and blocks, and what lies between them
 *   3. the newest version of every key, merged into tables of the deepest level of the new database
 *   4. its manifest, last: a salvage that was cut short leaves no database
 *
 * A table says whose it is, for when the manifest does not. Where that is damaged too, such a table gets a keyspace of its
 * own: put together, keys of different keyspaces could pass for each other.
 *
 * Files of another database are refused and reported, and so is what a failing disk does not give.
 */
import { type Random, StorageError } from '@varve/base';
import type { TableOwner } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import {
  DatabaseDirectory,
  logFileName,
  numberedFileName,
  parseFileName,
  tableFileName,
} from '../directory/index.js';
import { DEFAULT_KEYSPACE_ID, type KeyspaceMetadata } from '../manifest/index.js';
import {
  FOREIGN_FILE_REASON,
  type FoundFiles,
  type IdentifiedFile,
  isForeign,
} from './database-identity.js';
import {
  type DamagedDirectory,
  type KnownState,
  lossOfKnownTable,
  readKnownState,
} from './known-state.js';
import { lossOfFile } from './lost-file.js';
import { PatientFileSystem, type UnreadableRange } from './patient-file-system.js';
import { isDeviceFailure } from './read-failures.js';
import { salvageLogs } from './salvage-logs.js';
import { SalvageFindings, type SalvageProgress, type SalvageReport } from './salvage-report.js';
import { type SalvagedTable, salvageTable, type TableRequest } from './salvage-table.js';
import { SalvageTarget, type TargetKeyspace } from './salvage-target.js';
import { memorySource, type SalvageSource } from './source.js';

/** Encodings for keyspaces of which nothing is known. */
export interface LostEncodings {
  readonly keyEncoding: string;
  readonly valueEncoding: string;
}

/** Options of `salvageDirectory`. */
export interface SalvageDirectoryOptions {
  readonly fileSystem: FileSystem;
  readonly random: Random;
  /** Where tables go whose keyspace nothing tells. */
  readonly unassigned: 'apart' | 'default';
  readonly lostEncodings: LostEncodings;
  readonly onProgress?: (progress: SalvageProgress) => void;
  /** Lets other work run. */
  readonly yieldTurn: () => Promise<void>;
}

/** A log outranks every table: its entries have their sequences. */
const LOG_RANK = Number.MAX_SAFE_INTEGER;
const ENTRIES_PER_TURN = 4096;

/**
 * Salvages the database in `path` into the directory `target`, which is made.
 * @throws StorageError NOT_FOUND, ALREADY_EXISTS when something is in the target, INVALID_ARGUMENT when the target lies in
 * the source or there is no file of a database, IO, TOO_MANY_FILES, NO_SPACE
 */
export async function salvageDirectory(
  path: string,
  target: string,
  options: SalvageDirectoryOptions,
): Promise<SalvageReport> {
  const access = { access: 'readOnly', createIfMissing: false, owner: 'varve salvage' } as const;
  const strict = DatabaseDirectory.openSync(options.fileSystem, path, access);
  const fileSystem = new PatientFileSystem(options.fileSystem);
  const patient = DatabaseDirectory.openSync(fileSystem, path, access);
  try {
    const salvage = new Salvage({ strict, patient }, target, options);
    return await salvage.run(() => fileSystem.unreadableRanges());
  } finally {
    patient.close();
    strict.close();
  }
}

class Salvage {
  readonly #directory: DamagedDirectory;
  /** Of the two ways to read the directory that which suits everything but a whole manifest. */
  readonly #source: DatabaseDirectory;
  readonly #target: string;
  readonly #options: SalvageDirectoryOptions;
  readonly #findings = new SalvageFindings();
  /** By keyspace id. */
  readonly #sources = new Map<number, SalvageSource[]>();
  readonly #apart = new Map<number, SalvageSource>();
  /** By keyspace id: what tables say of keyspaces that no manifest knows. */
  readonly #owners = new Map<number, TableOwner>();
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(directory: DamagedDirectory, target: string, options: SalvageDirectoryOptions) {
    this.#directory = directory;
    this.#source = directory.patient;
    this.#target = target;
    this.#options = options;
  }

  async run(unreadableRanges: () => readonly UnreadableRange[]): Promise<SalvageReport> {
    const files = this.#findFiles();
    SalvageTarget.check(this.#options.fileSystem, this.#source.path, this.#target);
    const known = readKnownState(this.#directory, files, this.#findings);
    this.#noteMissing(known, files);
    this.#readLogs(known, files);
    await this.#readTables(known, files);
    const keyspaces = this.#keyspaces(known);
    const written = await this.#write(keyspaces);
    // Not before: tables are read once more while they are copied.
    for (const range of unreadableRanges()) this.#noteUnreadable(range);
    const { losses, notes, discardedBytes, readEntryCount } = this.#findings;
    const { manifest } = known;
    return { manifest, readEntryCount, ...written, losses, notes, discardedBytes };
  }

  #findFiles(): FoundFiles {
    const { fileSystem } = this.#options;
    const found = { table: new Set<number>(), log: new Set<number>(), manifest: [] as number[] };
    for (const name of fileSystem.listSync(this.#source.path)) {
      this.#addFile(found, name);
    }
    if (found.table.size + found.log.size + found.manifest.length === 0) {
      const { path } = this.#source;
      const message = `Cannot salvage ${path}: there is no file of a database in it`;
      throw new StorageError('INVALID_ARGUMENT', message, { file: path });
    }
    return { tables: found.table, logs: found.log, manifests: found.manifest };
  }

  #addFile(
    found: { table: Set<number>; log: Set<number>; manifest: number[] },
    name: string,
  ): void {
    const file = parseFileName(name);
    if (file === undefined || file.kind === 'temporary' || file.kind === 'spareLog') return;
    const status = this.#options.fileSystem.statSync(this.#source.pathOf(name));
    if (status.kind !== 'file') {
      this.#findings.notes.push(`${name}: is no regular file, and was not read`);
      return;
    }
    if (file.kind === 'manifest') found.manifest.push(file.fileNumber);
    else found[file.kind].add(file.fileNumber);
    // Tables are read twice: once to find what is intact, once to copy it.
    this.#totalBytes += file.kind === 'table' ? 2 * status.sizeBytes : 0;
  }

  #noteMissing(known: KnownState, { tables, logs }: FoundFiles): void {
    const { losses } = this.#findings;
    const reason = 'the file does not exist';
    for (const fileNumber of known.expectedTables) {
      if (!tables.has(fileNumber)) losses.push(lossOfKnownTable(known, { fileNumber, reason }));
    }
    for (const logId of known.logs) {
      if (!logs.has(logId)) {
        losses.push({ file: logFileName(logId), offset: 0, sizeBytes: 0, reason });
      }
    }
  }

  #readLogs(known: KnownState, files: FoundFiles): void {
    const numbers = [...files.logs].filter((logId) => logId >= known.minimumLogNumber);
    const logs = numbers.filter((fileNumber) => this.#isOurs(known, { kind: 'log', fileNumber }));
    const request = {
      logs: logs.sort((a, b) => a - b),
      databaseIds: known.databaseId === null ? [] : [known.databaseId],
      onRead: () => {},
    };
    const entries = salvageLogs(this.#source, request, this.#findings);
    for (const [keyspaceId, list] of entries) {
      const isDropped = !known.keyspaces.has(keyspaceId) && keyspaceId < known.nextKeyspaceId;
      if (!isDropped) this.#addSource(keyspaceId, memorySource(list, LOG_RANK));
    }
  }

  async #readTables(known: KnownState, files: FoundFiles): Promise<void> {
    const { fileSystem, yieldTurn } = this.#options;
    for (const fileNumber of [...files.tables].sort((a, b) => a - b)) {
      const { sizeBytes } = fileSystem.statSync(this.#source.pathOf(tableFileName(fileNumber)));
      const owner = known.tables.get(fileNumber);
      if (isObsolete(known, fileNumber) || !this.#isOurs(known, { kind: 'table', fileNumber })) {
        this.#totalBytes -= 2 * sizeBytes;
        continue;
      }
      const keyspace = owner && known.keyspaces.get(owner.keyspaceId)?.name;
      const request = { fileNumber, known: owner?.table ?? null, keyspace };
      const salvaged = this.#salvageTable(known, request);
      if (salvaged !== null) this.#addTable(fileNumber, salvaged, owner?.keyspaceId);
      this.#advance(sizeBytes);
      await yieldTurn();
    }
  }

  /** `null` also for a table that the disk does not open any more, which is reported. */
  #salvageTable(known: KnownState, request: TableRequest): SalvagedTable | null {
    try {
      return salvageTable(this.#source, request, this.#findings);
    } catch (error) {
      if (!isDeviceFailure(error)) throw error;
      const { fileNumber } = request;
      this.#loseFile(known, { kind: 'table', fileNumber }, error.message);
      return null;
    }
  }

  /** False for a file of another database, and for one that the disk does not open; both are reported. */
  #isOurs(known: KnownState, named: IdentifiedFile): boolean {
    // Every block of a table that the manifest knows proves itself by the identifier of the table.
    const isProven = named.kind === 'table' && known.tables.has(named.fileNumber);
    try {
      if (!isForeign(this.#source, named, known.databaseId) || isProven) return true;
      this.#loseFile(known, named, FOREIGN_FILE_REASON);
    } catch (error) {
      if (!isDeviceFailure(error)) throw error;
      this.#loseFile(known, named, error.message);
    }
    return false;
  }

  #loseFile(known: KnownState, named: IdentifiedFile, reason: string): void {
    const { kind, fileNumber } = named;
    const isKnown = kind === 'table' && known.tables.has(fileNumber);
    const loss = isKnown
      ? lossOfKnownTable(known, { fileNumber, reason })
      : lossOfFile(this.#source, { name: numberedFileName(named), reason });
    this.#findings.losses.push(loss);
  }

  /** Whatever a table lost is reported with its keys, and a manifest as a whole; records at the end of a log leave no trace. */
  #noteUnreadable({ path, offset, end, reason }: UnreadableRange): void {
    const file = path.slice(path.lastIndexOf('/') + 1);
    const { losses, notes } = this.#findings;
    const isLog = parseFileName(file)?.kind === 'log';
    if (isLog) losses.push({ file, offset, sizeBytes: end - offset, reason });
    else notes.push(`${file}: ${end - offset} bytes at offset ${offset}: ${reason}`);
  }

  /** Gives the table to the keyspace that the manifest says, or else to that which it says itself. */
  #addTable(fileNumber: number, { source, owner }: SalvagedTable, known?: number): void {
    const keyspaceId = known ?? owner?.keyspaceId;
    if (keyspaceId === undefined && this.#options.unassigned === 'apart') {
      this.#apart.set(fileNumber, source);
      return;
    }
    if (owner !== null && owner.keyspaceId === keyspaceId) this.#owners.set(keyspaceId, owner);
    this.#addSource(keyspaceId ?? DEFAULT_KEYSPACE_ID, source);
  }

  #addSource(keyspaceId: number, source: SalvageSource): void {
    const sources = this.#sources.get(keyspaceId) ?? [];
    this.#sources.set(keyspaceId, sources);
    sources.push(source);
  }

  /** The keyspaces of the new database, the default one first, ids ascending. */
  #keyspaces(known: KnownState): TargetKeyspace[] {
    const ids = new Set([DEFAULT_KEYSPACE_ID, ...known.keyspaces.keys(), ...this.#sources.keys()]);
    const names = new Set([...known.keyspaces.values()].map(({ name }) => name));
    const keyspaces: TargetKeyspace[] = [];
    const ascending = [...ids].sort((a, b) => a - b);
    for (const id of ascending) {
      const sources = this.#sources.get(id) ?? [];
      keyspaces.push({ sources, ...this.#metadataOf(known, id, names) });
    }
    let id = ascending.at(-1)! + 1;
    for (const [fileNumber, source] of this.#apart) {
      const metadata = this.#lostKeyspace(id, unusedName(`table-${fileNumber}`, names));
      keyspaces.push({ metadata, sources: [source], origin: 'apart' });
      id += 1;
    }
    return keyspaces;
  }

  /** What the manifest says of a keyspace, or else its tables. */
  #metadataOf(
    known: KnownState,
    id: number,
    names: Set<string>,
  ): Pick<TargetKeyspace, 'metadata' | 'origin'> {
    const metadata = known.keyspaces.get(id);
    if (metadata !== undefined) return { metadata, origin: 'manifest' };
    const lost = this.#lostKeyspace(id, 'default');
    const owner = this.#owners.get(id);
    if (owner === undefined) {
      const wanted = id === DEFAULT_KEYSPACE_ID ? 'default' : `keyspace-${id}`;
      return { metadata: { ...lost, name: unusedName(wanted, names) }, origin: 'made up' };
    }
    const { keyEncoding, valueEncoding } = owner;
    const name = unusedName(owner.keyspaceName, names);
    return { metadata: { ...lost, name, keyEncoding, valueEncoding }, origin: 'table' };
  }

  #lostKeyspace(id: number, name: string): KeyspaceMetadata {
    return { id, name, ...this.#options.lostEncodings, compression: 'lz4' };
  }

  async #write(
    keyspaces: readonly TargetKeyspace[],
  ): Promise<Pick<SalvageReport, 'keyspaces' | 'entryCount' | 'tableCount' | 'sizeBytes'>> {
    const { fileSystem, random, yieldTurn } = this.#options;
    const target = SalvageTarget.create(fileSystem, this.#target, { random, keyspaces });
    const readBytes = this.#doneBytes;
    const share = (this.#totalBytes - readBytes) / Math.max(this.#findings.readEntryCount, 1);
    let entryCount = 0;
    try {
      for (const keyspace of keyspaces) {
        for (const _ of target.write(keyspace)) {
          entryCount += 1;
          if (entryCount % ENTRIES_PER_TURN !== 0) continue;
          this.#doneBytes = Math.min(this.#totalBytes, readBytes + entryCount * share);
          this.#advance(0, entryCount);
          await yieldTurn();
        }
      }
      return await target.finish();
    } catch (error) {
      target.abandon();
      throw error;
    }
  }

  #advance(sizeBytes: number, writtenCount = 0): void {
    this.#doneBytes += sizeBytes;
    this.#options.onProgress?.({
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      entryCount: this.#findings.readEntryCount + writtenCount,
    });
  }
}

/** What a whole manifest does not name, and what any manifest says was replaced, is not part of the database. */
function isObsolete(known: KnownState, fileNumber: number): boolean {
  if (known.removedTables.has(fileNumber)) return true;
  return known.manifest === 'whole' && !known.tables.has(fileNumber);
}

function unusedName(wanted: string, names: Set<string>): string {
  let name = wanted;
  for (let attempt = 2; names.has(name); attempt++) name = `${wanted}-${attempt}`;
  names.add(name);
  return name;
}
