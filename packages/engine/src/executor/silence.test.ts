import { describe, expect, test } from 'vitest';
import { HANG_TIMEOUT_MS, Silence, type Watched } from './silence.js';

function makeWatched() {
  const watched = { pendingCount: 1, beatCount: 0, operation: null as Watched['operation'] };
  return { watched, silence: new Silence(watched) };
}

describe('Silence', () => {
  test('P6: is a hang after the timeout, and not before', () => {
    const { silence } = makeWatched();
    for (let ms = 1000; ms < HANG_TIMEOUT_MS; ms += 1000) {
      silence.look(1000);
      expect(silence.isHang).toBe(false);
    }
    silence.look(1000);
    expect(silence.isHang).toBe(true);
  });

  test('P6: ends with a sign of life, and with the last job', () => {
    const { watched, silence } = makeWatched();
    silence.look(HANG_TIMEOUT_MS - 1);
    watched.beatCount += 1;
    silence.look(HANG_TIMEOUT_MS);
    expect(silence.silentMs).toBe(0);
    silence.look(HANG_TIMEOUT_MS - 1);
    watched.pendingCount = 0;
    silence.look(HANG_TIMEOUT_MS);
    expect([silence.silentMs, silence.isHang]).toEqual([0, false]);
  });

  test('I9: of a thread that waits for the disk is no hang, however long', () => {
    const { watched, silence } = makeWatched();
    watched.operation = 'syncData';
    for (let look = 0; look < 1000; look++) silence.look(1000);
    expect([silence.silentMs, silence.isHang]).toEqual([1_000_000, false]);
    watched.operation = null;
    expect(silence.isHang).toBe(true);
  });
});
