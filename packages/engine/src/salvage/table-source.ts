// The intact blocks of a table, read again one at a time, to be copied.
//
// What a failing disk gave while the blocks were looked for it need not give again. A block that is gone by then is a loss
// like one that was never found, and the others are copied all the same.

import type { StorageError } from '@varve/base';
import {
  entryCountOf,
  keyEnd,
  keyStart,
  kindAt,
  readStoredBlock,
  type StoredRange,
  sequenceAt,
  valueEnd,
  valueStart,
} from '@varve/sstable';
import { usingFileSync } from '@varve/vfs';
import { type DatabaseDirectory, tableFileName } from '../directory/index.js';
import { isDamage, isDeviceFailure } from './read-failures.js';
import type { SalvageFindings } from './salvage-report.js';
import type { SalvagedEntry, SalvageSource } from './source.js';
import { type LossPlace, type LostRange, lossInTable } from './table-loss.js';

/** A block that was intact. Its keys are not kept: there may be millions of blocks. */
export interface IntactBlock extends StoredRange {
  readonly entryCount: number;
}

/** What was found of a table. */
export interface IntactTable extends LossPlace {
  readonly tableId: Uint8Array;
  /** Ascending, at least one. */
  readonly blocks: readonly IntactBlock[];
  /** Of the first block. */
  readonly firstKey: Uint8Array;
  /** Of the last block. */
  readonly lastKey: Uint8Array;
}

/** The entries of `table`. What can no longer be read becomes a loss in `findings`, and does not count as read there. */
export function tableSource(
  directory: DatabaseDirectory,
  table: IntactTable,
  findings: SalvageFindings,
): SalvageSource {
  const { fileNumber, firstKey } = table;
  const entries = () => new TableReading(directory, table, findings).entries();
  return { rank: fileNumber, firstKey, entries };
}

/** The entries of a block. */
export function* entriesOf(content: Uint8Array): Generator<SalvagedEntry, void> {
  const entryCount = entryCountOf(content, 0);
  for (let index = 0; index < entryCount; index++) {
    yield {
      key: content.subarray(keyStart(content, 0, index), keyEnd(content, 0, index)),
      value: content.subarray(valueStart(content, 0, index), valueEnd(content, 0, index)),
      sequence: sequenceAt(content, 0, index),
      kind: kindAt(content, 0, index),
    };
  }
}

/** A copy of the first key of a block. */
export function firstKeyOf(content: Uint8Array): Uint8Array {
  return content.slice(keyStart(content, 0, 0), keyEnd(content, 0, 0));
}

/** A copy of the last key of a block. */
export function lastKeyOf(content: Uint8Array): Uint8Array {
  const last = entryCountOf(content, 0) - 1;
  return content.slice(keyStart(content, 0, last), keyEnd(content, 0, last));
}

class TableReading {
  readonly #directory: DatabaseDirectory;
  readonly #table: IntactTable;
  readonly #findings: SalvageFindings;
  /** Lost since the last block that was read: not reported before the next one says where they end. */
  #lost: (LostRange & { readonly entryCount: number })[] = [];
  #lastKey: Uint8Array;

  constructor(directory: DatabaseDirectory, table: IntactTable, findings: SalvageFindings) {
    this.#directory = directory;
    this.#table = table;
    this.#findings = findings;
    this.#lastKey = table.firstKey;
  }

  *entries(): Generator<SalvagedEntry, void> {
    for (const block of this.#table.blocks) {
      const content = this.#read(block);
      if (content === null) continue;
      this.#report(firstKeyOf(content));
      yield* entriesOf(content);
      this.#lastKey = lastKeyOf(content);
    }
    this.#report(this.#table.lastKey);
  }

  /** `null` when the block is lost. Tried twice: the block was good, and most failures of a disk pass. */
  #read(block: IntactBlock): Uint8Array | null {
    const first = this.#attempt(block);
    const result = first instanceof Uint8Array ? first : this.#attempt(block);
    if (result instanceof Uint8Array) return result;
    this.#lose(block, result);
    return null;
  }

  /** Opens the file for one block at a time: thousands of tables may be under way. */
  #attempt(block: IntactBlock): Uint8Array | StorageError {
    const { fileNumber, tableId } = this.#table;
    const { fileSystem } = this.#directory;
    try {
      const path = this.#directory.pathOf(tableFileName(fileNumber));
      const file = fileSystem.openSync(path, 'read');
      return usingFileSync(file, () => readStoredBlock(file, tableId, block));
    } catch (error) {
      if (!isDamage(error) && !isDeviceFailure(error)) throw error;
      return error;
    }
  }

  /** Blocks that touch are one loss. */
  #lose({ offset, end, entryCount }: IntactBlock, { message }: StorageError): void {
    this.#findings.readEntryCount -= entryCount;
    const last = this.#lost.at(-1);
    if (last?.end === offset) {
      const joined = { ...last, end, entryCount: last.entryCount + entryCount };
      this.#lost[this.#lost.length - 1] = joined;
      return;
    }
    const reason = `it was intact, and could not be read again: ${message}`;
    this.#lost.push({
      offset,
      end,
      firstKey: this.#lastKey,
      lastKey: undefined,
      entryCount,
      reason,
    });
  }

  /** No entry of what was lost so far is behind `lastKey`. */
  #report(lastKey: Uint8Array): void {
    const losses = this.#lost.map((lost) => lossInTable(this.#table, { ...lost, lastKey }));
    this.#findings.losses.push(...losses);
    this.#lost = [];
  }
}
