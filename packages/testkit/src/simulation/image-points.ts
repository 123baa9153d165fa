// Chooses the moments at which it is seen what a crash would leave: before calls to the file system, and when it is quiet.
//
// Moments that are rare, or follow an acknowledgement, are chosen more often: that is where the order of things matters.

import { createRandom, type Random } from '@varve/base';
import type { CrashModel, FileCall } from '@varve/vfs';
import type { SimulationCase } from './simulation-case.js';

/** Of so many moments of a kind one is chosen. */
const STRIDES = { rareCall: 120, call: 2_000, acknowledged: 160, quiet: 800 } as const;

const RARE: readonly string[] = [
  ...['rename', 'remove', 'create', 'syncDirectory', 'truncate', 'makeDirectory', 'syncData'],
];
const MODELS: readonly CrashModel[] = [
  'kill',
  'drop',
  'drop',
  'ordered',
  'posix',
  'posix',
  'single',
];
/** When moments are not drawn, it is with these. */
const ALL_MODELS: readonly CrashModel[] = ['drop', 'posix'];
const ENDED_MODELS: readonly CrashModel[] = ['kill', 'drop'];
/** Of so many quiet moments one is chosen where acknowledgements are what counts. */
const ENDED_STRIDE = 16;

/** One image to take. */
export interface ImageChoice {
  readonly model: CrashModel;
  readonly random: Random;
  readonly text: string;
}

/** See the head of this file. */
export class ImagePoints {
  readonly #case: SimulationCase;
  readonly #random: Random;
  #pointCount = 0;
  #hasAcknowledged = false;
  #hasClosed = false;

  constructor(simulation: SimulationCase) {
    this.#case = simulation;
    this.#random = createRandom(simulation.seed ^ 0x1a_6e_5e_ed);
  }

  /** Something was acknowledged: the next quiet moment is a better one. */
  noteAcknowledged(): void {
    this.#hasAcknowledged = true;
  }

  /** The database has closed, which made everything durable: where that is what counts, the next call is a good moment. */
  noteClosed(): void {
    this.#hasClosed = true;
  }

  /** What to take before a call. */
  beforeCall({ operation, path }: FileCall): ImageChoice[] {
    if (this.#case.images === 'none') return [];
    if (this.#case.images === 'ended') return this.#afterClosing();
    const isRare = RARE.includes(operation) && !(operation === 'syncData' && path.endsWith('.log'));
    return this.#choices(isRare ? STRIDES.rareCall : STRIDES.call);
  }

  /** What to take when it is quiet. */
  whenQuiet(): ImageChoice[] {
    if (this.#case.images === 'none') return [];
    const hasAcknowledged = this.#hasAcknowledged;
    this.#hasAcknowledged = false;
    if (this.#case.images === 'ended') return this.#whenEnded(hasAcknowledged);
    return this.#choices(hasAcknowledged ? STRIDES.acknowledged : STRIDES.quiet);
  }

  #afterClosing(): ImageChoice[] {
    if (!this.#hasClosed) return [];
    this.#hasClosed = false;
    return this.#imagesOf(ENDED_MODELS, this.#pointCount++);
  }

  #whenEnded(hasAcknowledged: boolean): ImageChoice[] {
    const point = this.#pointCount++;
    if (!hasAcknowledged && point % ENDED_STRIDE !== 0) return [];
    return this.#imagesOf(ENDED_MODELS, point);
  }

  #choices(stride: number): ImageChoice[] {
    const { images, model } = this.#case;
    const point = this.#pointCount++;
    if (images === 'all') return this.#imagesOf(ALL_MODELS, point);
    if (this.#random.below(stride) > 0) return [];
    const drawn = MODELS[this.#random.below(MODELS.length)]!;
    return [this.#image(model ?? drawn, point, 0)];
  }

  #imagesOf(models: readonly CrashModel[], point: number): ImageChoice[] {
    const { model } = this.#case;
    if (model !== null) return [this.#image(model, point, 0)];
    return models.map((one, number) => this.#image(one, point, number));
  }

  #image(model: CrashModel, point: number, number: number): ImageChoice {
    const choices = (this.#case.seed ^ Math.imul(point + 1, 0x9e37_79b1) ^ number) >>> 0;
    return {
      model,
      random: createRandom(choices),
      text: `${model}, choices=0x${choices.toString(16)}`,
    };
  }
}
