import type { Labels } from '../shared/model/labels.ts';

/** How several maps stand in one place. */
export interface FacetGrid {
  readonly columns: number;
  readonly rows: number;
  /** CSS pixels of one map, its title included; the last row is `timeAxisHeight` higher where only it has a time axis. */
  readonly width: number;
  readonly height: number;
  /** 0 if every map has a time axis of its own. */
  readonly timeAxisHeight: number;
  /** The rows need more height than there is: the place must scroll. */
  readonly scrolls: boolean;
}

/** A map that is lower or narrower cannot be read. */
const HEIGHT_MIN = 130;
const WIDTH_MIN = 260;
/** What a map needs more with its time axis than without. */
const TIME_AXIS_HEIGHT = 16;
/** A heatmap reads best about so much wider than high; time is compared along x, so wide wins. */
const ASPECT = 2.2;

/** Arranges `count` maps so that each is as near to a good shape as the place allows; none is left out. */
export function facetGrid(count: number, width: number, height: number): FacetGrid {
  const columnsMax = Math.max(1, Math.min(count, Math.floor(width / WIDTH_MIN)));
  let best: FacetGrid | undefined;
  let bestFault = Infinity;
  for (let columns = 1; columns <= columnsMax; columns++) {
    const rows = Math.ceil(count / columns);
    const scrolls = height / rows < HEIGHT_MIN && rows > 1;
    const cell = { width: Math.floor(width / columns), height: scrolls ? HEIGHT_MIN : Math.floor(height / rows) };
    const empty = (columns * rows - count) / count;
    const fault =
      Math.abs(Math.log(cell.width / cell.height / ASPECT)) + empty + (scrolls ? (rows * HEIGHT_MIN) / height : 0);
    if (fault >= bestFault) continue;
    bestFault = fault;
    best = { columns, rows, ...cell, timeAxisHeight: 0, scrolls };
  }
  if (best === undefined) return { columns: 1, rows: 1, width, height, timeAxisHeight: 0, scrolls: false };
  // Maps above each other share the axis of the lowest; where the last row is not full, some would stand without one.
  if (best.scrolls || best.rows === 1 || count % best.columns !== 0) return best;
  return { ...best, height: Math.floor((height - TIME_AXIS_HEIGHT) / best.rows), timeAxisHeight: TIME_AXIS_HEIGHT };
}

/** Titles that tell maps apart: `model=a version=2`, of the labels that differ between them; all labels if none differs. */
export function facetTitles(all: readonly Labels[]): string[] {
  const valuesOf = new Map<string, Set<string>>();
  for (const labels of all) {
    for (const [name, value] of labels) valuesOf.set(name, (valuesOf.get(name) ?? new Set<string>()).add(value));
  }
  const common = (name: string): boolean =>
    valuesOf.get(name)?.size === 1 && all.every((labels) => labels.some(([n]) => n === name));
  return all.map((labels) => {
    const telling = labels.filter(([name]) => all.length > 1 && !common(name));
    return (telling.length > 0 ? telling : labels).map(([name, value]) => `${name}=${value}`).join('  ');
  });
}
