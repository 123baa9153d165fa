// The whole command line: builds the commands, runs the one that was asked for, reports what went wrong.
//
// Nothing here or below ends the process: `runVarve` gives the exit code, so that a test can run a command in its own
// process and so that buffered output always arrives.

import { Command, CommanderError } from 'commander';
import { addDelete } from './commands/delete.js';
import { addDump } from './commands/dump.js';
import { addExport } from './commands/export.js';
import { addGet } from './commands/get.js';
import { addImport } from './commands/import.js';
import { addKeyspaces } from './commands/keyspaces.js';
import { addPut } from './commands/put.js';
import { addSalvage } from './commands/salvage.js';
import { addScan } from './commands/scan.js';
import type { Session } from './commands/session.js';
import { addStats } from './commands/stats.js';
import { addTree } from './commands/tree.js';
import { addVerify } from './commands/verify.js';
import { ExitCode } from './failures.js';
import { printFailure } from './terminal/print-failure.js';
import type { ProcessParts } from './terminal/process-parts.js';
import { Terminal } from './terminal/terminal.js';

const COMMANDS = [
  addImport,
  addExport,
  addGet,
  addPut,
  addDelete,
  addScan,
  addStats,
  addTree,
  addVerify,
  addSalvage,
  addDump,
  addKeyspaces,
];

const EXAMPLES = `
Examples:
  $ varve import ./data people.csv --key-column id     a store from a CSV file, each row as JSON under its id
  $ varve scan ./data --prefix user: --limit 10        the first ten keys that begin with user:
  $ varve get ./data user:1                            one value
  $ varve export ./data - --format csv > all.csv       everything as CSV
  $ varve verify ./data                                is every byte what was written?`;

/** What `runVarve` can be told besides the words. */
export interface RunOptions extends ProcessParts {
  /** What `--version` prints. */
  readonly version: string;
}

/** Runs one command. `words` are those after `varve`. Gives the exit code; never throws. */
export async function runVarve(words: readonly string[], options: RunOptions): Promise<number> {
  const terminal = new Terminal(options.streams);
  options.onInterruptible(() => terminal.interrupt());
  const session: Session = { terminal, exitCode: ExitCode.done };
  try {
    const exitCode = await runWords(session, words, options);
    await terminal.output.flush();
    return exitCode;
  } catch (error) {
    return await printFailure(terminal, error);
  }
}

async function runWords(
  session: Session,
  words: readonly string[],
  { version }: RunOptions,
): Promise<number> {
  try {
    await createProgram(session, version).parseAsync(words, { from: 'user' });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version are asked for with words, which commander reports as errors of code 0.
      return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    }
    throw error;
  }
}

function createProgram(session: Session, version: string): Command {
  const { terminal } = session;
  const program = new Command('varve')
    .description('Look into, fill and check stores of the Varve storage engine.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      writeOut: (text) => terminal.output.write(text),
      writeErr: (text) => void terminal.notice(text.trimEnd()),
      getOutHelpWidth: () => terminal.widthColumns,
      getErrHelpWidth: () => terminal.widthColumns,
      outputError: (text, write) => write(terminal.noticePalette.bad(text)),
    });
  for (const add of COMMANDS) {
    add(program, session);
  }
  return program;
}
