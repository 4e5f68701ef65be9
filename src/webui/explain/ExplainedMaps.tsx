import React from 'react';
import { HeatmapFacets, type HeatmapFacetsProps } from '../charts/HeatmapFacets.tsx';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import type { Grid } from '../timeRange.ts';
import { boxOf, boxParams, noBoxParams, versusOf } from './box.ts';
import type { LabelCondition } from './conditions.ts';
import { ExplainPanel } from './ExplainPanel.tsx';

interface ExplainedMapsProps extends Omit<HeatmapFacetsProps, 'onSelectBox' | 'box' | 'domain'> {
  readonly place: Place;
  /** What the maps show. */
  readonly expr: string;
  readonly grid: Grid;
  /** What the grid was made from, milliseconds. */
  readonly shown: { readonly start: number; readonly end: number };
  readonly unit: string;
  readonly onFilter: (condition: LabelCondition) => void;
  readonly onSplit: (label: string) => void;
}

/** Maps, and beside them the explanation of the box that is drawn on them, if there is one. */
export function ExplainedMaps(props: ExplainedMapsProps) {
  const { place, expr, grid, shown, unit, onFilter, onSplit, ...facets } = props;
  const box = boxOf(place.params);
  return (
    <div className={`explained ${box === undefined ? '' : 'explained-beside'}`}>
      <div className="explained-maps">
        <HeatmapFacets
          {...facets}
          domain={[grid.start - grid.step, grid.end]}
          box={box}
          onSelectBox={(drawn) => setParams(boxParams(drawn, grid, shown, place.params), 'push')}
        />
      </div>
      {box !== undefined && (
        <ExplainPanel
          expr={expr}
          grid={grid}
          box={box}
          versus={versusOf(place.params)}
          unit={unit}
          onFilter={onFilter}
          onSplit={onSplit}
          onClose={() => setParams(noBoxParams(place.params), 'push')}
        />
      )}
    </div>
  );
}

/** How to get an explanation, in the words of the hand. */
export function ExplainHint() {
  return (
    <span
      className="explain-hint only-wide"
      title="Hold Shift and drag a box over a part of a map: what sets it apart is said beside it. With the keyboard: arrows, then Enter."
    >
      <kbd>Shift</kbd> + drag explains
    </span>
  );
}
