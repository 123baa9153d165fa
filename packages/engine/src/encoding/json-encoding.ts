// 'json': what JSON.stringify makes of a value. As keys, equal objects must have their fields in
// the same order.

import { refusedType, undecodable } from './encoding.js';
import { readUtf8, utf8SizeBound, writeUtf8 } from './native-bytes.js';
import { StagedEncoding } from './staged-encoding.js';

/** The encoding `'json'`. */
export class JsonEncoding extends StagedEncoding<unknown, string> {
  readonly name = 'json';

  read(bytes: Uint8Array, start: number, end: number): unknown {
    const text = readUtf8(bytes, start, end);
    if (text === undefined) {
      throw undecodable('json', `the ${end - start} bytes are not valid UTF-8`);
    }
    try {
      return JSON.parse(text);
    } catch {
      // The error of the host quotes the text, so it is not kept as the cause.
      throw undecodable('json', `the ${end - start} bytes are not JSON`);
    }
  }

  protected stage(value: unknown): string {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw refusedType('json', 'a value that JSON has', value);
    return text;
  }

  protected stagedSizeBound(text: string): number {
    return utf8SizeBound(text);
  }

  protected writeStaged(text: string, target: Uint8Array, offset: number): number {
    return writeUtf8(text, target, offset);
  }
}
