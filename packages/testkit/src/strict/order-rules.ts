// The rules of the order of operations on the files of one database, as a state machine that every operation goes through.
// What it refuses would be a loss or a false answer after some crash, whether or not this run meets that crash.
//
//   I1  no write, truncation or second sync of a file after a sync of it failed; no write behind a write of it that failed
//   B13 no sync of a log or manifest that has nothing new, and one asynchronous sync of it at a time
//   B14 no acknowledgement of a durable write before the sync that covers it (`refuteDurable`)
//   W2  no sync of a log before those of the logs before it
//   W8  no log is written over before the edit that retired it is durable
//   W11 no write to a log, table or manifest that was there before this opening
//   M1  no removal of a file that a manifest in force names, in any state that a crash may bring back
//   M4  a manifest and its name are on disk, and so is the temporary file, before that is renamed to CURRENT
//   M5  a table or log and its name are on disk before an edit names it; a file has its content before its name
//   M7  nothing that was found is removed before a manifest of this opening is in force
//   T   no write to a table after its sync, to a log after its end, to a manifest after it was replaced
//   P14 no read of a file whose name was removed
//
// Failed operations count as they may have turned out: a failed rename or sync of the directory leaves both states possible.

import { FILE_HEADER_SIZE_BYTES, FileHistory, RecordType, recordIn } from './file-history.js';
import {
  applyFileEdit,
  decodeFileEdit,
  type FileEdit,
  type LiveFiles,
  NO_FILES,
} from './manifest-edits.js';

/** A manifest that this process writes: the states that its edits lead to, and how many of those are durable. */
interface ManifestHistory {
  readonly file: FileHistory;
  readonly edits: { readonly state: LiveFiles; readonly writeCount: number }[];
}

/** What CURRENT may name after a crash: a manifest of this opening, or whatever it named before. */
type Target = ManifestHistory | 'found';

/** Content of a temporary file that is to become CURRENT. */
const CURRENT_LINE = /^(MANIFEST-\d{6,16})\n$/;
const KEPT_NAMES = /^(?:\d{6,16}\.(?:log|sst)|MANIFEST-\d{6,16}|CURRENT)$/;
const TEXT_SIZE_BYTES_MAX = 64;

/** See the head of this file. `refuse` is told what is wrong, by the label of its rule. */
export class OrderRules {
  readonly #files = new Map<string, FileHistory>();
  readonly #refuse: (label: string, text: string) => void;
  readonly #manifests = new Map<FileHistory, ManifestHistory>();
  readonly #texts = new Map<FileHistory, string>();
  #targets: Target[] = ['found'];
  /** Renames to CURRENT that no sync of the directory has covered. */
  #pendingTarget: { readonly target: Target; readonly nameCount: number } | null = null;
  #nameCount = 0;

  constructor(refuse: (label: string, text: string) => void) {
    this.#refuse = refuse;
  }

  /** A process opens the database: what is there now was there before. `names`: of all files in the directory. */
  begin(names: readonly string[]): void {
    for (const name of names) this.find(name).isInherited = true;
    this.#manifests.clear();
    this.#targets = ['found'];
    this.#pendingTarget = null;
  }

  /** The file of a name; one that was never heard of has been there before, durably. */
  find(name: string): FileHistory {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const found = new FileHistory(name, true);
    this.#files.set(name, found);
    return found;
  }

  created(name: string): void {
    const file = new FileHistory(name, false);
    this.#nameGiven(file);
    this.#files.set(name, file);
    if (file.isManifest) this.#manifests.set(file, { file, edits: [] });
  }

  beforeRead(file: FileHistory): void {
    if (file.isRemoved) this.#refuse('P14', `a read of ${file.name}, whose name was removed`);
  }

  /** Gives the number of the write, for `afterWrite`. */
  beforeWrite(file: FileHistory, bytes: Uint8Array, position: number): void {
    if (!isFillAfterFailure(file, bytes)) this.#checkWritable(file, position);
    file.writeCount += 1;
    if (position === 0) file.headerCount = file.writeCount;
    if (bytes.length <= TEXT_SIZE_BYTES_MAX)
      this.#texts.set(file, Buffer.from(bytes).toString('latin1'));
    if (!file.isLog && !file.isManifest) return;
    const record = recordIn(bytes, position);
    if (record === null) return;
    file.unsyncedRecords.push({ ...record, writeCount: file.writeCount });
    if (record.type === RecordType.end) file.isSealed = true;
    if (record.type === RecordType.edit) this.#noteEdit(file, decodeFileEdit(record.payload));
  }

  beforeTruncate(file: FileHistory): void {
    this.#checkWritable(file, 0);
    file.writeCount += 1;
  }

  /** Zeros that a log was to be filled with ahead of its records leave nothing that could be taken for one. */
  writeFailed(file: FileHistory, bytes: Uint8Array, position: number): void {
    const isFill = (file.isLog || file.isManifest) && recordIn(bytes, position) === null;
    if (file.failure === 'none' && (!isFill || position === 0)) file.failure = 'write';
  }

