// Cycles in a graph of names.

/** What each name points to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Gives the groups of names that reach each other, each sorted: none if the graph has no cycle.
 * Tarjan's algorithm; recursion as deep as the longest chain of imports.
 */
export function cyclesOf(graph: Graph): string[][] {
  const indexes = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];

  const enter = (name: string): void => {
    indexes.set(name, indexes.size);
    lowest.set(name, indexes.get(name) ?? 0);
    stack.push(name);
    for (const target of graph.get(name) ?? []) {
      if (!indexes.has(target)) enter(target);
      // A name that has left the stack belongs to a group that is complete.
      if (stack.includes(target)) {
        lowest.set(name, Math.min(lowest.get(name) ?? 0, lowest.get(target) ?? 0));
      }
    }
    if (lowest.get(name) !== indexes.get(name)) return;
    const group = stack.splice(stack.indexOf(name));
    if (group.length > 1 || graph.get(name)?.has(name)) cycles.push(group.toSorted());
  };

  for (const name of graph.keys()) if (!indexes.has(name)) enter(name);
  return cycles;
}

/** Makes a graph of edges; an edge from a name to itself is left out. */
export function graphOf(edges: Iterable<readonly [from: string, to: string]>): Graph {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges) {
    const targets = graph.get(from) ?? new Set();
    if (from !== to) targets.add(to);
    graph.set(from, targets);
  }
  return graph;
}
