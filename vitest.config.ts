import { defineConfig } from 'vitest/config';

// Packages resolve from source through the `source` export condition, so unit tests need no build.
const resolve = { conditions: ['source'] };

export default defineConfig({
  resolve,
  ssr: { resolve },
  test: {
    retry: 0,
    coverage: {
      provider: 'v8',
      include: ['packages/{base,vfs,bloom,sstable,engine}/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/testing/**', '**/testdata/**'],
      reporter: [['text', { maxCols: 120 }], 'json-summary'],
      reportsDirectory: 'node_modules/.cache/varve-coverage',
      reportOnFailure: true,
      thresholds: {
        branches: 95,
        // What decides whether anything is lost.
        'packages/engine/src/{log,wal,manifest,recover}/**': { branches: 100 },
      },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'benchmarks/src/**/*.test.ts',
            'tools/fuzz/**/*.test.ts',
          ],
          exclude: ['packages/abstract-level/src/suite/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          setupFiles: ['packages/testkit/src/setup-leak-check.ts'],
        },
      },
      {
        extends: true,
        // Tests that depend on those before them, so that no single one can be checked for leaks.
        test: { name: 'suites', include: ['packages/abstract-level/src/suite/**/*.test.ts'] },
      },
      {
        extends: true,
        // Seconds on an idle machine; nothing here is about time.
        test: { name: 'tidy', include: ['tools/{build,tidy}/**/*.test.ts'], testTimeout: 300_000 },
      },
    ],
  },
});
