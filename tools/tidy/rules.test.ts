// Each rule on a small tree that breaks it, and on one that does not.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { assertionCounts, assertionFindings } from './assertions.js';
import { faultPageFindings } from './faults.js';
import { cyclesOf, graphOf } from './graph.js';
import { cycleFindings, layerFindings } from './layers.js';
import { formatMeasurement, measure } from './measure.js';
import { ownerFindings } from './owners.js';
import { errorPageFindings, formatPageFindings } from './pages.js';
import { PublicApi } from './public-api.js';
import { sizeFindings } from './sizes.js';
import { type Finding, SourceTree } from './source-tree.js';
import {
  disabledCodeFindings,
  foreignFindings,
  headerFindings,
  notedFindings,
  swallowedFindings,
} from './texts.js';

/** Applies a rule to a tree of one file, and gives the messages. */
function messages(rule: (tree: SourceTree) => Finding[], path: string, text: string): string {
  return rule(SourceTree.of({ [path]: text }))
    .map(({ line, message }) => `${line ?? 0} ${message}`)
    .join('\n');
}

describe('assertionFindings', () => {
  const path = 'packages/engine/src/log/a.ts';

  test('two a function are enough, refusals included', () => {
    const text =
      "function f(n: number): void { assert(n > 0, 'a'); if (n > 9) throw new Error('b'); }";
    expect(messages(assertionFindings, path, text)).toBe('');
  });

  test('fewer are too few', () => {
    const text = "class A { get b() { assert(1, 'a'); return 1; } #c() { this.#assertD(); } }";
    expect(messages(assertionFindings, path, text)).toContain('2 assertions in 2 functions, 4');
  });

  test('callbacks belong to what they stand in, tests to nothing', () => {
    const tree = SourceTree.of({
      [path]: "const f = (): void => assert(1, 'a');",
      'packages/engine/src/log/a.test.ts': 'function f(): void {}',
    });
    const counts = assertionCounts(tree).filter(({ folder }) => path.startsWith(folder));
    expect(counts).toMatchObject([{ functionCount: 0, assertionCount: 1 }]);
  });
});

describe('layerFindings', () => {
  test.each([
    ['packages/base/src/a.ts', '@varve/vfs', 'base may not import vfs'],
    ['packages/bloom/src/a.ts', '@varve/sstable', 'bloom may not import sstable'],
    ['packages/engine/src/read/get.ts', '@varve/base/src/bytes.js', 'Import @varve/base itself'],
    ['packages/new/src/a.ts', '@varve/base', 'has no layer'],
    ['packages/engine/src/log/a.ts', '../write/b.js', 'only the facade imports verbs'],
    ['packages/engine/src/read/a.ts', '../write/b.js', 'a verb may not import another verb'],
    ['packages/engine/src/log/a.ts', '../database.js', 'may not import a file of the facade'],
    ['packages/engine/src/other/a.ts', '../log/b.js', 'neither noun nor verb'],
    ['packages/engine/src/executor/a.ts', '../write/b.js', 'executor may not import write'],
  ])('%s may not import %s', (path, specifier, message) => {
    expect(messages(layerFindings, path, `import { x } from '${specifier}';`)).toContain(message);
    expect(messages(layerFindings, path, `export type { x } from '${specifier}';`)).toContain(
      message,
    );
    expect(messages(layerFindings, path, `const x = await import('${specifier}');`)).toContain(
      message,
    );
  });

  test.each([
    ['packages/engine/src/read/a.ts', '../log/b.js'],
    ['packages/engine/src/read/inner/a.ts', '../b.js'],
    ['packages/engine/src/database.ts', './read/b.js'],
    ['packages/engine/src/executor/a.ts', '../compact/b.js'],
    ['packages/engine/src/read/a.ts', '@varve/sstable'],
    ['packages/cli/src/main.ts', '@varve/engine'],
  ])('%s may import %s', (path, specifier) => {
    expect(messages(layerFindings, path, `import { x } from '${specifier}';`)).toBe('');
  });
});

