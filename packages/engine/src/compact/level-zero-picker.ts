// Picks from level 0, where tables overlap and age decides.
//
// A key's newest version must stay above its older ones. So a table leaves level 0 only together with
// every older table that overlaps it. Tables that overlap, directly or through others, form a cluster;
// what is taken is a whole cluster, newer tables included, since they would otherwise be merged with the
// same tables below once more. Clusters beside it come along if they add nothing below.
//
// One job at a time: a second could take newer tables past older ones that are still being merged.

import { assert, compareWhole } from '@varve/base';
import { overlapDepth, type TableMetadata } from '../manifest/index.js';
import type { TableMerge, TableMove } from './compaction-choice.js';
import { type KeyRange, rangeOf, rangesMeet, totalSizeBytes } from './key-range.js';
import {
  type Motive,
  mergeTables,
  moveDestination,
  moveTables,
  overlapping,
  type Picked,
  type Picking,
} from './picking.js';

/** Tables that overlap each other directly or through others; newest first. */
type Cluster = readonly TableMetadata[];

/**
 * Picks the cluster that costs reads the most, or moves every table that overlaps nothing at all.
 * `range` limits the choice to clusters that have a key in it. `undefined` when there is none.
 */
export function pickLevelZero(
  picking: Picking,
  motive: Motive,
  range?: KeyRange,
): Picked<TableMove | TableMerge> | undefined {
  const clusters = clustersOf(picking.tree.levels[0].tables).filter(
    (cluster) => range === undefined || rangesMeet(rangeOf(cluster), range),
  );
  if (clusters.length === 0) return undefined;
  if (picking.running.includesLevelZero) return 'busy';
  assert(
    clusters.every(({ length }) => length > 0),
    'a cluster has tables',
  );
  assert(picking.tree.levels[0].level === 0, 'levels stand in their order');
  return pickMove(picking, clusters, motive) ?? pickMerge(picking, clusters, motive);
}

/** Moves the tables that can go deepest; all of them at once, since a move is no work. */
function pickMove(
  picking: Picking,
  clusters: readonly Cluster[],
  motive: Motive,
): TableMove | undefined {
  let deepest: TableMove | undefined;
  assert(clusters.length > 0, 'there is something to pick from');
  for (const tables of clusters) {
    if (tables.length > 1) continue;
    const outputLevel = moveDestination(picking, tables[0], 0);
    if (outputLevel === 0 || outputLevel < (deepest?.outputLevel ?? 0)) continue;
    const move = moveTables(picking, { level: 0, tables, outputLevel }, motive);
    if (move === 'busy') continue;
    const joined = deepest?.outputLevel === outputLevel ? deepest.tables : [];
    deepest = { ...move, tables: [...joined, ...tables] };
  }
  assert(
    deepest === undefined || deepest.outputLevel >= picking.targets.baseLevel,
    'level 0 moves to the base level or deeper',
  );
  assert(deepest === undefined || deepest.level === 0, 'what moves is of level 0');
  return deepest;
}

function pickMerge(
  picking: Picking,
  clusters: readonly Cluster[],
  motive: Motive,
): Picked<TableMerge> {
  const byCost = clusters
    .map((tables) => ({ tables, depth: overlapDepth(tables), sizeBytes: totalSizeBytes(tables) }))
    .sort((a, b) => b.depth - a.depth || b.sizeBytes - a.sizeBytes);
  assert(byCost.length === clusters.length, 'every cluster has its turn');
  for (const { tables } of byCost) {
    const joined = withFreeClusters(picking, tables, clusters);
    const merge = mergeTables(picking, { level: 0, tables: joined }, motive);
    if (merge === 'busy') continue;
    assert(merge.inputs[0].level === 0, 'the newest input comes first');
    assert(merge.inputs[0].tables.length >= tables.length, 'a cluster is taken whole');
    return merge;
  }
  return 'busy';
}

/** The cluster, with the others that overlap nothing in the base level but what it overlaps itself. */
function withFreeClusters(
  picking: Picking,
  seed: Cluster,
  clusters: readonly Cluster[],
): readonly TableMetadata[] {
  const { baseLevel } = picking.targets;
  assert(seed.length > 0, 'a cluster has tables');
  const below = new Set(overlapping(picking, baseLevel, rangeOf(seed)));
  const joined = new Set(seed);
  let sizeBytes = totalSizeBytes([...seed, ...below]);
  for (const cluster of clusters) {
    if (cluster === seed || cluster.some((table) => picking.running.isTaken(table))) continue;
    const own = overlapping(picking, baseLevel, rangeOf(cluster));
    const isFree = own.length > 0 && own.every((table) => below.has(table));
    const grownSizeBytes = sizeBytes + totalSizeBytes(cluster);
    if (!isFree || grownSizeBytes > picking.options.compactionSizeBytesMax) continue;
    sizeBytes = grownSizeBytes;
    for (const table of cluster) joined.add(table);
  }
  const tables = picking.tree.levels[0].tables.filter((table) => joined.has(table));
  assert(tables.length === joined.size, 'what is joined is of level 0');
  assert(tables.length >= seed.length, 'the seed is taken whole');
  return tables;
}

/** In the order of their keys. `tables` are newest first, and stay so in each cluster. */
function clustersOf(tables: readonly TableMetadata[]): Cluster[] {
  const clusterOf = new Map<TableMetadata, number>();
  let clusterCount = 0;
  let largestKey: Uint8Array | undefined;
  const byKey = [...tables].sort((a, b) => compareWhole(a.smallestKey, b.smallestKey));
  for (const table of byKey) {
    const continues = largestKey !== undefined && compareWhole(table.smallestKey, largestKey) <= 0;
    if (!continues) clusterCount += 1;
    if (!continues || compareWhole(table.largestKey, largestKey!) > 0) {
      largestKey = table.largestKey;
    }
    clusterOf.set(table, clusterCount - 1);
  }
  const clusters: TableMetadata[][] = Array.from({ length: clusterCount }, () => []);
  for (const table of tables) clusters[clusterOf.get(table)!].push(table);
  assert(clusterOf.size === tables.length, 'every table is in one cluster');
  assert(clusterCount <= tables.length, 'no cluster is empty');
  return clusters;
}