  /** Gives what `synced` has to be told. */
  beforeSync(file: FileHistory, form: 'sync' | 'async'): number {
    const { name } = file;
    if (file.failure === 'sync') this.#refuse('I1', `a second sync of ${name} after one failed`);
    if (file.isInherited && KEPT_NAMES.test(name))
      this.#refuse('W11', `a sync of ${name}, which was found`);
    if (file.isLog || file.isManifest) {
      if (!file.hasNews && file.runningSyncCount === 0) {
        this.#refuse('B13', `a sync of ${name}, in which nothing is new`);
      }
      if (form === 'async' && file.runningSyncCount > 0) {
        this.#refuse('B13', `a sync of ${name} while another one runs`);
      }
    }
    if (file.isLog) this.#checkOlderLogs(file);
    if (form === 'async') file.runningSyncCount += 1;
    return file.writeCount;
  }

  synced(file: FileHistory, form: 'sync' | 'async', writeCount: number): void {
    if (form === 'async') file.runningSyncCount -= 1;
    file.noteSynced(writeCount);
  }

  syncFailed(file: FileHistory, form: 'sync' | 'async'): void {
    if (form === 'async') file.runningSyncCount -= 1;
    file.failure = 'sync';
  }

  beforeRename(from: string, to: string): void {
    const file = this.find(from);
    if (!file.isDurable)
      this.#refuse('M5', `${from} gets the name ${to} before its content is on disk`);
    if (file.isLog) this.#checkUnneeded(file, 'W8', `${from} becomes ${to}`);
    if (to === 'CURRENT') this.#checkCurrent(file);
  }

  renamed(from: string, to: string): void {
    const file = this.find(from);
    this.#files.delete(from);
    const replaced = this.#files.get(to);
    if (replaced !== undefined) replaced.isRemoved = true;
    file.name = to;
    file.isInherited = false;
    this.#files.set(to, file);
    this.#nameGiven(file);
    const target = to === 'CURRENT' ? this.#noteCurrent(file) : undefined;
    if (target !== undefined) this.#pendingTarget = { target, nameCount: this.#nameCount };
  }

  /** The rename may have happened all the same, and no sync will tell. */
  renameFailed(from: string, to: string): void {
    if (to === 'CURRENT') this.#noteCurrent(this.find(from));
  }

  beforeRemove(name: string): void {
    const file = this.find(name);
    if (KEPT_NAMES.test(name)) this.#checkUnneeded(file, 'M1', `${name} is removed`);
  }

  removed(name: string): void {
    const file = this.find(name);
    file.isRemoved = true;
    this.#files.delete(name);
  }

  /** Gives what `directorySynced` and `directorySyncFailed` have to be told. */
  beforeDirectorySync(): number {
    return this.#nameCount;
  }

  directorySynced(nameCount: number): void {
    for (const file of this.#files.values()) {
      if (file.nameState === 'pending' && file.nameCount <= nameCount) file.nameState = 'durable';
    }
    const pending = this.#pendingTarget;
    if (pending === null || pending.nameCount > nameCount) return;
    this.#targets = [pending.target];
    this.#pendingTarget = null;
  }

  /** What it should have covered will not be covered by the next one either, nor by one that runs meanwhile. */
  directorySyncFailed(nameCount: number): void {
    for (const file of this.#files.values()) {
      if (file.nameState === 'pending' && file.nameCount <= nameCount) file.nameState = 'lost';
    }
    if (this.#pendingTarget !== null && this.#pendingTarget.nameCount <= nameCount) {
      this.#pendingTarget = null;
    }
  }

  /** Why a write that `isPart` recognizes, in a record of a log, is not durable; null if it is. */
  refuteDurable(isPart: (payload: Uint8Array) => boolean): string | null {
    for (const file of this.#files.values()) {
      if (!file.isLog || file.isInherited) continue;
      const isUnsynced = file.unsyncedRecords.some(
        ({ type, payload }) => type === RecordType.batch && isPart(payload),
      );
      // What a table has durably needs no log any more.
      if (isUnsynced && this.#isNeeded(file))
        return `its record in ${file.name} has not been synced`;
    }
    return null;
  }

  #checkWritable(file: FileHistory, position: number): void {
    const { name } = file;
    if (file.isInherited && KEPT_NAMES.test(name)) {
      this.#refuse('W11', `a write to ${name}, which was found`);
    }
    if (file.isLog && position === 0) {
      this.#checkUnneeded(file, 'W8', `${name} is written over`);
      file.recycle();
    }
    if (position <= FILE_HEADER_SIZE_BYTES) file.beginAgain();
    const { failure } = file;
    if (failure !== 'none') {
      this.#refuse('I1', `a write to ${name} after a ${failure} of it failed`);
    }
    if (file.isSealed) this.#refuse('T', `a write to ${name}, which was finished`);
    const manifest = this.#manifests.get(file);
    if (manifest === undefined || manifest.edits.length === 0) return;
    const isReplaced =
      this.#targets.length === 1 &&
      this.#targets[0] !== 'found' &&
      this.#targets[0]!.file.fileNumber > file.fileNumber;
    if (isReplaced) this.#refuse('T', `a write to ${name}, which was replaced`);
  }

