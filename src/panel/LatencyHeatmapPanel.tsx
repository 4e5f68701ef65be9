import { formattedValueToString, getValueFormat, LoadingState, type PanelData, type PanelProps } from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import { useTheme2 } from '@grafana/ui';
import React, { useCallback, useMemo, useState } from 'react';
import { colorScaleOf } from '../shared/heatmap/colorScale.ts';
import { maxCount } from '../shared/heatmap/fromBuckets.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { quantileLines } from '../shared/heatmap/quantileLines.ts';
import { HeatmapCanvas, type HoveredPoint, type SelectedRange } from '../ui/HeatmapCanvas.tsx';
import { HeatmapLegend } from '../ui/HeatmapLegend.tsx';
import { facetGrid, facetTitles } from '../viz/facets.ts';
import { formatCount, knowsUnit, valueFormat, type FormatValue } from '../viz/format.ts';
import { hiddenObservations, sharedYDomain, sharedYFold } from '../viz/layout.ts';
import { limitLines, readLimits, type LimitLine } from '../viz/limitLines.ts';
import { mapsFromFrames, type FrameMap } from './fromFrames.ts';
import { completeOptions, type HeatmapOptions } from './options.ts';
import { useCursorSync } from './useCursorSync.ts';
import { vizThemeOf } from './vizTheme.ts';

const LEGEND_HEIGHT = 24;
/** What the words beside the legend's bar need. */
const LEGEND_TEXTS_WIDTH = 240;
const TITLE_HEIGHT = 20;
const NOTICE_HEIGHT = 20;

