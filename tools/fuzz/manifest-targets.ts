// Manifests: a whole one with its chain, a single edit, CURRENT, and names of files.

import { ByteWriter, type Random } from '../../packages/base/src/index.js';
import { readCurrentSync } from '../../packages/engine/src/directory/current-file.js';
import { DatabaseDirectory } from '../../packages/engine/src/directory/database-directory.js';
import { numberedFileName, parseFileName } from '../../packages/engine/src/directory/file-names.js';
import { LogKind } from '../../packages/engine/src/log/log-file-header.js';
import { CHAIN_SIZE_BYTES } from '../../packages/engine/src/manifest/manifest-format.js';
import { readManifestSync } from '../../packages/engine/src/manifest/manifest-reader.js';
import {
  DEFAULT_KEYSPACE,
  makeTable,
} from '../../packages/engine/src/manifest/testing/fixtures.js';
import {
  decodeEdit,
  encodeEdit,
  walkFields,
} from '../../packages/engine/src/manifest/version-edit-codec.js';
import { DIRECTORY, databaseFiles, fileSystemOf } from './database-image.js';
import { chained, type LogParts, logBytes, logParts, mutatedLog } from './log-forge.js';
import { joined, mutated, noise, oddU53, oneIn, pick } from './mutate.js';
import {
  bytesOf,
  type Decoder,
  expectThat,
  type FileSet,
  type FuzzTarget,
  filesOf,
} from './target.js';

const CONTEXT = { file: 'MANIFEST-000022', where: 'manifest' } as const;

/** An edit with every field. */
const EDIT = encodeEdit({
  nextFileNumber: 40,
  nextKeyspaceId: 3,
  lastSequence: 3_000,
  minimumLogNumber: 17,
  logsAdded: [17, 18],
  keyspacesAdded: [
    DEFAULT_KEYSPACE,
    { ...DEFAULT_KEYSPACE, id: 2, name: 'orders', compression: 'lz4' },
  ],
  tablesRemoved: [{ keyspaceId: 0, level: 0, fileNumber: 9 }],
  tablesAdded: [
    { keyspaceId: 0, level: 1, table: makeTable({ fileNumber: 21, keys: 'a-m' }) },
    { keyspaceId: 2, level: 6, table: makeTable({ fileNumber: 23, keys: 'n-z' }) },
  ],
  keyspacesDropped: [1],
});

/** Changes fields, with tags and lengths written again. */
function mutatedFields(random: Random, bytes: Uint8Array): Uint8Array {
  const fields = fieldsOf(bytes);
  const index = random.below(fields.length);
  const field = fields[index]!;
  const kind = random.below(6);
  if (kind === 0) fields.splice(index, 1);
  else if (kind === 1) fields.splice(random.below(fields.length + 1), 0, field);
  else if (kind === 2) fields[index] = { ...field, tag: oddU53(random, 17) };
  else fields[index] = { ...field, value: mutated(random, field.value) };
  return joined(fields.map(({ tag, value }) => fieldBytes(tag, value)));
}

interface Field {
  readonly tag: number;
  readonly value: Uint8Array;
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  walkFields({ bytes, start: 0, end: bytes.length }, CONTEXT, ({ tag, value }) => {
    fields.push({ tag, value: value.bytes(value.remaining) });
  });
  return fields;
}

function fieldBytes(tag: number, value: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(tag);
  writer.varint(value.length);
  writer.bytes(value);
  return writer.toBytes();
}

/** Changes the payload of a record of a manifest; an edit is taken apart if that is still possible. */
function mutatedEditPayload(random: Random, payload: Uint8Array): Uint8Array {
  const fields = payload.subarray(CHAIN_SIZE_BYTES);
  if (fields.length === 0 || oneIn(random, 3)) return mutated(random, payload);
  try {
    return joined([payload.subarray(0, CHAIN_SIZE_BYTES), mutatedFields(random, fields)]);
  } catch {
    return mutated(random, payload); // it was changed before
  }
}

/** Changes a manifest, with right checksums, and mostly with a right chain. */
export function mutatedManifest(random: Random, parts: LogParts): Uint8Array {
  const { header, records, tail } = mutatedLog(random, parts, mutatedEditPayload);
  return logBytes({ header, records: oneIn(random, 10) ? records : chained(records), tail });
}

/** A manifest file taken apart. */
export function manifestParts(files: FileSet, name: string): LogParts {
  const logId = parseFileName(name)!.fileNumber;
  return logParts(files.get(name)!, { kind: LogKind.manifest, logId, databaseId: null });
}

