// A package `classic-level` without native code for tests: it keeps its entries in one file, as hex.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE = `
const { readFileSync, appendFileSync } = require('node:fs');
const { join } = require('node:path');

exports.ClassicLevel = class ClassicLevel {
  constructor(location, options) {
    this.location = location;
    this.options = options;
  }
  async open() {
    const { keyEncoding, valueEncoding, createIfMissing } = this.options;
    if (keyEncoding !== 'buffer' || valueEncoding !== 'buffer' || createIfMissing !== false) {
      throw new Error('Unexpected options');
    }
    const { failure, entries } = JSON.parse(readFileSync(join(this.location, 'entries.json')));
    if (failure !== undefined) {
      const cause = Object.assign(new Error(failure.message), { code: failure.code });
      throw Object.assign(new Error('Database failed to open'), { cause });
    }
    this.entries = entries.map((pair) => pair.map((hex) => Buffer.from(hex, 'hex')));
  }
  async close() {
    appendFileSync(join(this.location, 'closed'), 'x');
  }
  async approximateSize(start, end) {
    const inside = ([key]) => Buffer.compare(key, start) >= 0 && Buffer.compare(key, end) < 0;
    return this.entries.filter(inside).length;
  }
  iterator({ reverse = false, limit = Infinity }) {
    const waiting = (reverse ? this.entries.toReversed() : [...this.entries]).slice(0, limit);
    return { nextv: async (count) => waiting.splice(0, count), close: async () => {} };
  }
};
`;

/** What a directory made by `writeFakeLevelDb` says when it is opened. */
export interface FakeFailure {
  readonly message: string;
  readonly code: string;
}

/** Installs the package in a directory. */
export function installFakeClassicLevel(directory: string): void {
  const home = join(directory, 'node_modules/classic-level');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"name":"classic-level","main":"index.js"}');
  writeFileSync(join(home, 'index.js'), SOURCE);
}

/** Makes a directory that looks like a LevelDB to a reader of its manifest. Requires: keys ascend. */
export function writeFakeLevelDb(
  directory: string,
  content: { entries?: readonly (readonly [Buffer, Buffer])[]; failure?: FakeFailure },
): void {
  const entries = (content.entries ?? []).map((pair) => pair.map((bytes) => bytes.toString('hex')));
  mkdirSync(directory);
  writeFileSync(join(directory, 'CURRENT'), 'MANIFEST-000002\n');
  writeFileSync(join(directory, 'MANIFEST-000002'), 'x\x01\x1aleveldb.BytewiseComparator\x02');
  writeFileSync(join(directory, 'entries.json'), JSON.stringify({ ...content, entries }));
}
