// Names at the right ends of lines, moved apart so that none covers another.

import type { ReportEngine } from '../data/engines.js';

/** Where a line ends; `height` in the plot's own upward units, such as the logarithm of a value. */
export interface LineEnd {
  readonly engine: ReportEngine;
  readonly height: number;
}

/** Where names may stand, in the unit of heights. */
export interface LabelRoom {
  /** Least distance of two names. */
  readonly gap: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Moves ends apart to at least the gap, keeping their order and about their places. */
export function spreadEnds(ends: readonly LineEnd[], room: LabelRoom): readonly LineEnd[] {
  const sorted = [...ends].sort((left, right) => left.height - right.height);
  const groups = sorted.map((end) => groupOf([end], room));
  for (let index = 1; index < groups.length; ) {
    const below = groups[index - 1]!;
    const above = groups[index]!;
    const needed = ((below.ends.length + above.ends.length) / 2) * room.gap;
    if (above.middle - below.middle >= needed - 1e-9) {
      index++;
      continue;
    }
    groups.splice(index - 1, 2, groupOf(below.ends.concat(above.ends), room));
    index = Math.max(1, index - 1);
  }
  return groups.flatMap((group) => placed(group, room));
}

/** Names that stand one above the other without a space between. */
interface Group {
  readonly ends: LineEnd[];
  readonly middle: number;
}

/** The middle of a group is the mean of where its names would like to be, as far as there is room. */
function groupOf(ends: LineEnd[], { gap, lowest, highest }: LabelRoom): Group {
  const mean = ends.reduce((sum, end) => sum + end.height, 0) / ends.length;
  const half = ((ends.length - 1) / 2) * gap;
  return { ends, middle: Math.max(lowest + half, Math.min(highest - half, mean)) };
}

function placed({ ends, middle }: Group, { gap }: LabelRoom): readonly LineEnd[] {
  const bottom = middle - ((ends.length - 1) / 2) * gap;
  return ends.map((end, index) => ({ ...end, height: bottom + index * gap }));
}
