// Which inputs of a merge its failure is blamed on.

import { assert, type StorageError } from '@varve/base';
import { tableFileName } from '../directory/index.js';
import type { TableMerge } from './compaction-choice.js';
import { inputFileNumbers } from './compaction-edit.js';

/** The input whose file the error names; every input when it names none of them. */
export function culpritsOf(merge: TableMerge, error: StorageError): readonly number[] {
  const inputs = inputFileNumbers(merge);
  const named = inputs.filter((fileNumber) =>
    error.file?.endsWith(`/${tableFileName(fileNumber)}`),
  );
  assert(inputs.length > 0, 'a merge has inputs to blame');
  assert(named.length <= 1, 'an error names one file');
  return named.length > 0 ? named : inputs;
}
