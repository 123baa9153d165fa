// After `tsc -b`: replaces three modules in dist, so that what a user installs needs nothing beside it.
//
//   engine/dist/encoding/msgpack-library.js   with msgpackr inside, whose optional part runs an install script
//   sstable/dist/block/lz4-module.js          with the WebAssembly of LZ4 inside, otherwise read from a file
//   engine/dist/executor/worker-source.js     with the code of background threads, for programs bundled into one file
//
// Further runs do nothing until something a module is made of changes.
//
// Usage: node tools/build/generate.mjs

import { join } from 'node:path';
import { bundleMsgpack } from './bundle-msgpack.mjs';
import { bundleWorker } from './bundle-worker.mjs';
import { inlineLz4 } from './inline-lz4.mjs';

const PACKAGES = join(import.meta.dirname, '../../packages');

await bundleMsgpack(join(PACKAGES, 'engine/dist/encoding'));
await inlineLz4(join(PACKAGES, 'sstable/dist/block'));
// Last: the code of the threads contains the others.
await bundleWorker(join(PACKAGES, 'engine/dist/executor'));
