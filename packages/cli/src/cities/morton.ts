// Positions on a Z-order curve: one integer that keeps places that are near each other mostly near in key order, and
// the few key ranges that cover a box on the map.
//
//   column   (longitude + 180) in 1e-5 degrees: 26 bits      row   (latitude + 90) in 1e-5 degrees: 25 bits
//   code     bit 2i = bit i of the column, bit 2i + 1 = bit i of the row: 52 bits, an exact JavaScript number
//
// A box is covered by cutting the square of all codes into quarters, again and again, always keeping the quarters that
// touch the box, until there are as many ranges as allowed. Every quarter at every depth is one contiguous range.

import { assert } from '@varve/base';

const STEPS_PER_DEGREE = 1e5;
const BITS_PER_AXIS = 26;
const HALF_BITS = BITS_PER_AXIS / 2;
const HALF_MASK = (1 << HALF_BITS) - 1;
const HALF_CODE_COUNT = 2 ** BITS_PER_AXIS;

/** A position in whole steps of 1e-5 degrees from the south-west corner of the map. */
export interface GridPoint {
  readonly column: number;
  readonly row: number;
}

/** Degrees; both corners belong to the box. Boxes across the 180th meridian are two boxes. */
export interface MapBox {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Codes from `first` up to and including `last`. */
export interface CodeRange {
  readonly first: number;
  readonly last: number;
}

/** The grid point of a position in degrees. */
export function toGrid(longitude: number, latitude: number): GridPoint {
  return {
    column: Math.round((longitude + 180) * STEPS_PER_DEGREE),
    row: Math.round((latitude + 90) * STEPS_PER_DEGREE),
  };
}

/** Interleaves the bits of a grid point. */
export function mortonCode(point: GridPoint): number {
  assert(point.column >= 0 && point.column < 2 ** BITS_PER_AXIS, 'column is on the grid');
  assert(point.row >= 0 && point.row < 2 ** BITS_PER_AXIS, 'row is on the grid');
  const high = interleaveHalf(point.column >> HALF_BITS, point.row >> HALF_BITS);
  const low = interleaveHalf(point.column & HALF_MASK, point.row & HALF_MASK);
  return high * HALF_CODE_COUNT + low;
}

/** Whether a position is inside the box. */
export function boxContains(box: MapBox, longitude: number, latitude: number): boolean {
  return (
    longitude >= box.west && longitude <= box.east && latitude >= box.south && latitude <= box.north
  );
}

/**
 * Ranges of codes that together hold every point of the box, ascending, with a gap between any two, at most
 * `rangeCountMax` of them. They also hold points outside it: fewer, the more ranges are allowed.
 */
export function coverBox(box: MapBox, rangeCountMax: number): readonly CodeRange[] {
  const from = toGrid(box.west, box.south);
  const to = toGrid(box.east, box.north);
  let cells: readonly Cell[] = [{ column: 0, row: 0, bits: BITS_PER_AXIS }];
  for (;;) {
    const finer = cells.flatMap((cell) => splitCell(cell, from, to));
    if (finer.length === cells.length && finer.every((cell, index) => cell === cells[index])) {
      return mergeRanges(cells.map(rangeOf));
    }
    // Neighbours on the curve merge, so what counts is the ranges, not the cells.
    if (mergeRanges(finer.map(rangeOf)).length > rangeCountMax) {
      return mergeRanges(cells.map(rangeOf));
    }
    cells = finer;
  }
}

/** A square of 2^bits x 2^bits grid points; `column` and `row` are its south-west corner. */
interface Cell {
  readonly column: number;
  readonly row: number;
  readonly bits: number;
}

/** The quarters that touch the box, in the order of the curve; a cell wholly inside the box stays whole. */
function splitCell(cell: Cell, from: GridPoint, to: GridPoint): readonly Cell[] {
  const last = 2 ** cell.bits - 1;
  const isInside =
    cell.column >= from.column &&
    cell.column + last <= to.column &&
    cell.row >= from.row &&
    cell.row + last <= to.row;
  if (cell.bits === 0 || isInside) {
    return [cell];
  }
  const bits = cell.bits - 1;
  const half = 2 ** bits;
  return QUARTERS.map(([right, up]) => ({
    column: cell.column + right * half,
    row: cell.row + up * half,
    bits,
  })).filter(
    (quarter) =>
      quarter.column <= to.column &&
      quarter.column + half - 1 >= from.column &&
      quarter.row <= to.row &&
      quarter.row + half - 1 >= from.row,
  );
}

const QUARTERS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

function rangeOf(cell: Cell): CodeRange {
  const first = mortonCode(cell);
  return { first, last: first + 4 ** cell.bits - 1 };
}

/** Requires: ranges in ascending order, which is the order in which cells are split. */
function mergeRanges(ranges: readonly CodeRange[]): readonly CodeRange[] {
  const merged: CodeRange[] = [];
  for (const range of ranges) {
    const previous = merged.at(-1);
    if (previous !== undefined && previous.last + 1 === range.first) {
      merged[merged.length - 1] = { first: previous.first, last: range.last };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

function interleaveHalf(column: number, row: number): number {
  return spreadBits(column) + spreadBits(row) * 2;
}

/** Moves bit i to bit 2i, for 13 bits. */
function spreadBits(value: number): number {
  let bits = value;
  bits = (bits | (bits << 8)) & 0x00ff00ff;
  bits = (bits | (bits << 4)) & 0x0f0f0f0f;
  bits = (bits | (bits << 2)) & 0x33333333;
  return (bits | (bits << 1)) & 0x55555555;
}
