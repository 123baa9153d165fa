// Options that several commands share, declared once, so that they mean and look the same everywhere.

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RangeOptions } from '../store/engine-api.js';
import {
  type Stored,
  TEXT_ENCODINGS,
  type TextCodec,
  type TextEncoding,
} from '../text/text-codec.js';

/** Words for every command that touches one keyspace. */
export interface KeyspaceOptions {
  readonly keyspace: string;
}

/** How keys and values are written as text; absent: as the keyspace itself stores them. */
export interface EncodingOptions {
  readonly keyEncoding?: TextEncoding;
  readonly valueEncoding?: TextEncoding;
}

/** Which part of a keyspace, in the words of the command line: keys still as text. */
export interface RangeWords {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly prefix?: string;
  readonly limit?: number;
  readonly reverse?: true;
}

/** Whether the answer is for a program. */
export interface JsonOptions {
  readonly json?: true;
}

/** Adds `--keyspace`. */
export function withKeyspace(command: Command): Command {
  return command.option('-k, --keyspace <name>', 'keyspace to use', 'default');
}

/** Adds `--key-encoding` and `--value-encoding`. */
export function withEncodings(command: Command): Command {
  return withKeyEncoding(command).addOption(
    new Option('--value-encoding <encoding>', 'how values are written').choices(TEXT_ENCODINGS),
  );
}

/** Adds `--key-encoding` alone. */
export function withKeyEncoding(command: Command): Command {
  return command.addOption(
    new Option('--key-encoding <encoding>', 'how keys are written').choices(TEXT_ENCODINGS),
  );
}

/** Adds the bounds of a range. */
export function withRange(command: Command): Command {
  return command
    .option('--gte <key>', 'start at this key')
    .option('--gt <key>', 'start after this key')
    .option('--lte <key>', 'end with this key')
    .option('--lt <key>', 'end before this key')
    .option('-p, --prefix <key>', 'only keys that begin with this')
    .option('-n, --limit <count>', 'at most this many entries', parseCount)
    .option('-r, --reverse', 'last key first');
}

/** Adds `--json`. */
export function withJson(command: Command, description = 'answer as JSON'): Command {
  return command.option('--json', description);
}

/** Reads the bounds with the encoding of the keys. Throws UsageError when one is not of that encoding. */
export function toKeyRange(options: RangeWords, keyCodec: TextCodec): RangeOptions<Stored> {
  const bounds: { [name: string]: Stored } = {};
  for (const name of ['gt', 'gte', 'lt', 'lte', 'prefix'] as const) {
    const text = options[name];
    if (text !== undefined) {
      bounds[name] = keyCodec.parse(text);
    }
  }
  return {
    ...bounds,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.reverse === undefined ? {} : { reverse: options.reverse }),
  };
}

/** Reads a whole number that is not negative. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError('It must be a whole number that is not negative.');
  }
  return count;
}
