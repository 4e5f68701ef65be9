import React, { useMemo } from 'react';
import { colorScaleOf } from '../../shared/heatmap/colorScale.ts';
import { maxCount } from '../../shared/heatmap/fromBuckets.ts';
import type { OverlayLine } from '../../shared/heatmap/model.ts';
import { PALETTES } from '../../shared/heatmap/palettes.ts';
import { HeatmapCanvas } from '../../ui/HeatmapCanvas.tsx';
import { HeatmapLegend } from '../../ui/HeatmapLegend.tsx';
import { valueFormat } from '../../viz/format.ts';
import { sharedYDomain } from '../../viz/layout.ts';
import { ask, queryRange } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { Swatch, lastValue, nearestIndex } from '../charts/ChartLegend.tsx';
import { useCrosshairTime } from '../crosshair.ts';
import { setParams } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Select } from '../parts/Choice.tsx';
import { Icon } from '../parts/Icon.tsx';
import { PageLink } from '../parts/TopBar.tsx';
import { useSize } from '../parts/useSize.ts';
import { formatClock, formatRate } from '../text.ts';
import { sliceWindow } from '../timeRange.ts';
import { chartDomain, gridKey } from './cardContext.ts';
import type { CardContext } from './cardContext.ts';
import type { Inventory } from './inventory.ts';
import { latencyMaps } from './latencyMaps.ts';
import type { LatencyMap } from './latencyMaps.ts';
import { bucketRates, chooseLatency, chooseSplit, mapTitle, splitChoices, unitOf } from './latencySource.ts';

const PALETTE = 'isotherm';
const MAPS_MAX = 6;
const MAP_WIDTH_MIN = 420;
const AXIS_WIDTH = 58;

interface CardProps {
  readonly inventory: Inventory;
  readonly context: CardContext;
}

/** The distribution of prediction latencies over time, one map for each model version. */
export function LatencyCard({ inventory, context }: CardProps) {
  const { grid, intervalMs, place } = context;
  const metric = chooseLatency(inventory, place.params.get('metric'));
  const labels = useFetched(metric, (signal) => bucketLabels(metric!, grid, signal), metric);
  const choices = splitChoices(labels.data ?? []);
  const split = chooseSplit(choices, place.params.get('by'));
  const expr = metric === undefined ? '' : bucketRates(metric, split, sliceWindow(grid.step, intervalMs));
  const buckets = useFetched(
    metric === undefined || labels.data === undefined ? undefined : `${expr} ${gridKey(grid)}`,
    async (signal) => ({ grid, series: (await queryRange(expr, grid, signal)).data }),
    `${metric} ${split}`,
  );
  const unit = metric === undefined ? 's' : unitOf(metric, inventory.metadata[metric]?.unit);
  const drawn = useMemo(
    () =>
      buckets.data &&
      latencyMaps(buckets.data.series, buckets.data.grid, unit, (labelSet) => mapTitle(labelSet, split)),
    [buckets.data, unit, split],
  );
  if (metric === undefined) return <NoHistograms />;
  const error = buckets.error ?? labels.error;
  return (
    <Card
      title={latencyTitle(metric)}
      className="card-latency"
      busy={buckets.loading || labels.loading}
      tools={
        <>
          {drawn !== undefined && <SharedLegend maps={drawn.maps} context={context} />}
          <Select
            label="Histogram"
            value={metric}
            options={inventory.histograms.map((name) => ({ value: name, text: name }))}
            onChange={(name) => setParams({ metric: name, by: undefined }, 'push')}
          />
          <Select
            label="One map for each"
            value={split}
            options={choices.map((value) => ({ value, text: splitText(value) }))}
            onChange={(value) => setParams({ by: value }, 'push')}
          />
          <PageLink
            page="query"
            place={place}
            own={{ expr, view: 'heatmap' }}
            className="icon-button"
            label="Open this query"
          >
            <Icon name="arrow" />
          </PageLink>
        </>
      }
    >
      {error !== undefined && <Notice kind="error" title={error.message} />}
      {drawn === undefined && error === undefined && <Notice kind="loading" title="Asking for the distribution …" />}
      {drawn !== undefined && drawn.maps.length === 0 && (
        <Notice kind="empty" title="Nothing was observed in this time range">
          <p>
            <code>{metric}</code> has samples, but two scrapes are needed before a rate can be drawn. A longer range may
            show earlier ones.
          </p>
        </Notice>
      )}
      {drawn !== undefined && drawn.maps.length > 0 && <Maps maps={drawn.maps} context={context} />}
    </Card>
  );
}

function latencyTitle(metric: string): string {
  if (metric === 'model_prediction_latency_seconds') return 'Prediction latency';
  return /latency|duration|_seconds|time/.test(metric) ? 'Latency' : 'Distribution';
}

function splitText(split: string): string {
  return split === '' ? 'one map of all' : `by ${split.replaceAll(',', ', ')}`;
}

