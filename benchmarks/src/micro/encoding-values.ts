/** What the questions about encodings have in common: all but the encoding and the value. */
import type { Prepared } from './microbenchmark.js';
import { type EncodingName, type EncodingValues, rooms } from './rooms.js';

const ROOM_BYTES = 1024;

/** A value of about 100 bytes of each encoding. */
const SAMPLES: { readonly [Name in EncodingName]: EncodingValues[Name] } = {
  utf8: 'Mrs Dalloway said she would buy the flowers herself, for Lucy had her work cut out for her today. '.padEnd(
    100,
    '.',
  ),
  binary: Buffer.alloc(100, 'mrs dalloway'),
  json: {
    id: 1_234_567,
    name: 'Clarissa Dalloway',
    city: 'London',
    tags: ['party', 'flowers'],
    open: true,
  },
  msgpack: {
    id: 1_234_567,
    name: 'Clarissa Dalloway',
    city: 'London',
    tags: ['party', 'flowers'],
    open: true,
  },
  tuple: ['party', 1923, 'Clarissa Dalloway', 17.5, true, 'flowers'],
};

/** Prepares writing one value `operationCount` times. */
export async function encodingWrite(name: EncodingName, operationCount: number): Promise<Prepared> {
  const { encoding, value } = await sampleOf(name);
  const target = Buffer.alloc(ROOM_BYTES);
  const run = (): number => {
    let sizeBytes = 0;
    for (let index = 0; index < operationCount; index++) {
      encoding.sizeBound(value);
      sizeBytes += encoding.write(value, target, 0);
    }
    return sizeBytes;
  };
  return { run, expected: run() };
}

/** Prepares reading one value `operationCount` times. */
export async function encodingRead(name: EncodingName, operationCount: number): Promise<Prepared> {
  const { encoding, value } = await sampleOf(name);
  const bytes = Buffer.alloc(ROOM_BYTES);
  encoding.sizeBound(value);
  const end = encoding.write(value, bytes, 0);
  const run = (): number => {
    let readCount = 0;
    for (let index = 0; index < operationCount; index++) {
      if (encoding.read(bytes, 0, end) !== undefined) readCount++;
    }
    return readCount;
  };
  return { run, expected: operationCount };
}

async function sampleOf(name: EncodingName) {
  const { resolveEncoding } = await rooms.encoding();
  // The encodings differ in their types only; here all of them are given what they take.
  return { encoding: resolveEncoding(name as 'json'), value: SAMPLES[name] };
}
