/** The command line: what may be asked for, with which defaults, and a helpful answer to anything else. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_ENGINE_NAMES, ENGINE_NAMES } from './engines/registry.js';
import { bytes, count, counts, share } from './number-options.js';
import { DEFAULT_WORKLOAD_NAMES, WORKLOADS } from './workloads/index.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const KEY_SIZE_BYTES_LEAST = 8;

/** What was asked for; a field that depends on the workload is undefined unless it was given. */
export interface HarnessOptions {
  readonly workloads: readonly string[];
  readonly engines: readonly string[];
  /** Keys in the store. */
  readonly num: number;
  /** Everything that was asked for with `--num`: all runs are done with the first, then with the next. */
  readonly nums: readonly number[];
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  readonly valueCompressibility: number;
  readonly batchSize: number | undefined;
  readonly writers: number | undefined;
  readonly durability: 'always' | 'os' | 'none' | undefined;
  readonly cacheSizeBytes: number;
  readonly memtableSizeBytes: number;
  readonly filterBitsPerKey: number;
  readonly compression: 'none' | 'lz4';
  readonly reads: number | undefined;
  readonly seekNexts: number;
  readonly writesPerSecond: number;
  readonly durationSeconds: number;
  readonly seed: number;
  readonly repeat: number;
  readonly directory: string | undefined;
  readonly jsonFile: string | undefined;
  readonly htmlFile: string | undefined;
}

/** Something on the command line is wrong, or only help was wanted: `exitCode` is 2 or 0, and the text is printed already. */
export class CommandLineExit extends Error {
  override readonly name = 'CommandLineExit';
  readonly exitCode: 0 | 2;

