import React, { useMemo } from 'react';
import { shortened } from '../../shared/model/visible.ts';
import { colorScaleOf, differenceScaleOf } from '../../shared/heatmap/colorScale.ts';
import type { HeatmapModel, OverlayLine } from '../../shared/heatmap/model.ts';
import { PALETTES } from '../../shared/heatmap/palettes.ts';
import { HeatmapCanvas, type MapBox } from '../../ui/HeatmapCanvas.tsx';
import { HeatmapLegend } from '../../ui/HeatmapLegend.tsx';
import { valueFormat } from '../../viz/format.ts';
import { formatShade, maxShade, modelShades } from '../../viz/shades.ts';
import { sharedYDomain, sharedYFold } from '../../viz/layout.ts';
import { limitLines, readLimits } from '../../viz/limitLines.ts';
import { useCrosshairTime } from '../crosshair.ts';
import type { Crosshair } from '../crosshair.ts';
import { Title } from '../parts/Title.tsx';
import { useSize } from '../parts/useSize.ts';
import { formatClock, formatRate, formatShort } from '../text.ts';
import { VIZ_THEMES } from '../theme.ts';
import { Swatch, nearestIndex, presentValue } from './ChartLegend.tsx';
import { exemplarsWith, isAtLeast, sharesOf } from './heatmaps.ts';
import type { NamedHeatmap, SeriesExemplar } from './heatmaps.ts';
import { PLAIN_LOOK, type MapLook } from './mapLook.ts';

const NO_EXEMPLARS: readonly SeriesExemplar[] = [];
const PALETTE = 'isotherm';
const Y_SCALE = 'log';
const MAPS_MAX = 6;
const MAP_WIDTH_MIN = 420;
const AXIS_WIDTH = 58;

interface HeatmapsLegendProps {
  readonly maps: readonly NamedHeatmap[];
  readonly mode: 'light' | 'dark';
  readonly look?: MapLook;
}

/** One legend for all maps: they share their colours. */
export function HeatmapsLegend({ maps, mode, look = PLAIN_LOOK }: HeatmapsLegendProps) {
  const { colorBy, colorScale } = look;
  const models = maps.map(({ model }) => model);
  const { countUnit = 'perSecond', unit = 'short' } = models[0] ?? {};
  const scale = useMemo(() => {
    const all = models.map((model) => modelShades(model, colorBy, Y_SCALE));
    const shades = new Float64Array(all.reduce((sum, one) => sum + one.length, 0));
    all.reduce((at, one) => (shades.set(one, at), at + one.length), 0);
    const scaleOf = countUnit === 'shareDifference' ? differenceScaleOf : colorScaleOf;
    return scaleOf(colorScale, shades, maxShade(models, colorBy, Y_SCALE));
  }, [maps, colorBy, colorScale]);
  return (
    <div className="only-wide">
      <HeatmapLegend
        scale={scale}
        palette={PALETTE}
        theme={VIZ_THEMES[mode]}
        countUnit={countUnit}
        format={(value) => formatShade(value, colorBy, countUnit, Y_SCALE, unit)}
        width={120}
      />
    </div>
  );
}

export interface HeatmapFacetsProps {
  readonly maps: readonly NamedHeatmap[];
  readonly mode: 'light' | 'dark';
  readonly look?: MapLook;
  /** Drawn on the maps of their series. */
  readonly exemplars?: readonly SeriesExemplar[];
  /** Milliseconds at the left and right border. */
  readonly domain: readonly [number, number];
  readonly crosshair: Crosshair;
  readonly onSelectRange: (start: number, end: number) => void;
  readonly onSelectBox: (box: MapBox) => void;
  /** Limits as people write them. */
  readonly limits?: string;
  /** What dragging marks; see HeatmapCanvas. */
  readonly dragMarks?: 'range' | 'box';
  /** Outlined on every map: it is meant on all of them. */
  readonly box?: MapBox;
}

/** Maps side by side, with one colour scale and one y axis, so that they can be compared. */
export function HeatmapFacets(props: HeatmapFacetsProps) {
  const { maps } = props;
  const [host, { width }] = useSize<HTMLDivElement>();
  const shown = maps.slice(0, MAPS_MAX);
  const fit = Math.max(1, Math.min(3, Math.floor(width / MAP_WIDTH_MIN)));
  const columns = shown.length <= fit ? shown.length : shown.length === 4 ? Math.min(2, fit) : fit;
  const { look = PLAIN_LOOK } = props;
  const shared = useMemo(
    () =>
      sharedLook(
        shown.map(({ model }) => model),
        look,
      ),
    [maps, look.colorBy],
  );
  return (
    <>
      <div ref={host} className={`maps maps-${columns}`}>
        {width > 0 && shown.map((map) => <MapFacet key={map.title} {...props} map={map} {...shared} />)}
      </div>
      {maps.length > shown.length && (
        <p className="dim">
          {maps.length - shown.length} more are not shown. Choose another split, or query one of them by its labels.
        </p>
      )}
    </>
  );
}

