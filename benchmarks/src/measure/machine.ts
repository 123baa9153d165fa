/** The machine that figures come from, as far as they depend on it. */
import { availableParallelism, cpus, totalmem } from 'node:os';

/** Facts for the settings of a result. */
export interface MachineFacts extends Readonly<Record<string, string | number>> {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

/** This machine. */
export function machineFacts(): MachineFacts {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}