/** The panel: every histogram of its data as a map of its own, with quantile lines, legend, tooltip, shared cursor and time selection. */
export function LatencyHeatmapPanel(props: PanelProps<HeatmapOptions>): React.JSX.Element {
  const { data, width, height, timeRange } = props;
  const grafanaTheme = useTheme2();
  const theme = useMemo(() => vizThemeOf(grafanaTheme), [grafanaTheme]);
  const options = useMemo(() => completeOptions(props.options), [props.options]);
  const { maps, notices } = useMemo(
    () => mapsFromFrames(data.series, { buckets: options.buckets, unit: options.unit }),
    [data.series, options.buckets, options.unit],
  );
  const lines = useMemo(
    () => maps.map(({ model }) => quantileLines(model, options.quantiles)),
    [maps, options.quantiles],
  );
  const sharedMax = useMemo(
    () => options.colorMax ?? maxCount(maps.map(({ model }) => model)),
    [maps, options.colorMax],
  );
  const { limits, unreadable } = useLimits(maps, options.limits, props.replaceVariables);
  const [zoom, setZoom] = useState<readonly [number, number]>();
  const yDomain = useYDomain(maps, options, zoom);
  const yFold = useMemo(() => {
    return maps.length > 1
      ? sharedYFold(
          maps.map(({ model }) => model),
          yDomain,
        )
      : undefined;
  }, [maps, yDomain]);
  const { crosshairTime, tell } = useCursorSync(props.eventBus);
  const [hovered, setHovered] = useState<HoveredPoint>();
  const hover = useCallback(
    (point: HoveredPoint | undefined) => {
      tell(point?.time);
      setHovered(point);
    },
    [tell],
  );
  const { onChangeTimeRange } = props;
  const select = useCallback(
    ({ from, to, fromValue, toValue }: SelectedRange) => {
      if (fromValue !== undefined && toValue !== undefined) setZoom([fromValue, toValue]);
      onChangeTimeRange?.({ from, to });
    },
    [onChangeTimeRange],
  );
  const span = [timeRange.from.valueOf(), timeRange.to.valueOf()] as const;
  const xDomain = useMemo(() => [span[0], span[1]] as const, [span[0], span[1]]);

  if (maps.length === 0) {
    const message = emptyMessage(data, notices);
    return <PanelDataErrorView panelId={props.id} data={data} fieldConfig={props.fieldConfig} message={message} />;
  }

  const hidden = maps.reduce((sum, { model }) => sum + hiddenObservations(model, yDomain), 0);
  const told = [
    ...(hidden > 0 ? [hiddenText(hidden, maps[0].model.countUnit)] : []),
    ...(unreadable === '' ? [] : [`Limits: cannot read ${unreadable}; write 250ms or 1s`]),
    ...notices,
  ];
  const notice = noticeText(told, zoom !== undefined);
  const legendHeight = options.legend && height >= 120 ? LEGEND_HEIGHT : 0;
  const noticeHeight = notice === undefined ? 0 : NOTICE_HEIGHT;
  const room = Math.max(1, height - legendHeight - noticeHeight);
  const grid = facetGrid(maps.length, width, room);
  const titles = facetTitles(maps.map(({ labels }) => labels));
  const titleHeight = maps.length > 1 ? TITLE_HEIGHT : 0;
  const isLowest = (i: number): boolean => i + grid.columns >= maps.length;
  const heightOf = (i: number): number => grid.height + (isLowest(i) ? grid.timeAxisHeight : 0);
  const common = options.sharedColors || maps.length === 1;
  return (
    <div style={{ width, height, overflow: 'hidden', fontFamily: theme.fontFamily }}>
      {notice !== undefined && (
        <div
          style={{ ...ONE_LINE, height: NOTICE_HEIGHT, color: theme.textDim, fontSize: theme.fontSize }}
          title={notice}
          role="status"
        >
          {notice}
          {zoom !== undefined && (
            <button type="button" style={{ ...PLAIN_BUTTON, color: theme.accent }} onClick={() => setZoom(undefined)}>
              Show all buckets
            </button>
          )}
        </div>
      )}
      <div
        style={{
          height: room,
          overflowY: grid.scrolls ? 'auto' : 'hidden',
          display: 'flex',
          flexWrap: 'wrap',
          alignContent: 'flex-start',
        }}
      >
        {maps.map(({ model }, i) => (
          <div key={i} style={{ width: grid.width, height: heightOf(i) }}>
            {titleHeight > 0 && (
              <div
                style={{
                  ...ONE_LINE,
                  height: TITLE_HEIGHT,
                  color: theme.text,
                  fontSize: theme.fontSize,
                  fontWeight: 500,
                }}
                title={model.title}
              >
                {titles[i]}
                {!common && (
                  <span style={{ color: theme.textDim, fontWeight: 400 }}>
                    {' '}
                    · up to {formatCount(maxCount([model]), model.countUnit)}
                  </span>
                )}
              </div>
            )}
            <HeatmapCanvas
              model={model}
              lines={lines[i]}
              limits={limits[i]}
              width={grid.width}
              height={heightOf(i) - titleHeight}
              timeAxis={grid.timeAxisHeight === 0 || isLowest(i)}
              theme={theme}
              yScale={options.yScale}
              palette={options.palette}
              colorScale={options.colorScale}
              colorMax={common ? sharedMax : options.colorMax}
              xDomain={xDomain}
              yDomain={yDomain}
              yFold={yFold}
              formatY={formatOf(model.unit)}
              timeZone={zoneOf(props.timeZone)}
              tooltip={options.tooltip ? 'cell' : 'none'}
              crosshairTime={hovered?.time ?? crosshairTime}
              onHover={hover}
              onSelectRange={select}
            />
          </div>
        ))}
      </div>
      {legendHeight > 0 && (
        <div style={{ height: legendHeight, display: 'flex', alignItems: 'center', paddingLeft: 8 }}>
          {common ? (
            <SharedLegend
              maps={maps}
              options={options}
              max={sharedMax}
              theme={theme}
              hovered={hovered?.cell?.count}
              width={width}
            />
          ) : (
            <span style={{ color: theme.textDim, fontSize: theme.fontSize }}>
              Colours from the fewest to the most of each map
            </span>
          )}
        </div>
      )}
    </div>
  );
}

const ONE_LINE: React.CSSProperties = {
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'pre',
  paddingLeft: 8,
  unicodeBidi: 'isolate',
};
const PLAIN_BUTTON: React.CSSProperties = {
  border: 0,
  background: 'none',
  padding: '0 0 0 8px',
  cursor: 'pointer',
  font: 'inherit',
};

