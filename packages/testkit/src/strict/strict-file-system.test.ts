import { ByteWriter } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { OrderError, StrictFileSystem } from './strict-file-system.js';

const HEADER_SIZE_BYTES = 64;
const BATCH = 1;
const MARKER = 2;
const END = 4;
const EDIT = 5;

/** Does what the engine does to its files, one call at a time. */
class Actor {
  readonly memory = new MemoryFileSystem();
  readonly faulty = new FaultyFileSystem(this.memory);
  readonly files = new StrictFileSystem(this.faulty);
  readonly #ends = new Map<string, number>();

  constructor() {
    this.memory.makeDirectorySync('/db');
    this.open();
  }

  open(): void {
    this.files.lockSync('/db/LOCK', 'test').release();
  }

  create(name: string, content: Uint8Array = new Uint8Array(HEADER_SIZE_BYTES)): void {
    const file = this.files.openSync(`/db/${name}`, 'create');
    file.writeSync(content, 0, content.length, 0);
    file.closeSync();
    this.#ends.set(name, content.length);
  }

  append(name: string, type: number, payload: Uint8Array = new Uint8Array(0)): void {
    const bytes = new Uint8Array(16 + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(4, payload.length, true);
    view.setUint8(8, type);
    bytes.set(payload, 16);
    const position = this.#ends.get(name) ?? HEADER_SIZE_BYTES;
    const file = this.files.openSync(`/db/${name}`, 'write');
    file.writeSync(bytes, 0, bytes.length, position);
    file.closeSync();
    this.#ends.set(name, position + bytes.length);
  }

  batch(name: string, text: string, sequence = 1): void {
    const payload = Buffer.alloc(12 + text.length);
    payload.writeUInt32LE(sequence, 0);
    payload.write(text, 12, 'latin1');
    this.append(name, BATCH, payload);
  }

  /** Appends an edit; each field is a tag and its numbers. */
  edit(name: string, ...fields: readonly (readonly [tag: number, ...values: number[]])[]): void {
    const payload = new ByteWriter();
    payload.bytes(new Uint8Array(8));
    for (const [tag, ...values] of fields) {
      payload.varint(tag);
      payload.varint(values.length);
      for (const value of values) payload.varint(value);
    }
    this.append(name, EDIT, payload.toBytes());
  }

  sync(name: string): void {
    const file = this.files.openSync(`/db/${name}`, 'write');
    file.syncDataSync();
    file.closeSync();
  }

  syncDirectory(): void {
    this.files.syncDirectorySync('/db');
  }

  rename(from: string, to: string): void {
    this.files.renameSync(`/db/${from}`, `/db/${to}`);
    this.#ends.set(to, this.#ends.get(from)!);
  }

  remove(name: string): void {
    this.files.removeSync(`/db/${name}`);
  }

  table(number: string): void {
    this.create(`${number}.sst`);
    this.sync(`${number}.sst`);
    this.syncDirectory();
  }

  log(number: string): void {
    this.create(`${number}.tmp`);
    this.sync(`${number}.tmp`);
    this.rename(`${number}.tmp`, `${number}.log`);
    this.syncDirectory();
  }

  manifest(number: string, ...fields: Parameters<Actor['edit']>[1][]): void {
    this.create(`MANIFEST-${number}`);
    this.edit(`MANIFEST-${number}`, ...fields);
  }

  current(number: string): void {
    this.create(`${number}.tmp`, Buffer.from(`MANIFEST-${number}\n`));
    this.sync(`${number}.tmp`);
    this.rename(`${number}.tmp`, 'CURRENT');
  }

  /** A database with log 1, and table 2 in level 0, whose manifest is 11. */
  database(): void {
    this.log('000001');
    this.table('000002');
    this.manifest('000011', LOG_1, TABLE_2);
    this.sync('MANIFEST-000011');
    this.syncDirectory();
    this.current('000011');
    this.syncDirectory();
  }
}

const LOG_1 = [9, 1] as const;
const TABLE_2 = [15, 0, 0, 2] as const;

let actor: Actor;

beforeEach(() => {
  actor = new Actor();
});

/** Makes the next sync, write or sync of a directory fail. */
function failNext(
  operation: 'syncData' | 'write' | 'syncDirectory' | 'rename',
  errno: 'EIO' | 'EMFILE' = 'EIO',
): void {
  actor.faulty.clearRules();
  actor.faulty.addRule({ operation, effect: { kind: 'error', errno } });
}

describe('StrictFileSystem lets pass', () => {
  test('a name that is made durable after the directory could not be opened for that', () => {
    actor.database();
    actor.create('000004.sst');
    actor.sync('000004.sst');
    failNext('syncDirectory', 'EMFILE');
    expect(() => actor.syncDirectory()).toThrow('too many open files');
    actor.syncDirectory();
    actor.edit('MANIFEST-000011', [15, 0, 0, 4]);
    actor.files.assertFaultless();
  });

  test('the life of a database', () => {
    actor.database();
    actor.batch('000001.log', 'first');
    actor.sync('000001.log');
    actor.append('000001.log', MARKER);
    actor.log('000003');
    actor.edit('MANIFEST-000011', [9, 3]);
    actor.sync('MANIFEST-000011');
    actor.append('000001.log', END);
    actor.batch('000003.log', 'second');
    actor.sync('000003.log');
    actor.table('000004');
    actor.edit('MANIFEST-000011', [15, 0, 0, 4], [7, 3]);
    actor.sync('MANIFEST-000011');
    actor.remove('000001.log');
    actor.table('000005');
    actor.edit('MANIFEST-000011', [17, 0, 0, 2], [17, 0, 0, 4], [15, 0, 1, 5]);
    actor.sync('MANIFEST-000011');
    actor.remove('000002.sst');
    actor.remove('000004.sst');
    actor.files.assertFaultless();
  });

  test('an opening, which leaves what it found as it is until a new manifest is in force', () => {
    actor.database();
    actor.open();
    actor.log('000012');
    actor.manifest('000022', [9, 12], TABLE_2);
    actor.sync('MANIFEST-000022');
    actor.syncDirectory();
    actor.current('000022');
    actor.syncDirectory();
    actor.remove('MANIFEST-000011');
    actor.remove('000001.log');
    actor.files.assertFaultless();
  });

  test('a log that is written over after the edit which retired it is durable', () => {
    actor.database();
    actor.log('000003');
    actor.edit('MANIFEST-000011', [9, 3], [7, 3]);
    actor.sync('MANIFEST-000011');
    const file = actor.files.openSync('/db/000001.log', 'write');
    file.writeSync(new Uint8Array(HEADER_SIZE_BYTES), 0, HEADER_SIZE_BYTES, 0);
    file.syncDataSync();
    file.closeSync();
    actor.rename('000001.log', '000005.log');
  });
});

describe('StrictFileSystem lets a failed write be followed by', () => {
  test('a log that is written over, and one that is written again from its first record', () => {
    actor.database();
    failNext('write');
    expect(() => actor.batch('000001.log', 'first')).toThrow('input/output');
    const file = actor.files.openSync('/db/000001.log', 'write');
    file.writeSync(new Uint8Array(20), 0, 20, HEADER_SIZE_BYTES);
    file.writeSync(new Uint8Array(20), 0, 20, HEADER_SIZE_BYTES + 20);
    file.closeSync();
  });

  test('zeros behind it, before the log is written again from its first record', () => {
    // Seed 0x30d8c: a log whose first record met a full disk is opened again, and space is allocated before that record.
    actor.database();
    failNext('write');
    expect(() => actor.batch('000001.log', 'first')).toThrow('input/output');
    const file = actor.files.openSync('/db/000001.log', 'write');
    file.writeSync(new Uint8Array(500), 0, 500, HEADER_SIZE_BYTES + 20);
    file.writeSync(new Uint8Array(20).fill(1), 0, 20, HEADER_SIZE_BYTES);
    file.writeSync(new Uint8Array(20).fill(1), 0, 20, HEADER_SIZE_BYTES + 20);
    file.closeSync();
  });

  test('anything, if only zeros were to be written ahead of the records of a log', () => {
    actor.database();
    actor.batch('000001.log', 'first');
    failNext('write');
    const file = actor.files.openSync('/db/000001.log', 'write');
    expect(() => file.writeSync(new Uint8Array(500), 0, 500, 1_000)).toThrow('input/output');
    file.closeSync();
    actor.batch('000001.log', 'second');
  });
});

describe('StrictFileSystem refuses', () => {
  const cases: readonly [label: string, what: string, run: () => void][] = [
    [
      'I1',
      'a second sync after one failed',
      () => {
        actor.database();
        actor.batch('000001.log', 'first');
        failNext('syncData');
        expect(() => actor.sync('000001.log')).toThrow('input/output');
        actor.sync('000001.log');
      },
    ],
    [
      'I1',
      'a write after a sync failed',
      () => {
        actor.database();
        actor.batch('000001.log', 'first');
        failNext('syncData');
        expect(() => actor.sync('000001.log')).toThrow('input/output');
        actor.batch('000001.log', 'second');
      },
    ],
    [
      'I1',
      'a write after a write failed',
      () => {
        actor.database();
        actor.batch('000001.log', 'first');
        failNext('write');
        expect(() => actor.batch('000001.log', 'second')).toThrow('input/output');
        actor.batch('000001.log', 'third');
      },
    ],
    [
      'B13',
      'a sync of a log in which only a marker is new',
      () => {
        actor.database();
        actor.append('000001.log', MARKER);
        actor.sync('000001.log');
      },
    ],
    [
      'W2',
      'a sync of a log before the one before it',
      () => {
        actor.database();
        actor.batch('000001.log', 'first');
        actor.log('000003');
        actor.edit('MANIFEST-000011', [9, 3]);
        actor.batch('000003.log', 'second');
        actor.sync('000003.log');
      },
    ],
    [
      'W8',
      'a log written over before the edit that retired it is durable',
      () => {
        actor.database();
        actor.log('000003');
        actor.edit('MANIFEST-000011', [9, 3], [7, 3]);
        const file = actor.files.openSync('/db/000001.log', 'write');
        try {
          file.writeSync(new Uint8Array(HEADER_SIZE_BYTES), 0, HEADER_SIZE_BYTES, 0);
        } finally {
          file.closeSync();
        }
      },
    ],
    [
      'W11',
      'a write to a log that was there before',
      () => {
        actor.database();
        actor.open();
        actor.batch('000001.log', 'first');
      },
    ],
    [
      'M1',
      'a table removed before the edit is durable',
      () => {
        actor.database();
        actor.edit('MANIFEST-000011', [17, 0, 0, 2]);
        actor.remove('000002.sst');
      },
    ],
    [
      'M1',
      'the manifest in force removed',
      () => {
        actor.database();
        actor.remove('MANIFEST-000011');
      },
    ],
    [
      'M4',
      'CURRENT before the manifest is synced',
      () => {
        actor.manifest('000011');
        actor.syncDirectory();
        actor.current('000011');
      },
    ],
    [
      'M4',
      'CURRENT before the name of the manifest is synced',
      () => {
        actor.manifest('000011');
        actor.sync('MANIFEST-000011');
        actor.current('000011');
      },
    ],
    [
      'M5',
      'CURRENT before its own content is synced',
      () => {
        actor.manifest('000011');
        actor.sync('MANIFEST-000011');
        actor.syncDirectory();
        actor.create('000011.tmp', Buffer.from('MANIFEST-000011\n'));
        actor.rename('000011.tmp', 'CURRENT');
      },
    ],
    [
      'M5',
      'an edit that names a table which is not synced',
      () => {
        actor.database();
        actor.create('000004.sst');
        actor.syncDirectory();
        actor.edit('MANIFEST-000011', [15, 0, 0, 4]);
      },
    ],
    [
      'M5',
      'an edit that names a table whose name is not synced',
      () => {
        actor.database();
        actor.create('000004.sst');
        actor.sync('000004.sst');
        actor.edit('MANIFEST-000011', [15, 0, 0, 4]);
      },
    ],
    [
      'M5',
      'an edit that names a table whose name a failed sync should have covered',
      () => {
        actor.database();
        actor.create('000004.sst');
        actor.sync('000004.sst');
        failNext('syncDirectory');
        expect(() => actor.syncDirectory()).toThrow('input/output');
        actor.syncDirectory();
        actor.edit('MANIFEST-000011', [15, 0, 0, 4]);
      },
    ],
    [
      'M7',
      'an orphan removed before a new manifest is in force',
      () => {
        actor.database();
        actor.open();
        actor.remove('000001.log');
      },
    ],
    [
      'M7',
      'a manifest removed while it is not known whether CURRENT names another',
      () => {
        actor.database();
        actor.open();
        actor.manifest('000022', LOG_1, TABLE_2);
        actor.sync('MANIFEST-000022');
        actor.syncDirectory();
        failNext('rename');
        expect(() => actor.current('000022')).toThrow('input/output');
        actor.syncDirectory();
        actor.files.assertFaultless();
        actor.remove('MANIFEST-000011');
      },
    ],
    [
      'T',
      'a write to a table after its sync',
      () => {
        actor.table('000002');
        actor.append('000002.sst', BATCH);
      },
    ],
    [
      'T',
      'a batch behind the end of a log',
      () => {
        actor.database();
        actor.append('000001.log', END);
        actor.batch('000001.log', 'first');
      },
    ],
    [
      'T',
      'an edit in a manifest that was replaced',
      () => {
        actor.database();
        actor.manifest('000022', LOG_1, TABLE_2);
        actor.sync('MANIFEST-000022');
        actor.syncDirectory();
        actor.current('000022');
        actor.syncDirectory();
        actor.edit('MANIFEST-000011');
      },
    ],
  ];

  test.each(cases)('%s: %s', (label, _, run) => {
    expect(run).toThrow(OrderError);
    expect(() => actor.files.assertFaultless()).toThrow(`${label}: `);
  });

  test('M5: an edit that names a table whose name one sync covered while another one of the directory failed', async () => {
    actor.database();
    actor.create('000004.sst');
    actor.sync('000004.sst');
    const running = actor.files.syncDirectory('/db');
    failNext('syncDirectory');
    expect(() => actor.syncDirectory()).toThrow('input/output');
    await running;
    expect(() => actor.edit('MANIFEST-000011', [15, 0, 0, 4])).toThrow(OrderError);
    expect(() => actor.files.assertFaultless()).toThrow('M5: ');
  });

  test('B13: a sync of a log while another one runs', async () => {
    actor.database();
    actor.batch('000001.log', 'first');
    const file = actor.files.openSync('/db/000001.log', 'write');
    const first = file.syncData();
    await expect(file.syncData()).rejects.toThrow('B13');
    await first;
    file.closeSync();
  });

  test('I1: a write after a sync failed on another thread, from the moment when somebody heard', async () => {
    actor.database();
    actor.batch('000001.log', 'first');
    failNext('syncData');
    const file = actor.files.openSync('/db/000001.log', 'write');
    let isHeard = false;
    const syncing = file.syncData().catch(() => {
      isHeard = true;
    });
    // Others have turns between, in which they know of nothing.
    for (let count = 0; !isHeard; count++) {
      actor.batch('000001.log', `while nobody knows ${count}`);
      await null;
    }
    await syncing;
    expect(() => actor.batch('000001.log', 'after')).toThrow('I1');
    file.closeSync();
  });

  test('P14: a read of a file whose name was removed', () => {
    actor.create('000004.sst');
    const file = actor.files.openSync('/db/000004.sst', 'read');
    actor.remove('000004.sst');
    expect(() => file.readSync(new Uint8Array(1), 0, 1, 0)).toThrow('P14');
    file.closeSync();
  });

  test('B14: an acknowledgement before the sync that covers it', () => {
    actor.database();
    actor.batch('000001.log', 'first', 5);
    expect(actor.files.refuteDurable('first')).toMatch(/^B14: its record in 000001.log/);
    expect(actor.files.refuteDurableUpTo(4)).toBeNull();
    expect(actor.files.refuteDurableUpTo(5)).toMatch(/^B14/);
    actor.sync('000001.log');
    expect(actor.files.refuteDurable('first')).toBeNull();
    expect(actor.files.refuteDurableUpTo(5)).toBeNull();
  });
});