async function bucketLabels(
  metric: string,
  grid: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): Promise<string[]> {
  const params = {
    'match[]': `{__name__=${JSON.stringify(`${metric}_bucket`)}}`,
    start: String(grid.start / 1000),
    end: String(grid.end / 1000),
  };
  return (await ask<string[]>('labels', params, signal)).data;
}

function SharedLegend({ maps, context }: { maps: readonly LatencyMap[]; context: CardContext }) {
  const scale = useMemo(() => {
    const max = maxCount(maps.map(({ model }) => model));
    const all = Float64Array.from(maps.flatMap(({ model }) => [...model.counts]));
    return colorScaleOf('sqrt', all, max);
  }, [maps]);
  return (
    <div className="only-wide">
      <HeatmapLegend scale={scale} palette={PALETTE} theme={context.vizTheme} countUnit="perSecond" width={120} />
    </div>
  );
}

function Maps({ maps, context }: { maps: readonly LatencyMap[]; context: CardContext }) {
  const [host, { width }] = useSize<HTMLDivElement>();
  const shown = maps.slice(0, MAPS_MAX);
  const fit = Math.max(1, Math.min(3, Math.floor(width / MAP_WIDTH_MIN)));
  const columns = shown.length <= fit ? shown.length : shown.length === 4 ? Math.min(2, fit) : fit;
  const shared = useMemo(
    () => ({
      colorMax: maxCount(shown.map(({ model }) => model)),
      yDomain: sharedYDomain(shown.map(({ model }) => model)),
    }),
    [maps],
  );
  return (
    <>
      <div ref={host} className={`maps maps-${columns}`}>
        {width > 0 &&
          shown.map((map) => (
            <MapFacet key={map.title} map={map} context={context} colorMax={shared.colorMax} yDomain={shared.yDomain} />
          ))}
      </div>
      {maps.length > shown.length && (
        <p className="dim">
          {maps.length - shown.length} more are not shown. Choose another split, or query one of them by its labels.
        </p>
      )}
    </>
  );
}

interface MapFacetProps {
  readonly map: LatencyMap;
  readonly context: CardContext;
  readonly colorMax: number;
  readonly yDomain?: readonly [number, number];
}

function MapFacet({ map, context, colorMax, yDomain }: MapFacetProps) {
  const [host, { width, height }] = useSize<HTMLDivElement>();
  const { vizTheme, crosshair, grid } = context;
  const time = useCrosshairTime(crosshair);
  const [start, end] = chartDomain(grid);
  const domain = useMemo(() => [start, end] as const, [start, end]);
  return (
    <figure className="map" aria-label={`Latency of ${map.title}`}>
      <figcaption className="map-head">
        <span className="map-title" title={map.title}>
          {map.title}
        </span>
        <Readings map={map} time={time} context={context} />
      </figcaption>
      <div className="map-space" ref={host}>
        {width > 0 && height > 0 && (
          <HeatmapCanvas
            model={map.model}
            lines={map.lines}
            width={width}
            height={height}
            theme={vizTheme}
            palette={PALETTE}
            colorScale="sqrt"
            yScale="log"
            colorMax={colorMax}
            xDomain={domain}
            yDomain={yDomain}
            axisWidth={AXIS_WIDTH}
            crosshairTime={time}
            onHover={(point) => crosshair.move(point === undefined ? undefined : Math.round(point.time))}
            onSelectRange={({ from, to }) => context.onSelectRange(from, to)}
          />
        )}
      </div>
    </figure>
  );
}

/** The lines' values and the rate: at the pointer's time while there is one, else the latest. */
function Readings({ map, time, context }: { map: LatencyMap; time: number | undefined; context: CardContext }) {
  const format = valueFormat(map.model.unit);
  const colors = PALETTES[PALETTE].lines[context.mode];
  const rate = valueAt(map.totals, time);
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
              {Number.isNaN(value) ? '–' : format(value)}
            </dd>
          </div>
        );
      })}
      <div className="reading reading-rate">
        <dt className="visually-hidden">rate</dt>
        <dd className="num">{formatRate(rate)}</dd>
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
  return time === undefined ? lastValue(line.values) : line.values[sliceAt(line, time)];
}

function readAt(line: OverlayLine, time: number | undefined): string {
  if (time !== undefined) return `at ${formatClock(line.times[sliceAt(line, time)])}`;
  let last = line.values.length - 1;
  while (last > 0 && Number.isNaN(line.values[last])) last--;
  return `at ${formatClock(line.times[last])}`;
}

function NoHistograms() {
  return (
    <Card title="Latency" className="card-latency">
      <Notice kind="empty" title="No histogram yet">
        <p>
          This map fills in as soon as a scraped target exposes a histogram, such as{' '}
          <code>model_prediction_latency_seconds</code> with the labels <code>model</code> and <code>version</code>. Add
          your service to the configuration:
        </p>
        <pre>{"scrape_configs:\n  - job_name: model\n    static_configs:\n      - targets: ['127.0.0.1:8000']"}</pre>
        <p>vLLM, SGLang, TensorRT-LLM, TGI and TensorFlow Serving are known by their own names.</p>
      </Notice>
    </Card>
  );
}