  constructor(exitCode: 0 | 2) {
    super(`command line ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Where help and complaints go. */
export interface TextOutput {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/**
 * Reads the words after the name of the program.
 * @throws CommandLineExit
 */
export function parseOptions(words: readonly string[], output: TextOutput): HarnessOptions {
  const command = commandOf(output);
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    throw new CommandLineExit((error as { exitCode?: number }).exitCode === 0 ? 0 : 2);
  }
  return harnessOptionsOf(command);
}

function harnessOptionsOf(command: Command): HarnessOptions {
  const given = command.opts();
  const workloads: string[] = command.processedArgs[0];
  return {
    workloads: workloads.length === 0 ? DEFAULT_WORKLOAD_NAMES : workloads,
    engines: given.engines ?? DEFAULT_ENGINE_NAMES,
    num: given.num[0],
    nums: given.num,
    keySizeBytes: given.keySize,
    valueSizeBytes: given.valueSize,
    valueCompressibility: given.valueCompressibility,
    batchSize: given.batch,
    writers: given.writers,
    durability: given.durability,
    cacheSizeBytes: given.cache,
    memtableSizeBytes: given.memtable,
    filterBitsPerKey: given.filterBits,
    compression: given.compression,
    reads: given.reads,
    seekNexts: given.seekNexts,
    writesPerSecond: given.writeRate,
    durationSeconds: given.duration,
    seed: given.seed,
    repeat: given.repeat,
    directory: given.dir,
    jsonFile: given.json,
    htmlFile: given.html,
  };
}

function commandOf(output: TextOutput): Command {
  const command = new Command('pnpm bench')
    .description('Measures storage engines under the workloads of db_bench and YCSB.')
    .argument('[workload...]', 'what to measure; `all` for everything', namesOf('workload'))
    .exitOverride()
    .configureOutput({ writeOut: output.out, writeErr: output.error })
    .showHelpAfterError('Run with --help to see every option.')
    .addHelpText('after', listing());
  command.processedArgs = [[]];
  for (const option of allOptions()) command.addOption(option);
  return command;
}

function allOptions(): Option[] {
  return [...sizeOptions(), ...engineOptions(), ...methodOptions()];
}

function sizeOptions(): Option[] {
  return [
    option(
      '--num <counts>',
      'keys in the store, separated by commas for growth; k and m may follow',
      counts({ least: 1 }),
      [1e6],
    ),
    option('--key-size <bytes>', 'size of keys', bytes(KEY_SIZE_BYTES_LEAST), 16),
    option('--value-size <bytes>', 'size of values', bytes(1), 100),
    option('--value-compressibility <share>', 'what compresses away, 0 to 1', share, 0.5),
    option(
      '--batch <count>',
      'entries per batch, where there are batches (1000)',
      count({ least: 1 }),
    ),
    option(
      '--writers <count>',
      'concurrent writers, where writes can overlap (1)',
      count({ least: 1 }),
    ),
    option(
      '--reads <count>',
      'operations of workloads that read (as many as keys)',
      count({ least: 1 }),
    ),
    option('--seek-nexts <count>', 'entries after each seek', count({ least: 1 }), 100),
    option(
      '--write-rate <count>',
      'puts per second in readwhilewriting',
      count({ least: 0 }),
      10_000,
    ),
  ];
}

function engineOptions(): Option[] {
  return [
    option('--engines <names>', 'engines, separated by commas', engineNames),
    new Option(
      '--durability <level>',
      'before a write is acknowledged (os; fillsync: always)',
    ).choices(['always', 'os', 'none']),
    option(
      '--cache <bytes>',
      'memory for cached blocks; k, m and g may follow',
      bytes(KIB),
      256 * MIB,
    ),
    option('--memtable <bytes>', 'memory for one memtable', bytes(64 * KIB), 64 * MIB),
    option('--filter-bits <count>', 'bits of Bloom filter per key', count({ least: 0 }), 10),
    new Option('--compression <codec>', 'codec of tables').choices(['none', 'lz4']).default('lz4'),
  ];
}

function methodOptions(): Option[] {
  return [
    option('--repeat <count>', 'repetitions of everything', count({ least: 1 }), 3),
    option('--duration <seconds>', 'longest timed part', count({ least: 1 }), 60),
    option('--seed <number>', 'where all random choices start from', count({ least: 0 }), 1),
    new Option('--dir <path>', 'where stores are made (the directory for temporary files)'),
    new Option('--json <file>', 'write results there, a line of JSON each'),
    new Option('--html <file>', 'write a report of them there'),
  ];
}

function option<T>(
  flags: string,
  text: string,
  ...[parse, standard]: [parse: (word: string) => T, standard?: T]
): Option {
  return new Option(flags, text).argParser(parse).default(standard);
}

function engineNames(words: string): string[] {
  return words.split(',').map((name) => checkedName('engine', name));
}

function namesOf(kind: 'workload'): (word: string, before: string[] | undefined) => string[] {
  return (word, before = []) => {
    if (word === 'all') return WORKLOADS.map(({ name }) => name);
    return [...before, checkedName(kind, word)];
  };
}

function checkedName(kind: 'workload' | 'engine', name: string): string {
  const names = kind === 'engine' ? ENGINE_NAMES : WORKLOADS.map((workload) => workload.name);
  if (names.includes(name)) return name;
  throw new InvalidArgumentError(`There is no ${kind} '${name}'. There are: ${names.join(', ')}.`);
}

function listing(): string {
  const width = Math.max(...WORKLOADS.map(({ name }) => name.length));
  const lines = WORKLOADS.map(({ name, summary }) => {
    const isDefault = DEFAULT_WORKLOAD_NAMES.includes(name);
    return `  ${isDefault ? '*' : ' '} ${name.padEnd(width)}  ${summary}`;
  });
  const engines = ENGINE_NAMES.map((name) =>
    DEFAULT_ENGINE_NAMES.includes(name) ? `*${name}` : name,
  );
  return `
Workloads (* unless others are named):
${lines.join('\n')}

Engines (* unless others are named):
    ${engines.join(' ')}`;
}