describe('cycleFindings', () => {
  test('finds files, folders and packages that import each other, by types too', () => {
    const tree = SourceTree.of({
      'packages/base/src/index.ts': "import type { B } from './b.js';",
      'packages/base/src/b.ts': "import { a } from './index.js';",
      'packages/vfs/src/one/a.ts': "import { b } from '../two/b.js';",
      'packages/vfs/src/two/b.ts': "import { c } from './c.js';",
      'packages/vfs/src/two/c.ts': "import { d } from '../one/d.js';",
      'packages/vfs/src/one/d.ts': '',
      'packages/bloom/src/index.ts': "import '@varve/sstable';",
      'packages/sstable/src/index.ts': "import '@varve/bloom';",
    });
    const found = cycleFindings(tree).map(({ message }) => message.split('. ')[0]);
    expect(found).toEqual(
      [
        'Packages import each other: bloom, sstable',
        'Folders import each other: packages/bloom/src, packages/sstable/src',
        'Folders import each other: packages/vfs/src/one, packages/vfs/src/two',
        'Files import each other: packages/base/src/b.ts, packages/base/src/index.ts',
        'Files import each other: packages/bloom/src/index.ts, packages/sstable/src/index.ts',
      ].toSorted((a, b) => found.indexOf(a) - found.indexOf(b)),
    );
  });

  test('takes a folder inside another one as a part of it', () => {
    const tree = SourceTree.of({
      'packages/vfs/src/a.ts': "import './inner/b.js';",
      'packages/vfs/src/inner/b.ts': "import '../c.js';",
      'packages/vfs/src/c.ts': '',
    });
    expect(cycleFindings(tree)).toEqual([]);
  });
});

describe('cyclesOf', () => {
  test.each([
    ['a-b b-c', []],
    ['a-b b-a', [['a', 'b']]],
    [
      'a-b b-c c-a c-d d-e e-d',
      [
        ['a', 'b', 'c'],
        ['d', 'e'],
      ],
    ],
    ['a-b a-c b-d c-d', []],
    ['x-a a-b b-c c-b', [['b', 'c']]],
  ])('of %s', (edges, cycles) => {
    const graph = graphOf(edges.split(' ').map((edge) => edge.split('-') as [string, string]));
    expect(cyclesOf(graph).toSorted()).toEqual(cycles);
  });
});

describe('ownerFindings', () => {
  test.each([
    ['packages/engine/src/a.ts', "import fs from 'node:fs/promises';", 'Use the FileSystem'],
    [
      'packages/engine/src/read/a.ts',
      "import { Worker } from 'node:worker_threads';",
      'Use the Executor',
    ],
    ['packages/base/src/a.ts', "import { Buffer } from 'node:buffer';", 'Nothing above vfs'],
    ['packages/base/src/a.ts', "import xxhash from 'xxhash-wasm';", 'Use the checksums'],
    [
      'packages/engine/src/encoding/a.ts',
      "import { pack } from 'msgpackr/pack';",
      'Use the encoding msgpack',
    ],
    ['packages/engine/src/a.ts', "import _ from 'lodash';", 'Do without'],
    ['packages/engine/src/a.ts', 'const x = Math.random();', 'Use the Random'],
    ['packages/engine/src/a.test.ts', 'const x = Math.random();', 'seeded() of the testkit'],
    ['benchmarks/a.ts', 'const x = Math.random();', 'Use the Random'],
    ['packages/engine/src/a.ts', 'const x = Date.now();', 'Use the Clock'],
    ['packages/engine/src/a.ts', 'const x = new Date();', 'Use the Clock'],
    ['packages/engine/src/a.ts', 'const now = performance.now;', 'Use the Clock'],
    ['packages/engine/src/a.test.ts', 'performance.now();', 'Use the Clock'],
    ['packages/vfs/src/a.ts', 'setTimeout(run, 5);', 'Use Clock.delay()'],
    ['packages/vfs/src/a.ts', 'globalThis.setTimeout(run, 5);', 'Use Clock.delay()'],
    ['packages/bloom/src/a.ts', 'schedule(setImmediate);', 'Use Clock.delay()'],
    ['packages/engine/src/a.ts', "if (process.platform === 'linux') run();", 'Pass what is needed'],
    ['packages/engine/src/a.ts', "console.log('x');", 'Emit an event'],
    ['packages/engine/src/a.ts', 'crypto.getRandomValues(bytes);', 'Use the Random'],
  ])('in %s: %s', (path, text, message) => {
    expect(messages(ownerFindings, path, text)).toMatch(
      new RegExp(`^1 .*${message.replace(/[()]/g, '.')}`),
    );
  });

  test.each([
    ['packages/vfs/src/node-file-system.ts', "import fs from 'node:fs'; process.pid;"],
    [
      'packages/engine/src/executor/worker-executor.ts',
      "import { Worker } from 'node:worker_threads';",
    ],
    ['packages/base/src/clock.ts', 'export const now = () => Date.now(); setTimeout(now, 1);'],
    [
      'packages/engine/src/a.test.ts',
      "import fs from 'node:fs'; setTimeout(run, 1); console.log(process.pid);",
    ],
    ['packages/cli/src/main.ts', "import fs from 'node:fs'; console.log(process.argv);"],
    ['benchmarks/a.ts', 'const start = performance.now();'],
    [
      'packages/engine/src/a.ts',
      'interface Host { process: number } const x = { console: 1 }; x.console; new Date(5);',
    ],
    ['packages/engine/src/a.ts', "import { x as process } from './b.js'; type T = Host['Math'];"],
  ])('not in %s: %s', (path, text) => {
    expect(messages(ownerFindings, path, text)).toBe('');
  });
});

