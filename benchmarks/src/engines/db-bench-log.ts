/** Reads the log that RocksDB writes into its directory. */

const EVENT =
  /EVENT_LOG_v1 \{"time_micros": (\d+), .*"event": "(?:flush_finished|compaction_finished)"/g;

/**
 * When the last flush or compaction ended, in milliseconds since 1970, or null if there was none. This is how long settling
 * took: db_bench's `waitforcompaction` itself looks only every ten seconds.
 */
export function lastBackgroundWorkMs(log: string): number | null {
  const times = [...log.matchAll(EVENT)].map((match) => Number(match[1]) / 1000);
  return times.length === 0 ? null : Math.max(...times);
}
