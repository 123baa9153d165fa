// Runs named checks one after the other, shows what each gave, and ends with one line.

import { parseArgs } from 'node:util';

/** What a check throws when the host cannot be had here: it counts as skipped. */
export class Unavailable extends Error {}

/** The options every program of this folder has. Exits with 2 for any other. */
export function readArguments(usage, allowPositionals = false) {
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean' } };
    const { values, positionals } = parseArgs({ options, allowPositionals });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    return { json: values.json === true, positionals };
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

export class Checks {
  #results = [];
  #json;

  constructor({ json }) {
    this.#json = json;
  }

  /** Runs one check; `body` gives one line about what was seen, or throws. */
  async run(name, body) {
    const result = await outcomeOf(body);
    this.#results.push({ name, ...result });
    if (!this.#json) console.log(`${result.outcome.padEnd(7)} ${name.padEnd(46)} ${result.detail}`);
  }

  /** Prints the closing line, or everything as JSON, and sets the exit code. */
  end(title) {
    const count = (outcome) => this.#results.filter((result) => result.outcome === outcome).length;
    const closing = `${title}: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
    console.log(this.#json ? JSON.stringify(this.#results, null, 2) : closing);
    if (count('failed') > 0 || count('passed') === 0) process.exitCode = 1;
  }
}

async function outcomeOf(body) {
  try {
    return { outcome: 'passed', detail: await body() };
  } catch (error) {
    return { outcome: error instanceof Unavailable ? 'skipped' : 'failed', detail: error.message };
  }
}