describe('sizeFindings', () => {
  const long = (count: number): string =>
    `// Header.\nfunction run(): void {\n${'  step();\n'.repeat(count)}}\n`;
  const path = 'packages/base/src/a.ts';

  test('finds long files and functions', () => {
    const tree = SourceTree.of({ [path]: long(601) });
    const found = sizeFindings(tree, {}, {}).map(({ message }) => message);
    expect(found).toEqual([
      `${path} has 604 lines, 600 are allowed. Split it: it is probably two things.`,
      `${path} run has 603 lines, 70 are allowed. Name its parts and make them functions.`,
    ]);
  });

  test('allows 600 and 70 lines', () => {
    expect(sizeFindings(SourceTree.of({ [path]: long(68) }), {}, {})).toEqual([]);
    expect(sizeFindings(SourceTree.of({ [path]: long(69) }), {}, {})).toHaveLength(1);
    expect(sizeFindings(SourceTree.of({ [path]: '// x\n'.repeat(600) }), {}, {})).toEqual([]);
    expect(sizeFindings(SourceTree.of({ [path]: '// x\n'.repeat(601) }), {}, {})).toHaveLength(1);
  });

  test('lets a ratchet only shrink', () => {
    const tree = SourceTree.of({ [path]: long(100) });
    const functions = (allowed: number): Finding[] =>
      sizeFindings(tree, {}, { [`${path} run`]: allowed });
    expect(functions(102)).toEqual([]);
    expect(functions(101)).toHaveLength(1);
    expect(functions(110)[0]?.message).toContain('Lower its entry to 102');
    expect(sizeFindings(SourceTree.of({}), { 'gone.ts': 700 }, {})[0]?.message).toContain(
      'Remove its entry',
    );
  });
});

describe('headerFindings', () => {
  test.each([
    ['packages/base/src/a.ts', "import 'x';\n", 1],
    ['packages/base/src/a.ts', '// What it is.\nexport {};\n', 0],
    ['packages/base/src/a.ts', '/** What it is. */\nexport {};\n', 0],
    ['tools/x.mjs', '#!/usr/bin/env node\n// What it is.\n', 0],
    ['packages/base/src/a.test.ts', "import 'x';\n", 0],
  ])('of %s: %j', (path, text, count) => {
    expect(headerFindings(SourceTree.of({ [path]: text }))).toHaveLength(count);
  });
});

describe('notedFindings', () => {
  test.each([
    [`// ${'TO'}DO: later\n`, 1],
    [`const x = 1; /* ${'FIX'}ME */\n`, 1],
    [`const x = '${'TO'}DO';\n`, 0],
    ['// toDo is a name\n', 0],
  ])('in %j', (text, count) => {
    expect(notedFindings(SourceTree.of({ 'packages/base/src/a.ts': text }))).toHaveLength(count);
  });
});

