// A keyspace of the database under test beside its model, and how keys and values go from one to the other.

import type { Database, Keyspace, KeyspaceOptions, Snapshot } from '@varve/engine';
import type { KeyspaceModel, TextRange } from './model.js';

/** The default keyspace as the test uses it. */
export type TestDatabase = Database<unknown, unknown>;

/** Any keyspace as the test uses it. */
export type TestKeyspace = Keyspace<unknown, unknown>;

/** Turns texts into what an encoding takes, and back. */
interface TextCodec {
  toEngine(text: string): unknown;
  toText(value: unknown): string;
}

const utf8: TextCodec = {
  toEngine: (text) => text,
  toText: (value) => value as string,
};

const binary: TextCodec = {
  toEngine: (text) => Buffer.from(text, 'latin1'),
  toText: (value) => {
    const bytes = value as Uint8Array;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    // What the engine gives is the caller's own: writing to it must change nothing.
    bytes.fill(0xee);
    return text;
  },
};

const codecs = { utf8, binary };

/** Options of the keyspace of each slot; 0 is the default one. */
export const SLOT_OPTIONS = [
  { keyEncoding: 'binary', valueEncoding: 'binary' },
  { keyEncoding: 'utf8', valueEncoding: 'utf8' },
  { keyEncoding: 'binary', valueEncoding: 'utf8', compression: 'none' },
  { keyEncoding: 'utf8', valueEncoding: 'binary' },
  { keyEncoding: 'binary', valueEncoding: 'binary', compression: 'lz4' },
] as const satisfies readonly KeyspaceOptions[];

/** What `batch` takes, as the test makes it. */
export interface TestOperation {
  readonly type: 'put' | 'del';
  readonly key: unknown;
  readonly value?: unknown;
  readonly keyspace?: unknown;
}

/** See the head of this file. */
export class OpenKeyspace {
  readonly model: KeyspaceModel;
  readonly handle: TestKeyspace;
  readonly #slot: number;
  readonly #key: TextCodec;
  readonly #value: TextCodec;

  constructor(slot: number, model: KeyspaceModel, handle: TestKeyspace) {
    this.#slot = slot;
    this.model = model;
    this.handle = handle;
    this.#key = codecs[SLOT_OPTIONS[slot]!.keyEncoding];
    this.#value = codecs[SLOT_OPTIONS[slot]!.valueEncoding];
  }

  /** The same keyspace beside another model. */
  withModel(model: KeyspaceModel): OpenKeyspace {
    return new OpenKeyspace(this.#slot, model, this.handle);
  }

  key(text: string): unknown {
    return this.#key.toEngine(text);
  }

  value(text: string): unknown {
    return this.#value.toEngine(text);
  }

  keyText(key: unknown): string {
    return this.#key.toText(key);
  }

  valueText(value: unknown): string | undefined {
    return value === undefined ? undefined : this.#value.toText(value);
  }

  /** The operation of a batch that sets or removes a key. */
  operation(key: string, value: string | undefined): TestOperation {
    const place = { key: this.key(key), keyspace: this.handle };
    if (value === undefined) return { type: 'del', ...place };
    return { type: 'put', value: this.value(value), ...place };
  }

  /** A range as the engine takes it. */
  range(range: TextRange, snapshot: Snapshot | undefined): Record<string, unknown> {
    const given: Record<string, unknown> = {};
    for (const [name, bound] of Object.entries(range)) {
      given[name] = typeof bound === 'string' ? this.key(bound) : bound;
    }
    return snapshot === undefined ? given : { ...given, snapshot };
  }
}

/** Overwrites bytes that were handed to the engine: it must have copied them. */
export function scramble(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0xee);
}