/** Limit lines by map, and what of the option could not be read. */
function useLimits(
  maps: readonly FrameMap[],
  option: string,
  replaceVariables: PanelProps['replaceVariables'] | undefined,
): { readonly limits: readonly (readonly LimitLine[])[]; readonly unreadable: string } {
  const text = option === '' ? '' : (replaceVariables?.(option) ?? option);
  return useMemo(() => {
    const read = maps.map(({ model }) => readLimits(text, model.unit));
    const limits = maps.map(({ model }, i) =>
      limitLines(model, read[i].limits, formatOf(model.unit) ?? valueFormat(model.unit)),
    );
    return { limits, unreadable: read[0]?.unreadable ?? '' };
  }, [maps, text]);
}

function useYDomain(
  maps: readonly FrameMap[],
  { yMin, yMax }: HeatmapOptions,
  zoom: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  return useMemo(() => {
    if (zoom !== undefined) return zoom;
    if (yMin === undefined && yMax === undefined) {
      return maps.length > 1 ? sharedYDomain(maps.map(({ model }) => model)) : undefined;
    }
    return [yMin ?? -Infinity, yMax ?? Infinity];
  }, [maps, yMin, yMax, zoom]);
}

interface SharedLegendProps {
  readonly maps: readonly FrameMap[];
  readonly options: HeatmapOptions;
  readonly max: number;
  readonly theme: ReturnType<typeof vizThemeOf>;
  readonly hovered?: number;
  /** CSS pixels of the panel. */
  readonly width: number;
}

function SharedLegend({ maps, options, max, theme, hovered, width }: SharedLegendProps): React.JSX.Element {
  const scale = useMemo(
    () => colorScaleOf(options.colorScale, joined(maps.map(({ model }) => model.counts)), max),
    [maps, options.colorScale, max],
  );
  const { countUnit } = maps[0].model;
  return (
    <HeatmapLegend
      scale={scale}
      palette={options.palette}
      theme={theme}
      countUnit={countUnit}
      hovered={hovered}
      width={Math.max(40, Math.min(180, width - LEGEND_TEXTS_WIDTH))}
    />
  );
}

function joined(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0];
  const whole = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const formats = new Map<string, FormatValue | undefined>();

/** Units that we do not write ourselves are written by Grafana. */
function formatOf(unit: string): FormatValue | undefined {
  if (!formats.has(unit)) {
    const format = knowsUnit(unit) ? undefined : getValueFormat(unit);
    formats.set(
      unit,
      format && ((value) => (Number.isFinite(value) ? formattedValueToString(format(value)) : value > 0 ? '∞' : '-∞')),
    );
  }
  return formats.get(unit);
}

/** Grafana's name of a time zone as Intl knows it; undefined is the browser's. */
export function zoneOf(timeZone: string | undefined): string | undefined {
  if (timeZone === undefined || timeZone === '' || timeZone === 'browser') return undefined;
  if (timeZone === 'utc') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined; // A zone that this browser does not know is shown in its own.
  }
}

function emptyMessage(data: PanelData, notices: readonly string[]): string {
  // Hosts before 10.2 or so know one error only, later ones a list.
  const failed = data.errors?.[0] ?? data.error;
  if (failed !== undefined)
    return `The query failed: ${failed.message ?? failed.data?.message ?? 'the data source gave no reason'}`;
  if (notices.length > 0) return notices.join('; ');
  if (data.state === LoadingState.Loading) return 'Loading …';
  return 'No histogram in this data. Query a histogram grouped by le, such as sum by (le) (increase(name_bucket[$__rate_interval])), or a native histogram';
}

function hiddenText(hidden: number, countUnit: HeatmapModel['countUnit']): string {
  return countUnit === 'count'
    ? `${formatCount(hidden, countUnit)} observations are out of view`
    : 'Some observations are out of view';
}

function noticeText(notices: readonly string[], zoomed: boolean): string | undefined {
  if (notices.length === 0) return zoomed ? 'Zoomed to some buckets' : undefined;
  return notices.join(' · ');
}
