import React from 'react';
import type { ComparisonChoices } from '../charts/useCompared.ts';
import { HeatmapFacets, type HeatmapFacetsProps } from '../charts/HeatmapFacets.tsx';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { chartDomain, type Grid } from '../timeRange.ts';
import { boxOf, boxParams, dragMarksOf, noBoxParams, versusOf } from './box.ts';
import type { LabelCondition } from './conditions.ts';
import { ExplainPanel } from './ExplainPanel.tsx';

interface ExplainedMapsProps extends Omit<
  HeatmapFacetsProps,
  'onSelectBox' | 'dragMarks' | 'box' | 'domain' | 'limits'
> {
  readonly place: Place;
  /** What the maps show. */
  readonly expr: string;
  readonly grid: Grid;
  /** What the grid was made from, milliseconds. */
  readonly shown: { readonly start: number; readonly end: number };
  readonly unit: string;
  readonly choices: ComparisonChoices;
  readonly onFilter: (condition: LabelCondition) => void;
  readonly onSplit: (label: string) => void;
}

/** Maps, and beside them the explanation of the box that is drawn on them, if there is one. */
export function ExplainedMaps(props: ExplainedMapsProps) {
  const { place, expr, grid, shown, unit, choices, onFilter, onSplit, ...facets } = props;
  const box = boxOf(place.params);
  const close = () => setParams(noBoxParams(place.params), 'push');
  const leave = (event: React.KeyboardEvent) => {
    if (event.key !== 'Escape' || event.defaultPrevented || box === undefined) return;
    event.preventDefault();
    close();
  };
  return (
    <div className={`explained ${box === undefined ? '' : 'explained-beside'}`} onKeyDown={leave}>
      <div className="explained-maps">
        <HeatmapFacets
          {...facets}
          domain={chartDomain(grid)}
          box={box}
          limits={place.params.get('limit') ?? ''}
          dragMarks={dragMarksOf(place.params)}
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
          choices={choices}
          onFilter={onFilter}
          onSplit={onSplit}
          onClose={close}
        />
      )}
    </div>
  );
}

/** How to get an explanation: with Shift, or after a press of this button without. */
export function ExplainButton({ params }: { params: URLSearchParams }) {
  const marksBox = dragMarksOf(params) === 'box';
  return (
    <button
      type="button"
      className="explain-button"
      aria-pressed={marksBox}
      title="Drag a box over a part of a map: what sets it apart is said beside it. With the keyboard: arrows, then Enter."
      onClick={() => setParams({ drag: marksBox ? undefined : 'box' })}
    >
      {marksBox ? (
        'Drag a box over a map'
      ) : (
        <>
          Explain
          <span className="only-wide">
            <kbd>Shift</kbd> + drag
          </span>
        </>
      )}
    </button>
  );
}
