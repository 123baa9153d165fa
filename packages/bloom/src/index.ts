// Bloom filters: "certainly not there" for most absent keys, from about 10 bits of memory per key.

export { BloomReader, statedFilterLength } from './bloom-reader.js';
export {
  BITS_PER_KEY_MAX,
  bitsPerKeyForRate,
  probeCountForBitsPerKey,
  rateForBitsPerKey,
} from './bloom-sizing.js';
export { BloomWriter } from './bloom-writer.js';
