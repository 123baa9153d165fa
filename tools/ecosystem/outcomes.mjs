// How many tests passed and failed, from what each test runner prints.

/** mocha with `--reporter json`. */
export function fromMocha(output) {
  const { stats, failures } = JSON.parse(output.slice(output.indexOf('{\n  "stats"')));
  return {
    passed: stats.passes,
    failed: stats.failures,
    failures: failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`),
  };
}

/** `node --test --test-reporter=tap`. */
export function fromTap(output) {
  const count = (word) =>
    Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN);
  const failures = output.match(/^ *not ok \d+ - .*$/gm) ?? [];
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), failures };
}

/** The test runner of lib0, which ends with the first failure. */
export function fromLib0(output) {
  const total = Number(/\[\d+\/(\d+)\]/.exec(output)?.[1] ?? Number.NaN);
  const passed = (output.match(/^Success: /gm) ?? []).length;
  const failures = output.match(/^FAILURE.*$/gm) ?? [];
  return { passed, failed: total - passed, failures };
}

/** A program of ours, which prints counts as its last line. */
export function fromReport(output) {
  return JSON.parse(output.trim().split('\n').at(-1));
}
