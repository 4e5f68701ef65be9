/** Some of a row's lines, as a row of their own. */
import type { PageRow } from './pageReader.ts';

export type LineColumns = Pick<PageRow, 'count' | 'slots' | 'values' | 'times'> & {
  readonly histograms: Map<number, NonNullable<ReturnType<PageRow['histograms']['get']>>>;
  readonly starts: Map<number, number>;
};

/** @param lines by place in the new row. */
export function pickLines({ slots, values, times, histograms, starts }: PageRow, lines: Int32Array): LineColumns {
  return {
    count: lines.length,
    slots: lines.map((line) => slots[line]),
    values: Float64Array.from(lines, (line) => values[line]),
    times: times && Float64Array.from(lines, (line) => times[line]),
    histograms: byPlace(histograms, lines),
    starts: byPlace(starts, lines),
  };
}

function byPlace<T>(byLine: ReadonlyMap<number, T>, lines: Int32Array): Map<number, T> {
  const moved = new Map<number, T>();
  if (byLine.size === 0) return moved;
  lines.forEach((line, place) => {
    const v = byLine.get(line);
    if (v !== undefined) moved.set(place, v);
  });
  return moved;
}
