// What a table says of whose it is, so that salvage can do without a manifest.

import type { TableOwner } from '@varve/sstable';

/** What is known of a keyspace. */
interface NamedKeyspace {
  readonly id: number;
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
}

/** What the tables of a keyspace say. */
export function ownerOf({ id, name, keyEncoding, valueEncoding }: NamedKeyspace): TableOwner {
  return { keyspaceId: id, keyspaceName: name, keyEncoding, valueEncoding };
}
