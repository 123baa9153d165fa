// The questions put to the store, timed, and each answer compared with what the source says.

import type { City } from './city.js';
import type { CityReader } from './city-reader.js';
import { QUESTIONS, type Question } from './questions.js';

/** A question with the store's answer. */
export interface Answer {
  readonly question: Question;
  readonly cities: readonly City[];
  /** Entries of orderings that were read to find it. */
  readonly entriesRead: number;
  readonly elapsedMs: number;
  /** Whether the source gives the same cities in the same order. */
  readonly isRight: boolean;
}

/** Asks every question once. */
export async function askQuestions(
  reader: CityReader,
  cities: readonly City[],
  monotonicMs: () => number,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const question of QUESTIONS) {
    const entriesBefore = reader.entryCount;
    const startMs = monotonicMs();
    const found = await question.ask(reader);
    const elapsedMs = monotonicMs() - startMs;
    answers.push({
      question,
      cities: found,
      entriesRead: reader.entryCount - entriesBefore,
      elapsedMs,
      isRight: sameIds(found, question.expect(cities)),
    });
  }
  return answers;
}

function sameIds(one: readonly City[], other: readonly City[]): boolean {
  return one.length === other.length && one.every((city, index) => city.id === other[index]?.id);
}
