// What has happened to one file so far: how much of it a sync has covered, whether its name is on disk, what failed.

/** Records of a log as they were written, by what they hold. */
export const RecordType = { batch: 1, marker: 2, predecessor: 3, end: 4, edit: 5 } as const;

const HEADER_SIZE_BYTES = 16;
const LENGTH_OFFSET = 4;
const TYPE_OFFSET = 8;
/** The first 64 bytes of a log or manifest are its header. */
export const FILE_HEADER_SIZE_BYTES = 64;

/** One record that was written to a log or manifest. */
export interface WrittenRecord {
  readonly type: number;
  readonly payload: Uint8Array;
  /** The write of the file that it came with. */
  readonly writeCount: number;
}

/** See the head of this file. */
export class FileHistory {
  name: string;
  /** Whether it was there when the database was opened last: such a file is read, and never written to. */
  isInherited: boolean;
  /** Writes and truncations begun so far, and how many of them a sync has covered. */
  writeCount = 0;
  syncedCount = 0;
  /** The last write of its first bytes. */
  headerCount = 0;
  /** Whether the file can have this name after a power loss: `'lost'` when the sync that should see to it failed. */
  nameState: 'durable' | 'pending' | 'lost' = 'pending';
  /** Changes of names of the whole directory, this one included, when it got its name. */
  nameCount = 0;
  failure: 'none' | 'write' | 'sync' = 'none';
  isRemoved = false;
  /** A table after its sync, a log after its end record. */
  isSealed = false;
  /** Asynchronous syncs under way. */
  runningSyncCount = 0;
  /** Records no sync has covered, oldest first. */
  unsyncedRecords: WrittenRecord[] = [];

  constructor(name: string, isInherited: boolean) {
    this.name = name;
    this.isInherited = isInherited;
    if (isInherited) this.nameState = 'durable';
  }

  get isDurable(): boolean {
    return this.syncedCount === this.writeCount && this.failure !== 'sync';
  }

  /** Whether a sync has anything to cover but attestations, which nobody waits for. */
  get hasNews(): boolean {
    const isContent = ({ type }: WrittenRecord): boolean =>
      type !== RecordType.marker && type !== RecordType.end;
    return this.headerCount > this.syncedCount || this.unsyncedRecords.some(isContent);
  }

  get isLog(): boolean {
    return this.name.endsWith('.log');
  }

  get isTable(): boolean {
    return this.name.endsWith('.sst');
  }

  get isManifest(): boolean {
    return this.name.startsWith('MANIFEST-');
  }

  /** The number in its name; 0 when it has none. */
  get fileNumber(): number {
    return Number(/\d{6,}/.exec(this.name)?.[0] ?? 0);
  }

  /** A sync that began after `writeCount` writes has ended well. */
  noteSynced(writeCount: number): void {
    this.syncedCount = Math.max(this.syncedCount, writeCount);
    this.unsyncedRecords = this.unsyncedRecords.filter((record) => record.writeCount > writeCount);
    if (this.isTable) this.isSealed = true;
  }

  /** Is written again from its first record on: what a failed write left does not matter then. */
  beginAgain(): void {
    if (this.failure === 'write') this.failure = 'none';
  }

  /** Begins another life of the same file, as when a log is written over. */
  recycle(): void {
    this.isSealed = false;
    this.unsyncedRecords = [];
  }
}

/** The record that is the content of a write to a log or manifest; null for its header and for zeros. */
export function recordIn(
  bytes: Uint8Array,
  position: number,
): Omit<WrittenRecord, 'writeCount'> | null {
  if (position < FILE_HEADER_SIZE_BYTES || bytes.length < HEADER_SIZE_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint8(TYPE_OFFSET);
  const length = view.getUint32(LENGTH_OFFSET, true);
  if (type === 0 || HEADER_SIZE_BYTES + length !== bytes.length) return null;
  return { type, payload: bytes.slice(HEADER_SIZE_BYTES) };
}
