// How far a program is: a line on standard error every few seconds, with the rate and the time left.

import { systemClock } from '@varve/base';

const INTERVAL_MS = 5_000;
const MS_PER_SECOND = 1000;

/** How far a program is. */
export interface Standing {
  readonly doneCount: number;
  /** Of the whole, 0 to 1. */
  readonly share: number;
}

/** Gives a function to be called whenever something is done. `noun` says what is counted: `seeds`. */
export function progressPrinter(label: string, noun: string): (standing: Standing) => void {
  const startMs = systemClock.monotonicMs();
  let printedMs = startMs;
  return (standing) => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - printedMs < INTERVAL_MS) return;
    printedMs = nowMs;
    console.error(`${label}: ${progressText(standing, { noun, elapsedMs: nowMs - startMs })}`);
  };
}

/** `120 seeds, 2.4/s, 60 %, 33 s left`. */
export function progressText(
  { doneCount, share }: Standing,
  { noun, elapsedMs }: { readonly noun: string; readonly elapsedMs: number },
): string {
  const seconds = elapsedMs / MS_PER_SECOND;
  const rate = Number((doneCount / seconds).toPrecision(2));
  const left = share > 0 ? `${Math.round(seconds / share - seconds)} s left` : 'time left unknown';
  return `${doneCount} ${noun}, ${rate}/s, ${Math.round(share * 100)} %, ${left}`;
}