  #noteEdit(file: FileHistory, edit: FileEdit): void {
    const manifest = this.#manifests.get(file);
    if (manifest === undefined) return;
    const names = [
      ...edit.tablesAdded.map(({ fileNumber }) => `${digits(fileNumber)}.sst`),
      ...edit.logsAdded.map((fileNumber) => `${digits(fileNumber)}.log`),
    ];
    for (const name of names) this.#checkDurable(name, `${file.name} names it`);
    const before = manifest.edits.at(-1)?.state ?? NO_FILES;
    manifest.edits.push({ state: applyFileEdit(before, edit), writeCount: file.writeCount });
  }

  #checkDurable(name: string, when: string): void {
    const file = this.#files.get(name);
    if (file === undefined) {
      this.#refuse('M5', `${name} does not exist when ${when}`);
      return;
    }
    // The log of this opening is being written to when a manifest that begins with the whole state names it again.
    const isContentDurable = file.isLog ? file.failure !== 'sync' : file.isDurable;
    if (!isContentDurable) this.#refuse('M5', `the content of ${name} is not on disk when ${when}`);
    if (file.nameState !== 'durable')
      this.#refuse('M5', `the name of ${name} is not on disk when ${when}`);
  }

  #checkCurrent(temporary: FileHistory): void {
    const name = CURRENT_LINE.exec(this.#texts.get(temporary) ?? '')?.[1];
    const manifest = name === undefined ? undefined : this.#files.get(name);
    if (manifest === undefined) {
      this.#refuse('M4', 'CURRENT is to name no manifest');
      return;
    }
    const { edits } = this.#manifests.get(manifest) ?? { edits: [] };
    if (edits.length === 0 || edits[0]!.writeCount > manifest.syncedCount) {
      this.#refuse('M4', `${name} is not on disk when CURRENT is to name it`);
    }
    if (manifest.nameState !== 'durable') {
      this.#refuse('M4', `the name of ${name} is not on disk when CURRENT is to name it`);
    }
  }

  /** Adds what CURRENT may name from now on. */
  #noteCurrent(temporary: FileHistory): ManifestHistory | undefined {
    const name = CURRENT_LINE.exec(this.#texts.get(temporary) ?? '')?.[1];
    const file = name === undefined ? undefined : this.#files.get(name);
    const target = file === undefined ? undefined : this.#manifests.get(file);
    if (target === undefined) return undefined;
    this.#targets.push(target);
    return target;
  }

  #checkOlderLogs(log: FileHistory): void {
    for (const older of this.#files.values()) {
      if (!older.isLog || older.isInherited || older.fileNumber >= log.fileNumber) continue;
      const isBehind = older.unsyncedRecords.some(({ type }) => type === RecordType.batch);
      if (isBehind && this.#isNeeded(older)) {
        this.#refuse('W2', `a sync of ${log.name} before one of ${older.name}`);
      }
    }
  }

  #checkUnneeded(file: FileHistory, label: string, what: string): void {
    if (this.#isNeeded(file)) {
      const why = this.#targets.includes('found') ? ' or before a new manifest is in force' : '';
      this.#refuse(
        file.isInherited ? 'M7' : label,
        `${what} while a crash may bring back a state that names it${why}`,
      );
    }
  }

  /** Whether a recovery after a crash at this moment may ask for the file. */
  #isNeeded(file: FileHistory): boolean {
    return this.#targets.some((target) => {
      if (target === 'found') return file.isInherited;
      if (target.file === file || file.name === 'CURRENT') return true;
      if (file.isManifest) return false;
      const { syncedCount } = target.file;
      const durableIndex = target.edits.findLastIndex(
        ({ writeCount }) => writeCount <= syncedCount,
      );
      return target.edits.slice(Math.max(0, durableIndex)).some(({ state }) => {
        const numbers: { has(fileNumber: number): boolean } = file.isLog
          ? state.logs
          : state.tables;
        return numbers.has(file.fileNumber);
      });
    });
  }

  #nameGiven(file: FileHistory): void {
    this.#nameCount += 1;
    file.nameCount = this.#nameCount;
    file.nameState = 'pending';
  }
}

function digits(fileNumber: number): string {
  return String(fileNumber).padStart(6, '0');
}

/**
 * Zeros in a log, one of whose writes has failed: they are what a reader expects behind a torn record, and a log that is opened
 * again after its first record failed gets them before that record is written over.
 */
function isFillAfterFailure(file: FileHistory, bytes: Uint8Array): boolean {
  return file.isLog && file.failure === 'write' && bytes.every((byte) => byte === 0);
}