/** What maps beside each other must have in common to be compared. */
function sharedLook(models: readonly HeatmapModel[], { colorBy }: MapLook) {
  const yDomain = sharedYDomain(models);
  return { colorMax: maxShade(models, colorBy, Y_SCALE), yDomain, yFold: sharedYFold(models, yDomain) };
}

interface MapFacetProps extends Omit<HeatmapFacetsProps, 'maps'> {
  readonly map: NamedHeatmap;
  readonly colorMax: number;
  readonly yDomain?: readonly [number, number];
  readonly yFold?: number;
}

function MapFacet({
  map,
  mode,
  look = PLAIN_LOOK,
  exemplars = NO_EXEMPLARS,
  domain: [start, end],
  crosshair,
  onSelectRange,
  onSelectBox,
  limits = '',
  dragMarks,
  box,
  colorMax,
  yDomain,
  yFold,
}: MapFacetProps) {
  const [host, { width, height }] = useSize<HTMLDivElement>();
  const time = useCrosshairTime(crosshair);
  const domain = useMemo(() => [start, end] as const, [start, end]);
  const { model } = map;
  const ownExemplars = useMemo(() => exemplarsWith(exemplars, map), [exemplars, map]);
  const limitsDrawn = useMemo(
    () => limitLines(sharesOf(map, readLimits(limits, model.unit).limits), valueFormat(model.unit)),
    [map, limits],
  );
  return (
    <figure className="map" aria-label={shortened(map.title)}>
      <figcaption className="map-head">
        <Title className="map-title" text={map.title} />
        <Readings map={map} time={time} mode={mode} />
      </figcaption>
      <div className="map-space" ref={host}>
        {width > 0 && height > 0 && (
          <HeatmapCanvas
            model={map.model}
            lines={map.lines}
            limits={limitsDrawn}
            width={width}
            height={height}
            theme={VIZ_THEMES[mode]}
            palette={PALETTE}
            colorScale={look.colorScale}
            colorBy={look.colorBy}
            yScale={Y_SCALE}
            exemplars={ownExemplars}
            colorMax={colorMax}
            xDomain={domain}
            yDomain={yDomain}
            yFold={yFold}
            axisWidth={AXIS_WIDTH}
            crosshairTime={time}
            onHover={(point) => crosshair.move(point === undefined ? undefined : Math.round(point.time))}
            onSelectRange={({ from, to }) => onSelectRange(from, to)}
            onSelectBox={onSelectBox}
            dragMarks={dragMarks}
            box={box}
          />
        )}
      </div>
    </figure>
  );
}

/** The lines' values and the rate: at the pointer's time while there is one, else the latest. */
function Readings({ map, time, mode }: { map: NamedHeatmap; time: number | undefined; mode: 'light' | 'dark' }) {
  const format = valueFormat(map.model.unit);
  const colors = PALETTES[PALETTE].lines[mode];
  const rate = valueAt(map.totals, time);
  if (map.model.countUnit === 'shareDifference') return null;
  return (
    <dl className="readings">
      {map.lines.map((line, i) => {
        const value = valueAt(line, time);
        return (
          <div key={line.name} className="reading">
            <dt>
              <Swatch color={colors[i % colors.length]} />
              {line.name}
            </dt>
            <dd className="num" title={`${value} ${map.model.unit}, ${readAt(line, time)}`}>
              {Number.isNaN(value) ? '–' : `${isAtLeast(map.model, value) ? '≥ ' : ''}${format(value)}`}
            </dd>
          </div>
        );
      })}
      <div className="reading reading-rate">
        <dt className="visually-hidden">rate</dt>
        <dd className="num">{map.model.countUnit === 'perSecond' ? formatRate(rate) : formatShort(rate)}</dd>
      </div>
    </dl>
  );
}

/** Value i of a line stands for the slice that ends at time i. */
function sliceAt(line: OverlayLine, time: number): number {
  const i = nearestIndex(line.times, time);
  return line.times[i] < time && i + 1 < line.times.length ? i + 1 : i;
}

function valueAt(line: OverlayLine, time: number | undefined): number {
  return time === undefined ? presentValue(line.values) : line.values[sliceAt(line, time)];
}

function readAt(line: OverlayLine, time: number | undefined): string {
  if (time !== undefined) return `at ${formatClock(line.times[sliceAt(line, time)])}`;
  let last = line.values.length - 1;
  while (last > 0 && Number.isNaN(line.values[last])) last--;
  return `at ${formatClock(line.times[last])}`;
}
