/** What a running job tells the thread that waits for it: that it is alive. */

export interface JobProgress {
  /** Called every few thousand entries. */
  beat(): void;
}

/** Entries between two beats: some milliseconds of work. */
export const ENTRIES_PER_BEAT = 4096;
