import { describe, expect, test } from 'vitest';
import { runCommand } from './testing/run-command.js';

const COMMANDS = [
  'import',
  'export',
  'get',
  'put',
  'del',
  'scan',
  'stats',
  'tree',
  'verify',
  'dump',
  'keyspaces',
];

describe('runVarve', () => {
  test('prints help and version to standard output and ends with 0', async () => {
    const help = await runCommand(['--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stderr).toBe('');
    for (const name of COMMANDS) {
      expect(help.stdout).toMatch(new RegExp(`^  ${name}`, 'm'));
    }
    expect(await runCommand(['--version'])).toEqual({
      exitCode: 0,
      stdout: '0.0.0-test\n',
      stderr: '',
    });
  });

  test.each(COMMANDS)('%s has help', async (name) => {
    const help = await runCommand([name, '--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain(`Usage: varve ${name}`);
  });

  test.each([
    [[], 'Usage: varve'],
    [['scna', 'dir'], 'Did you mean scan?'],
    [['get', 'dir'], "missing required argument 'key'"],
    [['get', 'dir', 'a', 'b'], 'too many arguments'],
    [['scan', 'dir', '--limit', '-1'], 'whole number'],
    [['scan', 'dir', '--limit', '1.5'], 'whole number'],
    [['scan', 'dir', '--gtee', 'a'], 'Did you mean --gte?'],
    [['scan', 'dir', '--key-encoding', 'latin1'], 'utf8, hex, base64, json, msgpack, tuple'],
    [['scan', 'dir', '--only', 'both'], 'keys, values'],
    [['dump'], 'Usage: varve dump'],
    [['keyspaces', 'drop'], "unknown command 'drop'"],
  ])('%j is refused with exit code 2', async (words, text) => {
    const result = await runCommand(words);
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain(text);
  });
});
