import React, { useMemo } from 'react';
import { HeatmapCanvas, type HeatmapCanvasProps } from '../ui/HeatmapCanvas.tsx';
import { facetGrid } from '../viz/facets.ts';
import { formatShade, maxShade, type ColorBy } from '../viz/shades.ts';
import type { LimitLine } from '../viz/limitLines.ts';
import type { VizTheme } from '../viz/theme.ts';
import { formatterOf, type Display } from './formats.ts';
import type { MapView } from './views.ts';
import { tr } from '../shared/texts/texts.ts';

const TITLE_HEIGHT = 20;
const SIDE_WIDTH = 72;
const SIDE_FROM_PX = 360;

type Passed = Pick<
  HeatmapCanvasProps,
  | 'yScale'
  | 'palette'
  | 'colorScale'
  | 'colorMin'
  | 'yDomain'
  | 'yFold'
  | 'timeZone'
  | 'tooltip'
  | 'crosshairTime'
  | 'onHover'
  | 'onSelectRange'
  | 'dragMarks'
  | 'bands'
>;

interface MapGridProps extends Passed {
  readonly views: readonly MapView[];
  readonly titles: readonly string[];
  readonly limits: readonly (readonly LimitLine[])[];
  readonly width: number;
  readonly height: number;
  readonly theme: VizTheme;
  readonly colorBy: ColorBy;
  /** At the ramp's end of all maps; undefined leaves each its own. */
  readonly colorMax?: number;
  /** Milliseconds at the left and right border of maps that are not folded. */
  readonly xDomain: readonly [number, number];
  readonly side: boolean;
  /** How values are written. */
  readonly display: Display;
  readonly box?: { readonly view: number; readonly box: NonNullable<HeatmapCanvasProps['box']> };
  readonly tooltipActions?: (
    view: number,
    ...about: Parameters<NonNullable<HeatmapCanvasProps['tooltipActions']>>
  ) => React.ReactNode;
  readonly onSelectBox: (view: number, box: NonNullable<HeatmapCanvasProps['box']>) => void;
}

/** The maps beside each other and below, each with its title; none is left out. */
export function MapGrid(props: MapGridProps): React.JSX.Element {
  const { views, titles, width, height, theme } = props;
  const grid = facetGrid(views.length, width, height);
  const titleHeight = views.length > 1 ? TITLE_HEIGHT : 0;
  const isLowest = (i: number): boolean => i + grid.columns >= views.length;
  const heightOf = (i: number): number => grid.height + (isLowest(i) ? grid.timeAxisHeight : 0);
  return (
    <div
      style={{
        height,
        overflowY: grid.scrolls ? 'auto' : 'hidden',
        display: 'flex',
        flexWrap: 'wrap',
        alignContent: 'flex-start',
      }}
      {...(grid.scrolls ? { tabIndex: 0, role: 'region', 'aria-label': 'Heatmaps' } : {})}
    >
      {views.map((view, i) => (
        <div key={i} style={{ width: grid.width, height: heightOf(i) }}>
          {titleHeight > 0 && (
            <div
              data-in-picture=""
              style={{ ...TITLE, color: theme.text, fontSize: theme.fontSize }}
              title={view.model.title}
            >
              {titles[i]}
              {props.colorMax === undefined && (
                <span style={{ color: theme.textDim, fontWeight: 400 }}>
                  {' '}
                  {tr('· up to')} {mostOf(view, props)}
                </span>
              )}
            </div>
          )}
          <MapFacet
            {...props}
            view={view}
            index={i}
            width={grid.width}
            height={heightOf(i) - titleHeight}
            timeAxis={grid.timeAxisHeight === 0 || isLowest(i)}
          />
        </div>
      ))}
    </div>
  );
}

const TITLE: React.CSSProperties = {
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'pre',
  paddingLeft: 8,
  unicodeBidi: 'isolate',
  height: TITLE_HEIGHT,
  fontWeight: 500,
};

function mostOf({ model }: MapView, { colorBy, yScale = 'log' }: MapGridProps): string {
  return formatShade(maxShade([model], colorBy, yScale), colorBy, model.countUnit, yScale, model.unit);
}

interface MapFacetProps extends Omit<MapGridProps, 'views' | 'titles'> {
  readonly view: MapView;
  readonly index: number;
  readonly timeAxis: boolean;
}

function MapFacet(props: MapFacetProps): React.JSX.Element {
  const { view, index, limits, width, xDomain, side, box, display, tooltipActions, onSelectBox, ...passed } = props;
  const { model } = view;
  const format = formatterOf(model.unit, display);
  const levels = useMemo(() => {
    return view.modes.map((value) => ({ value, text: `mode ${format(value)}` }));
  }, [view.modes, format]);
  return (
    <HeatmapCanvas
      {...passed}
      model={model}
      lines={view.lines}
      limits={limits[index]}
      marks={view.marks}
      exemplars={view.exemplars}
      levels={levels}
      width={width}
      xDomain={model.fold === undefined ? xDomain : undefined}
      formatY={format}
      sideWidth={side && width >= SIDE_FROM_PX && model.countUnit !== 'shareDifference' ? SIDE_WIDTH : 0}
      box={box?.view === index ? box.box : undefined}
      tooltipActions={tooltipActions && ((...about) => tooltipActions(index, ...about))}
      onSelectBox={(drawn) => onSelectBox(index, drawn)}
    />
  );
}
