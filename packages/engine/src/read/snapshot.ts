/** What a read needs of a snapshot: the sequence number it stands for, and whether it is still held. */

export interface ReadSnapshot {
  /** Reads see the entries at or below it. */
  readonly sequence: number;
  readonly released: boolean;
}
