// What is printed while mutants are tried: a line for each, and how long the rest will take.

import type { Mutant } from './mutant.js';
import type { TestVerdict } from './test-run.js';

/** One mutant that was tried. */
export interface Attempt {
  readonly mutant: Mutant;
  readonly verdict: TestVerdict;
  readonly durationMs: number;
}

const WORDS = { passed: 'SURVIVED', failed: 'killed', broken: 'BROKEN' } as const;

/** See the head of this file. */
export class Progress {
  readonly #mutantCount: number;
  readonly #format: 'text' | 'json';
  #toldCount = 0;
  #spentMs = 0;

  /** `mutantCount` will be tried. */
  constructor(mutantCount: number, format: 'text' | 'json') {
    this.#mutantCount = mutantCount;
    this.#format = format;
  }

  /** Prints what became of a change that nothing may notice. It does not count. */
  tellCanary(attempt: Attempt): void {
    this.#print(attempt, attempt.verdict.kind === 'passed' ? 'unharmed' : 'HARMED');
  }

  /** Prints the outcome of one. */
  tell(attempt: Attempt): void {
    this.#toldCount += 1;
    this.#spentMs += attempt.durationMs;
    this.#print(attempt, WORDS[attempt.verdict.kind]);
  }

  #print(attempt: Attempt, word: string): void {
    console.log(this.#format === 'json' ? this.#json(attempt) : this.#text(attempt, word));
  }

  #json({ mutant, verdict, durationMs }: Attempt): string {
    const { name, rule, file } = mutant;
    return JSON.stringify({ name, rule, file, ...verdict, durationMs: Math.round(durationMs) });
  }

  #text({ mutant, verdict, durationMs }: Attempt, word: string): string {
    const place = `[${this.#toldCount}/${this.#mutantCount}]`;
    const by = verdict.kind === 'passed' ? `(${mutant.rule})` : `by: ${verdict.by.split('\n')[0]}`;
    return `${place} ${word} ${mutant.name} ${seconds(durationMs)}${this.#timeLeft()} ${by}`;
  }

  #timeLeft(): string {
    if (this.#toldCount === 0) return '';
    const leftCount = this.#mutantCount - this.#toldCount;
    return `, ${seconds((this.#spentMs / this.#toldCount) * leftCount)} left`;
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