/** The name of the manifest among files. */
export function manifestNameIn(files: FileSet): string {
  return [...files.keys()].find((name) => name.startsWith('MANIFEST-'))!;
}

async function manifestDecoder(): Promise<Decoder> {
  const files = await databaseFiles();
  const name = manifestNameIn(files);
  const parts = manifestParts(files, name);
  return {
    mutate(random) {
      const sealed = mutatedManifest(random, parts);
      const isSealed = !oneIn(random, 5);
      return { input: isSealed ? sealed : mutated(random, sealed), isSealed };
    },
    decode(input) {
      const fileSystem = fileSystemOf(new Map([[name, bytesOf(input)]]));
      const directory = openReadOnly(fileSystem);
      const { version } = readManifestSync(directory, parseFileName(name)!.fileNumber);
      for (const { levels } of version.keyspaces.values()) {
        for (const level of levels.slice(1)) level.firstAtOrAfter(new Uint8Array(3), 0, 3);
      }
    },
  };
}

function openReadOnly(fileSystem: ReturnType<typeof fileSystemOf>): DatabaseDirectory {
  const options = { access: 'readOnly', createIfMissing: false, owner: 'a fuzzer' } as const;
  return DatabaseDirectory.openSync(fileSystem, DIRECTORY, options);
}

const editDecoder: Decoder = {
  mutate(random) {
    const kind = random.below(10);
    if (kind === 0) return { input: noise(random, 200), isSealed: true };
    return {
      input: kind < 4 ? mutated(random, EDIT) : mutatedFields(random, EDIT),
      isSealed: true,
    };
  },
  decode(input) {
    const bytes = bytesOf(input);
    const edit = decodeEdit({ bytes, start: 0, end: bytes.length }, CONTEXT);
    const again = encodeEdit(edit);
    const decoded = decodeEdit({ bytes: again, start: 0, end: again.length }, CONTEXT);
    const isSame = Buffer.from(encodeEdit(decoded)).equals(again);
    expectThat(isSame, 'what was decoded is encoded to the same');
  },
};

const CURRENT = 'MANIFEST-000022\n';
const ODD_NAMES = [
  '../MANIFEST-000022\n',
  '/etc/passwd\n',
  'MANIFEST-000022\r\n',
  'MANIFEST-00002２\n',
  '',
  '\n',
];

const currentDecoder: Decoder = {
  mutate(random) {
    const bytes = new TextEncoder().encode(pick(random, [CURRENT, CURRENT, ...ODD_NAMES]));
    return { input: new Map([['CURRENT', mutated(random, bytes)]]), isSealed: true };
  },
  decode(input) {
    const files = filesOf(input);
    const fileNumber = readCurrentSync(openReadOnly(fileSystemOf(files)));
    const text = Buffer.from(files.get('CURRENT')!).toString('latin1');
    const name = numberedFileName({ kind: 'manifest', fileNumber: fileNumber ?? -1 });
    expectThat(text === `${name}\n`, 'CURRENT is exactly the name of a manifest');
  },
};

const NAMES = ['000013.sst', '000012.log', 'MANIFEST-000022', '000022.tmp', '000012.log.spare'];
const STRANGE_CHARACTERS = [
  '/',
  '\\',
  '..',
  '\0',
  '.',
  '0',
  '９',
  ' ',
  '\n',
  '-',
  '~',
  '9'.repeat(20),
];

const nameDecoder: Decoder = {
  mutate(random) {
    let name = pick(random, NAMES);
    for (let count = random.below(3); count > 0; count--) {
      const at = random.below(name.length + 1);
      name = `${name.slice(0, at)}${pick(random, STRANGE_CHARACTERS)}${name.slice(at + random.below(3))}`;
    }
    return { input: new TextEncoder().encode(name), isSealed: true };
  },
  decode(input) {
    const name = new TextDecoder().decode(bytesOf(input));
    const file = parseFileName(name);
    if (file === undefined) return;
    expectThat(numberedFileName(file) === name, 'a name has one form');
    expectThat(!/[/\\\0]|\.\./.test(name), 'a name leads nowhere else');
  },
};

/** See the head of this file. */
export const MANIFEST_TARGETS: readonly FuzzTarget[] = [
  { name: 'manifest', prepare: manifestDecoder, cost: 20 },
  { name: 'version-edit', prepare: () => editDecoder },
  { name: 'current', prepare: () => currentDecoder },
  { name: 'file-name', prepare: () => nameDecoder },
];
