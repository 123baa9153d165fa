/** Measures when and why writers wait, and tells listeners. */
import type { Clock } from '@varve/base';
import type { EventHub, StallReason } from './events.js';
import type { Metrics } from './metrics.js';

export class StallMeter {
  readonly #clock: Clock;
  readonly #events: EventHub;
  readonly #metrics: Metrics;
  #reason: StallReason | null = null;
  #sinceMs = 0;

  constructor(clock: Clock, events: EventHub, metrics: Metrics) {
    this.#clock = clock;
    this.#events = events;
    this.#metrics = metrics;
  }

  /** A write found that it has to wait for this reason, or that it need not. */
  set(reason: StallReason | null): void {
    if (reason === this.#reason) return;
    this.#end();
    this.#reason = reason;
    if (reason === null) return;
    this.#sinceMs = this.#clock.monotonicMs();
    this.#metrics.stallCounts[reason] += 1;
    this.#events.emit('stall', { reason });
  }

  #end(): void {
    const reason = this.#reason;
    if (reason === null) return;
    const durationMs = this.#clock.monotonicMs() - this.#sinceMs;
    this.#metrics.stallMs[reason] += durationMs;
    this.#events.emit('stallEnd', { reason, durationMs });
  }
}