describe('swallowedFindings', () => {
  test.each([
    ['try { f(); } catch {}', 1],
    ['try { f(); } catch (error) {\n}', 1],
    ['await f().catch(() => {});', 1],
    ['f().catch((error) => undefined);', 1],
    ['try { f(); } catch {\n  // It may be gone already.\n}', 0],
    ['// It may be gone already.\nawait f().catch(() => {});', 0],
    ['f().catch(() => null);', 0],
    ['const catchAll = () => {};', 0],
  ])('in %j', (text, count) => {
    const path = 'packages/base/src/a.ts';
    expect(swallowedFindings(SourceTree.of({ [path]: text }))).toHaveLength(count);
  });
});

describe('disabledCodeFindings', () => {
  test.each([
    ['const a = 1; // const b = 2;', 1],
    ['// return first(second);', 1],
    ['// if (a) {\n//   run();\n// }', 3],
    ['// A record; see below.', 0],
    ['//   | checksum (4) | length (2) |', 0],
    ['// checksum = f(payload), then:', 0],
    ['/** @example\n * const a = 1;\n */\nlet x;', 0],
    ["const url = 'http://a/b();';", 0],
    ['const pattern = /\\/\\/ run();/;', 0],
    ['// done;', 0],
  ])('in %j', (text, count) => {
    expect(disabledCodeFindings(SourceTree.of({ 'packages/base/src/a.ts': text }))).toHaveLength(
      count,
    );
  });
});

describe('foreignFindings', () => {
  test.each([
    [['', 'work', 'main', 'x'].join('/'), 1],
    [`path: '${['', 'home', 'ada', 'x'].join('/')}'`, 1],
    [`"${['', 'tmp', 'x'].join('/')}"`, 1],
    [`${'registry'}.example.org`, 1],
    [`${'registry'}=https://a`, 1],
    [`${'tarball'}: https://a`, 1],
    ['packages/work/main', 0],
    ['./tmp/x', 0],
    ['the registry of handles', 0],
    ['https://www.apache.org/licenses/', 0],
  ])('in %j', (text, count) => {
    expect(foreignFindings(SourceTree.of({ 'README.md': text }))).toHaveLength(count);
  });
});

describe('faultPageFindings', () => {
  const page = (test: string): string =>
    `| W1 | a torn tail | opens | [log](../../packages/engine/src/${test}) |\n`;
  const messagesFor = (files: Record<string, string>): string =>
    faultPageFindings(SourceTree.of(files))
      .map(({ message }) => message)
      .join('\n');

  test('asks for every row', () => {
    const found = messagesFor({ 'docs/guide/faults.md': '' });
    expect(found.split('\n')).toHaveLength(63);
    expect(found).toContain('Add a row for P19.');
  });

  test('asks for the test that a row names, with the label in its name', () => {
    const files = { 'docs/guide/faults.md': page('log.test.ts') };
    const path = 'packages/engine/src/log.test.ts';
    expect(messagesFor(files)).toContain(`No test in ${path} has the label W1`);
    expect(messagesFor({ ...files, [path]: "// W1\ntest('W11: x', () => {});" })).toContain('W1 ');
    expect(messagesFor({ ...files, [path]: "test('W1: x', () => {});" })).not.toContain('W1 ');
  });

  test('asks for a test', () => {
    const files = { 'docs/guide/faults.md': '| W1 | a torn tail | opens | none |\n' };
    expect(messagesFor(files)).toContain('Say in the row of W1 which test shows it.');
  });
});

describe('errorPageFindings', () => {
  const errors = `export const STORAGE_ERROR_CODES = {
    /** Doc. */ CLOSED: { retryable: false, summary: 'x' },
    BUSY: { retryable: true, summary: 'x' },
  } as const;`;
  const findings = (page: string): string[] =>
    errorPageFindings(
      SourceTree.of({ 'packages/base/src/errors.ts': errors, 'docs/guide/errors.md': page }),
    ).map(({ message }) => message);

  test('wants a row for every code, with what the code says of retries', () => {
    expect(findings('| `CLOSED` | no | … |\n| `BUSY` | yes | … |')).toEqual([]);
    expect(findings('| `CLOSED` | no | … |')).toEqual([
      'Add a row for BUSY, with "yes" for whether a retry helps.',
    ]);
    expect(findings('| `CLOSED` | yes | … |\n| `BUSY` | yes | … |')[0]).toContain(
      'CLOSED, with "no"',
    );
    expect(findings('| `CLOSED` | no |\n| `BUSY` | yes |\n| `GONE` | no |')).toEqual([
      'Remove GONE: there is no such code.',
    ]);
  });
});

