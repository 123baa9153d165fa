// The command line as a function, for programs that want to offer it under a name of their own.

export { type RunOptions, runVarve } from './command-line.js';
export type { ProcessParts } from './terminal/process-parts.js';
export type { TerminalStreams, TerminalWritable } from './terminal/terminal.js';
