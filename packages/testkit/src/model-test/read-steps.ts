// Reads that end with their operation: each must show the state that was visible when it began.

import { expectSame, expectText } from './difference.js';
import { shown } from './keys.js';
import type { TextEntry } from './model.js';
import type { OpenKeyspace } from './open-keyspace.js';
import type { OperationOf, ScanChoice, ScanPart } from './operation.js';
import type { ReadView, RunState } from './run-state.js';

/** Carries out one `get` or `has`. */
export function get(
  run: RunState,
  operation: OperationOf<'get' | 'has'>,
): Promise<void> | undefined {
  const keyspace = run.keyspaces.get(operation.keyspace);
  if (keyspace === undefined) return undefined;
  const view = run.view(operation.snapshot);
  const key = run.keyOf(operation.key);
  if (operation.kind === 'has') return has(keyspace, view, { key, form: operation.form });
  const options = optionsOf(view);
  if (operation.form === 'sync') {
    checkValue(keyspace, view, {
      key,
      actual: keyspace.handle.getSync(keyspace.key(key), options),
    });
    return undefined;
  }
  return keyspace.handle
    .get(keyspace.key(key), options)
    .then((actual) => checkValue(keyspace, view, { key, actual }));
}

/** Carries out one `getMany`, or several `get` at once. */
export function getMany(
  run: RunState,
  operation: OperationOf<'getMany' | 'gets'>,
): Promise<void> | undefined {
  const keyspace = run.keyspaces.get(operation.keyspace);
  if (keyspace === undefined) return undefined;
  const view = run.view(operation.snapshot);
  const options = optionsOf(view);
  const keys = operation.keys.map(run.keyOf);
  const given = keys.map((key) => keyspace.key(key));
  const reading =
    operation.kind === 'getMany'
      ? keyspace.handle.getMany(given, options)
      : Promise.all(given.map((key) => keyspace.handle.get(key, options)));
  return reading.then((values) => {
    for (const [index, key] of keys.entries()) {
      checkValue(keyspace, view, { key, actual: values[index] });
    }
  });
}

/** Reads a scan from its start to its end. */
export function scan(run: RunState, operation: OperationOf<'scan'>): Promise<void> | undefined {
  const { keyspace: slot, form, part, snapshot } = operation.scan;
  const keyspace = run.keyspaces.get(slot);
  if (keyspace === undefined) return undefined;
  const view = run.view(snapshot);
  const range = run.range(operation.scan.range);
  const source = scanOf(keyspace, operation.scan, keyspace.range(range, view.snapshot));
  const check = new ScanCheck(keyspace, part, keyspace.model.entries(view.sequence, range));
  if (form === 'async') return readAll(source, check);
  for (const item of source) check.take(item);
  check.end();
  return undefined;
}

async function readAll(source: AsyncIterable<unknown>, check: ScanCheck): Promise<void> {
  for await (const item of source) check.take(item);
  check.end();
}

/** The scan of a part of a range. */
export function scanOf(
  keyspace: OpenKeyspace,
  choice: ScanChoice,
  range: Record<string, unknown>,
): Iterable<unknown> & AsyncIterable<unknown> {
  return keyspace.handle[choice.part](range);
}

/** Compares what a scan gives with what it must give, one by one. */
export class ScanCheck {
  readonly #keyspace: OpenKeyspace;
  readonly #part: ScanPart;
  readonly #expected: readonly TextEntry[];
  #index: number;

  constructor(
    keyspace: OpenKeyspace,
    part: ScanPart,
    expected: readonly TextEntry[],
    startIndex = 0,
  ) {
    this.#keyspace = keyspace;
    this.#part = part;
    this.#expected = expected;
    this.#index = startIndex;
  }

  /** The scan gave this. */
  take(item: unknown): void {
    const expected = this.#expected[this.#index];
    const wanted = expected === undefined ? 'the end' : this.#shownPart(expected);
    const actual = this.#textsOf(item);
    const isSame =
      expected !== undefined &&
      (actual[0] === undefined || actual[0] === expected[0]) &&
      (actual[1] === undefined || actual[1] === expected[1]);
    if (!isSame) expectSame(this.#place(), wanted, actual.map(shown).join(' = '));
    this.#index += 1;
  }

  /** The scan ended. */
  end(): void {
    const expected = this.#expected[this.#index];
    if (expected !== undefined) expectSame(this.#place(), this.#shownPart(expected), 'the end');
  }

  #place(): string {
    return `${this.#part} of ${this.#keyspace.model.name}, number ${this.#index}`;
  }

  #shownPart([key, value]: TextEntry): string {
    if (this.#part === 'keys') return shown(key);
    return this.#part === 'values' ? shown(value) : `${shown(key)} = ${shown(value)}`;
  }

  #textsOf(item: unknown): [key: string | undefined, value: string | undefined] {
    if (this.#part === 'keys') return [this.#keyspace.keyText(item), undefined];
    if (this.#part === 'values') return [undefined, this.#keyspace.valueText(item)];
    const [key, value] = item as [unknown, unknown];
    return [this.#keyspace.keyText(key), this.#keyspace.valueText(value)];
  }
}

function has(
  keyspace: OpenKeyspace,
  view: ReadView,
  asked: { readonly key: string; readonly form: 'sync' | 'async' },
): Promise<void> | undefined {
  const key = keyspace.key(asked.key);
  const check = (actual: boolean): void => {
    const expected = keyspace.model.get(asked.key, view.sequence) !== undefined;
    const what = `has ${keyspace.model.name} ${shown(asked.key)} at ${view.sequence}`;
    expectSame(what, String(expected), String(actual));
  };
  if (asked.form === 'async') return keyspace.handle.has(key, optionsOf(view)).then(check);
  check(keyspace.handle.hasSync(key, optionsOf(view)));
  return undefined;
}

/** Compares a value that was read. */
export function checkValue(
  keyspace: OpenKeyspace,
  view: ReadView,
  read: { readonly key: string; readonly actual: unknown },
): void {
  const expected = keyspace.model.get(read.key, view.sequence);
  const what = `get ${keyspace.model.name} ${shown(read.key)} at ${view.sequence}`;
  expectText(what, expected, keyspace.valueText(read.actual));
}

function optionsOf({ snapshot }: ReadView): { snapshot?: NonNullable<ReadView['snapshot']> } {
  return snapshot === undefined ? {} : { snapshot };
}