describe('formatPageFindings', () => {
  const source = 'packages/base/src/x-format.ts';
  const page = 'docs/format/x.md';

  test.each([
    [{ [source]: `// See ${page}.`, [page]: `Code: ${source}` }, []],
    [{ [source]: '// Nothing.', [page]: `Code: ${source}` }, [source]],
    [{ [source]: `// See ${page}.`, [page]: 'Nothing.' }, [page, source]],
    [{ [source]: `// See ${page}.` }, [source]],
    [{ [page]: 'Nothing.' }, [page]],
    [{ 'packages/base/src/block/format.ts': '// Nothing.' }, ['packages/base/src/block/format.ts']],
    [{ 'packages/base/src/reformat.ts': '// Nothing.' }, []],
  ])('of %j', (texts, paths) => {
    const found = formatPageFindings(SourceTree.of(texts as Record<string, string>));
    expect(found.map(({ path }) => path).toSorted()).toEqual(paths.toSorted());
  });
});

describe('measure', () => {
  test('counts packages, without tests', () => {
    const none = {
      exportCount: 4,
      documentedExportCount: 3,
      memberCount: 0,
      documentedMemberCount: 0,
    };
    const tree = SourceTree.of({
      'packages/base/src/a.ts': '// A.\nexport function one(): number {\n  return 1;\n}\n',
      'packages/base/src/b.ts': '// B.\nexport const two = (): number => 2;\n',
      'packages/base/src/a.test.ts': 'test();\n',
      'tools/x.ts': '// Not counted.\n',
    });
    const text = formatMeasurement(measure(tree, none));
    expect(text.split('\n')).toEqual([
      'files      2, median 2 lines, p90 4, longest 4: packages/base/src/a.ts',
      'functions  2, median 1 lines, p90 3, longest 3: packages/base/src/a.ts:2 one',
      'tests      1 lines for 6 lines of source (0.17)',
      'cycles     packages 0, folders 0, files 0',
      'documented exports 3 of 4 (75.0 %), members 0 of 0 (-)',
    ]);
  });
});

describe('PublicApi', () => {
  const root = mkdtempSync(join(tmpdir(), 'varve-tidy-'));
  const files = {
    'tsconfig.tests.json': '{ "compilerOptions": { "strict": true, "module": "nodenext" } }',
    'packages/engine/src/index.ts':
      "export * from './a.js';\nexport { hidden as shown } from './a.js';\n",
    'packages/engine/src/a.ts': `
      /** Documented. */
      export function good(a: string, b: number, options: { strict?: boolean }): void {}
      export function bare(): void {}
      /** Takes a boolean. */
      export function asks(a: string, isStrict?: boolean): void {}
      /** Takes many. */
      export const many = (a: number, b: number, c: number, d: number): number => a;
      /** A class. */
      export class Thing {
        readonly size = 1;
        /** Documented. */
        run(): void {}
        walk(isFast: boolean): void {}
        #secret(): void {}
        private old(): void {}
      }
      /** An interface. */
      export interface Shape { draw(): void; readonly name: string }
      const hidden = 1;
      export { hidden };
    `,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  afterAll(() => rmSync(root, { recursive: true }));

  test('finds what is not documented, and how functions are called', () => {
    const api = new PublicApi(root);
    const names = (findings: Finding[]): string[] =>
      findings
        .map(({ message }) =>
          message.replace(/^engine exports (.*?), which (\S+ \S+ \S+).*$/, '$1 $2'),
        )
        .toSorted();
    expect(names(api.undocumentedFindings())).toEqual([
      'Shape.draw has no doc',
      'Thing.walk has no doc',
      'bare has no doc',
      'hidden has no doc',
      'shown has no doc',
    ]);
    expect(names(api.signatureFindings())).toEqual([
      'Thing.walk takes a boolean.',
      'asks takes a boolean.',
      'many takes more than',
    ]);
    expect(api.documentation()).toEqual({
      exportCount: 8,
      documentedExportCount: 5,
      memberCount: 5,
      documentedMemberCount: 1,
    });
  }, 60_000);
});
