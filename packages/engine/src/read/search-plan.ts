/**
 * What point reads visit: the levels of a keyspace that have tables, with the open tables beside them.
 *
 * Names of tables become open tables once per version instead of once per lookup, and what the last lookup visited is at
 * hand without a look into any hash map.
 */
import type { Level, Version } from '../manifest/index.js';
import type { TableHandle, TableStore } from '../tables/index.js';

/** A level that has tables. */
export interface SearchedLevel {
  readonly level: Level;
  /** Its tables overlap, so that each has to be asked, newest first. */
  readonly isLevelZero: boolean;
  /** In the order of the tables of the level. */
  readonly handles: readonly TableHandle[];
}

/** The plans of one version at a time. */
export class SearchPlans {
  readonly #tables: TableStore;
  readonly #plans = new Map<number, readonly SearchedLevel[]>();
  #version: Version | null = null;
  #lastKeyspaceId = -1;
  #lastPlan: readonly SearchedLevel[] = [];

  constructor(tables: TableStore) {
    this.#tables = tables;
  }

  /**
   * The levels of a keyspace, in the order in which they are searched; none if the version has no such keyspace. Requires:
   * the tables of the version are open. O(tables) once per version and keyspace.
   */
  levelsOf(version: Version, keyspaceId: number): readonly SearchedLevel[] {
    if (version === this.#version && keyspaceId === this.#lastKeyspaceId) return this.#lastPlan;
    return this.#find(version, keyspaceId);
  }

  #find(version: Version, keyspaceId: number): readonly SearchedLevel[] {
    if (version !== this.#version) {
      this.#plans.clear();
      this.#version = version;
    }
    const plan = this.#plans.get(keyspaceId) ?? this.#make(version, keyspaceId);
    this.#plans.set(keyspaceId, plan);
    this.#lastKeyspaceId = keyspaceId;
    this.#lastPlan = plan;
    return plan;
  }

  #make(version: Version, keyspaceId: number): readonly SearchedLevel[] {
    const levels = version.keyspaces.get(keyspaceId)?.occupiedLevels ?? [];
    return levels.map((level) => ({
      level,
      isLevelZero: level.level === 0,
      handles: level.tables.map(({ fileNumber }) => this.#tables.get(fileNumber)),
    }));
  }
}
