// Tools for the tests of Varve; not published. The setup file `setup-leak-check.ts` is named in
// vitest.config.ts.

export { LeakCheck, openFiles, type ProcessEvents } from './leak-check.js';
export { type SeededOptions, type SeededTestContext, seeded } from './seeded.js';
export { useWorkplace, type Workplace } from './workplace.js';
