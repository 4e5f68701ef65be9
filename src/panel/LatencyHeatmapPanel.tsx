import {
  LoadingState,
  type DataFrame,
  type FieldConfig,
  type PanelData,
  type PanelProps,
  type ThresholdsConfig,
} from '@grafana/data';
import { PanelDataErrorView } from '@grafana/runtime';
import { useTheme2 } from '@grafana/ui';
import React, { useCallback, useMemo, useRef, useState } from 'react';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import type { HoveredPoint, MapBox, SelectedRange } from '../ui/HeatmapCanvas.tsx';
import { facetTitles } from '../viz/facets.ts';
import { formatCount, formatTimeRange } from '../viz/format.ts';
import { hiddenObservations, sharedYDomain, sharedYFold } from '../viz/layout.ts';
import { limitShares } from '../shared/heatmap/limitShares.ts';
import { LIMITS_MAX, limitLines, readLimits, type LimitLine } from '../viz/limitLines.ts';
import { maxShade, type ColorBy } from '../viz/shades.ts';
import { displayOf, formatterOf, zoneOf, type Display } from './formats.ts';
import { mapsFromFrames } from './fromFrames.ts';
import { boundText, cellLinks } from './links.ts';
import { limitsFromQueries } from './limitQueries.ts';
import { MapGrid } from './MapGrid.tsx';
import { completeOptions, readColorBound, type HeatmapOptions } from './options.ts';
import { cellActions } from './actions.ts';
import { BoxCard, boxOfAddress } from './parts/BoxCard.tsx';
import { CellActions } from './parts/CellActions.tsx';
import { Chips, CHIPS_HEIGHT, type Chip } from './parts/Chips.tsx';
import { DoctorCard } from './parts/DoctorCard.tsx';
import { MoreMenu, type MenuEntry } from './parts/MoreMenu.tsx';
import { PanelLegend } from './parts/PanelLegend.tsx';
import { TableView } from './parts/TableView.tsx';
import { executedExpr, NO_REFINEMENT, type Refinement } from './source/expression.ts';
import { useHappenings } from './source/useHappenings.ts';
import { useRefined } from './source/useRefined.ts';
import { csvOf, pictureOf } from './takeAway.ts';
import { saveFile } from '../ui/saveFile.ts';
import { useCursorSync } from './useCursorSync.ts';
import { viewsOf, type MapView } from './views.ts';
import { vizThemeOf } from './vizTheme.ts';
import { tr } from '../shared/texts/texts.ts';

const LEGEND_HEIGHT = 24;
const LEGEND_FROM_HEIGHT = 120;
const NOTICE_HEIGHT = 20;
/** Lower or narrower panels have no room for a card. */
const CARD_FROM = 140;

/** What the user chose on the map, beside the panel's options. */
interface Chosen {
  /** Values: only these are shown. */
  readonly zoom?: readonly [number, number];
  readonly box?: { readonly view: number; readonly box: MapBox };
  /** Milliseconds: what every time is compared with. */
  readonly baseline?: readonly [number, number];
  readonly refinement: Refinement;
  readonly asTable: boolean;
  readonly doctor: boolean;
  readonly marksBox: boolean;
}

function firstChoice(): Chosen {
  const box = typeof window === 'undefined' ? undefined : boxOfAddress(window.location.search);
  return {
    refinement: NO_REFINEMENT,
    asTable: false,
    doctor: false,
    marksBox: false,
    box: box && { view: 0, box },
  };
}

/** The panel: every histogram of its data as a map of its own, with lines, marks, legend, tooltip, shared cursor, and ways to look closer. */
export function LatencyHeatmapPanel(props: PanelProps<HeatmapOptions>): React.JSX.Element {
  const { data, width, height, replaceVariables, onChangeTimeRange } = props;
  // What streams moves on by itself; the dashboard's range stands still until it is asked anew.
  const timeRange = data.state === LoadingState.Streaming ? data.timeRange : props.timeRange;
  const grafanaTheme = useTheme2();
  const theme = useMemo(() => vizThemeOf(grafanaTheme), [grafanaTheme]);
  const options = useMemo(() => completeOptions(props.options), [props.options]);
  const timeZone = zoneOf(props.timeZone);
  const [chosen, setChosen] = useState(firstChoice);
  const choose = useCallback((change: Partial<Chosen>) => setChosen((before) => ({ ...before, ...change })), []);
  const place = useRef<HTMLDivElement>(null);

  const refined = useRefined(data, chosen.refinement);
  const replaced = (text: string): string => (text === '' ? '' : (replaceVariables?.(text) ?? text));
  const limitOption = replaced(options.limits);
  const limited = useMemo(() => limitsFromQueries(limitOption, refined.frames), [limitOption, refined.frames]);
  const { views, notices } = useViews(limited.frames, data, options, timeZone, chosen.baseline);
  const models = useMemo(() => views.map(({ model }) => model), [views]);
  const config = useFieldConfig(props, refined.frames);
  const display = useMemo(() => displayOf(config), [config]);
  const limits = useLimits(models, limited.text, options.thresholds ? config.thresholds : undefined, display);
  const [colorMin, colorMax] = [options.colorMin, options.colorMax].map((text) => readColorBound(replaced(text)));
  const colorBy = colorByOf(options);
  const sharedMax = useMemo(
    () => (colorMax !== undefined && colorMax > 0 ? colorMax : maxShade(models, colorBy, options.yScale)),
    [models, colorBy, options.yScale, colorMax],
  );
  const yDomain = useYDomain(models, options, chosen.zoom);
  const yFold = useMemo(() => (models.length > 1 ? sharedYFold(models, yDomain) : undefined), [models, yDomain]);
  const titles = useMemo(() => facetTitles(views.map(({ labels }) => labels)), [views]);

  const { crosshairTime, tell } = useCursorSync(props.eventBus);
  const [hovered, setHovered] = useState<HoveredPoint>();
  const isFolded = options.fold !== 'none';
  const hover = useCallback(
    (point: HoveredPoint | undefined) => {
      if (!isFolded) tell(point?.time);
      setHovered(point);
    },
    [tell, isFolded],
  );
  const select = useCallback(
    ({ from, to }: SelectedRange) => {
      if (!isFolded) onChangeTimeRange?.({ from, to });
    },
    [onChangeTimeRange, isFolded],
  );
  const span = [timeRange.from.valueOf(), timeRange.to.valueOf()] as const;
  const xDomain = useMemo(() => [span[0], span[1]] as const, [span[0], span[1]]);

  if (views.length === 0) {
    const message = emptyMessage(data, notices, props.fieldConfig.defaults.noValue);
    return <PanelDataErrorView panelId={props.id} data={data} fieldConfig={props.fieldConfig} message={message} />;
  }

  const hidden = models.reduce((sum, model) => sum + hiddenObservations(model, yDomain), 0);
  const told = [
    ...(hidden > 0 ? [hiddenText(hidden, models[0].countUnit)] : []),
    ...(limits.unreadable === '' ? [] : [tr('Limits: cannot read {0}; write 250ms or 1s', limits.unreadable)]),
    ...(Number.isNaN(colorMin) || Number.isNaN(colorMax)
      ? [tr('Colours: a bound is a number, such as 500 or 40 %')]
      : []),
    ...(refined.error === undefined ? [] : [refined.error]),
    ...(refined.isLoading ? [tr('Asking for this part …')] : []),
    ...notices,
  ];
  const chips = chipsOf(chosen, choose, timeZone);
  const legendHeight = options.legend && height >= LEGEND_FROM_HEIGHT ? LEGEND_HEIGHT : 0;
  const noticeHeight = told.length === 0 ? 0 : NOTICE_HEIGHT;
  const chipsHeight = chips.length === 0 ? 0 : CHIPS_HEIGHT;
  const room = Math.max(1, height - legendHeight - noticeHeight - chipsHeight);
  const common = options.sharedColors || views.length === 1;
  const formatY = formatterOf(models[0].unit, display);
  const hasCard = width >= CARD_FROM && height >= CARD_FROM;
  const boxView = chosen.box === undefined ? undefined : views[Math.min(chosen.box.view, views.length - 1)];
  const boxed =
    hasCard && !chosen.asTable && chosen.box !== undefined && boxView !== undefined ? chosen.box : undefined;
  const exprOf = (view: MapView): string | undefined =>
    executedExpr(refined.frames.find((frame) => (frame.refId ?? '') === view.query));

  return (
    <div style={{ position: 'relative', width, height, overflow: 'hidden', fontFamily: theme.fontFamily }}>
      {told.length > 0 && (
        <div
          style={{ ...ONE_LINE, height: NOTICE_HEIGHT, color: theme.textDim, fontSize: theme.fontSize }}
          title={told.join(' · ')}
          role="status"
        >
          {told.join(' · ')}
        </div>
      )}
      {chips.length > 0 && <Chips chips={chips} theme={theme} />}
      {chosen.asTable ? (
        <TableView
          views={views}
          titles={titles}
          formatOf={(unit) => formatterOf(unit, display)}
          timeZone={timeZone}
          theme={theme}
          height={room}
        />
      ) : (
        <div ref={place}>
          <MapGrid
            views={views}
            titles={titles}
            limits={limits.limits}
            width={width}
            height={room}
            theme={theme}
            yScale={options.yScale}
            palette={options.palette}
            display={display}
            colorScale={options.colorScale}
            colorBy={colorBy}
            colorMin={colorMin !== undefined && colorMin > 0 ? colorMin : undefined}
            colorMax={common ? sharedMax : colorMax}
            xDomain={xDomain}
            yDomain={yDomain}
            yFold={yFold}
            timeZone={timeZone}
            bands={options.bands}
            side={options.side}
            tooltip={options.tooltip ? 'cell' : 'none'}
            crosshairTime={isFolded ? undefined : (hovered?.time ?? crosshairTime)}
            dragMarks={chosen.marksBox ? 'box' : 'range'}
            box={boxed}
            onHover={hover}
            onSelectRange={select}
            onSelectBox={(view, box) => choose({ box: { view, box }, doctor: false, marksBox: false })}
            tooltipActions={(view, box, { count }) => (
              <CellActions
                links={cellLinks(linksOf(props, refined.frames), box, count, replaced)}
                actions={cellActions(config.actions ?? [], box, count, replaced)}
                labels={views[view].labels}
                theme={theme}
                onExplain={hasCard ? () => choose({ box: { view, box }, doctor: false }) : undefined}
              />
            )}
          />
        </div>
      )}
      {legendHeight > 0 && (
        <div style={{ height: legendHeight, display: 'flex', alignItems: 'center', paddingLeft: 8 }}>
          {chosen.asTable ? null : common ? (
            <PanelLegend
              views={views}
              colorBy={colorBy}
              colorScale={options.colorScale}
              colorMin={colorMin !== undefined && colorMin > 0 ? colorMin : undefined}
              colorMax={sharedMax}
              yScale={options.yScale}
              palette={options.palette}
              theme={theme}
              shade={hovered?.cell?.shade}
              width={width}
            />
          ) : (
            <span style={{ color: theme.textDim, fontSize: theme.fontSize }}>
              {tr('Colours from the fewest to the most of each map')}
            </span>
          )}
          <MoreMenu entries={menuOf(chosen, choose, views, place, theme.background, hasCard)} theme={theme} />
        </div>
      )}
      {boxed !== undefined && boxView !== undefined && (
        <BoxCard
          box={boxed.box}
          view={boxView}
          data={data}
          expr={exprOf(boxView)}
          theme={theme}
          width={width}
          height={height}
          formatY={formatterOf(boxView.model.unit, display)}
          timeZone={timeZone}
          webHref={webHrefOf(replaced(options.webUrl), exprOf(boxView), boxed.box, xDomain)}
          onZoom={() => {
            choose({ zoom: [boxed.box.lower, boxed.box.upper], box: undefined });
            onChangeTimeRange?.({ from: boxed.box.from, to: boxed.box.to });
          }}
          onCompare={() => choose({ baseline: [boxed.box.from, boxed.box.to], box: undefined })}
          onRefine={(add) => choose({ refinement: refinedBy(chosen.refinement, add), box: undefined })}
          onClose={() => choose({ box: undefined })}
        />
      )}
      {chosen.doctor && hasCard && (
        <DoctorCard
          views={views}
          titles={titles}
          quantiles={options.quantiles}
          limits={readLimits(limited.text, models[0].unit).limits}
          formatY={formatY}
          theme={theme}
          width={width}
          height={height}
          onClose={() => choose({ doctor: false })}
        />
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

function useViews(
  frames: Parameters<typeof mapsFromFrames>[0],
  data: PanelData,
  options: HeatmapOptions,
  timeZone: string | undefined,
  baseline: readonly [number, number] | undefined,
) {
  const found = useMemo(
    () => mapsFromFrames(frames, { buckets: options.buckets, unit: options.unit }),
    [frames, options.buckets, options.unit],
  );
  const happenings = useHappenings(data, found.maps, options.marks && options.fold === 'none');
  const { annotations } = data;
  return useMemo(() => {
    const made = viewsOf({ maps: found.maps, annotations: annotations ?? [], options, timeZone, baseline, happenings });
    return { views: made.views, notices: [...found.notices, ...made.notices] };
  }, [found, annotations, options, timeZone, baseline, happenings]);
}

/** Of the first field that has numbers, with the panel's defaults and overrides in it; hosts that do not merge them have the defaults. */
function useFieldConfig({ fieldConfig }: PanelProps<HeatmapOptions>, frames: readonly DataFrame[]): FieldConfig {
  return useMemo(() => {
    const field = frames.flatMap(({ fields }) => fields).find(({ type }) => type === 'number');
    return { ...fieldConfig.defaults, ...field?.config };
  }, [fieldConfig, frames]);
}

/** Limit lines by map, and what of the option could not be read. */
function useLimits(
  models: readonly HeatmapModel[],
  text: string,
  thresholds: ThresholdsConfig | undefined,
  display: Display,
): { readonly limits: readonly (readonly LimitLine[])[]; readonly unreadable: string } {
  return useMemo(() => {
    const read = models.map((model) => readLimits(text, model.unit));
    const more = thresholdLimits(thresholds);
    const limits = models.map((model, i) =>
      model.countUnit === 'shareDifference'
        ? []
        : limitLines(limitShares(model, [...new Set([...read[i].limits, ...more])]), formatterOf(model.unit, display)),
    );
    return { limits, unreadable: read[0]?.unreadable ?? '' };
  }, [models, text, thresholds, display]);
}

/** Values of the axis; thresholds in per cent have none. The base reaches from -Infinity. */
function thresholdLimits(thresholds: ThresholdsConfig | undefined): number[] {
  if (thresholds === undefined || (thresholds.mode as string) === 'percentage') return [];
  return thresholds.steps
    .map(({ value }) => value)
    .filter((value) => Number.isFinite(value))
    .slice(0, LIMITS_MAX);
}

function useYDomain(
  models: readonly HeatmapModel[],
  { yMin, yMax }: HeatmapOptions,
  zoom: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  return useMemo(() => {
    if (zoom !== undefined) return zoom;
    if (yMin === undefined && yMax === undefined) return models.length > 1 ? sharedYDomain(models) : undefined;
    return [yMin ?? -Infinity, yMax ?? Infinity];
  }, [models, yMin, yMax, zoom]);
}

const colorByOf = ({ colorBy }: HeatmapOptions): ColorBy =>
  colorBy === 'density' || colorBy === 'columnShare' || colorBy === 'totalShare' ? colorBy : 'count';

type Choose = (change: Partial<Chosen>) => void;

function refinedBy(before: Refinement, add: Partial<Refinement>): Refinement {
  const { conditions = [], splits = [] } = add;
  return {
    conditions: [...before.conditions, ...conditions],
    splits: [...before.splits.filter((label) => !splits.includes(label)), ...splits],
  };
}

function chipsOf({ zoom, baseline, refinement, marksBox }: Chosen, choose: Choose, timeZone?: string): Chip[] {
  const { conditions, splits } = refinement;
  return [
    ...(marksBox ? [{ text: tr('Drag a box over a map'), onRemove: () => choose({ marksBox: false }) }] : []),
    ...(zoom === undefined
      ? []
      : [{ text: tr('Zoomed to some buckets'), onRemove: () => choose({ zoom: undefined }) }]),
    ...(baseline === undefined
      ? []
      : [
          {
            text: tr('Compared with {0}', formatTimeRange(...baseline, timeZone)),
            onRemove: () => choose({ baseline: undefined }),
          },
        ]),
    ...conditions.map(({ label, op, value }) => ({
      text: `${label} ${op === '=' ? '=' : '≠'} ${value}`,
      onRemove: () =>
        choose({
          refinement: { splits, conditions: conditions.filter((one) => one.label !== label || one.value !== value) },
        }),
    })),
    ...splits.map((label) => ({
      text: tr('split by {0}', label),
      onRemove: () => choose({ refinement: { conditions, splits: splits.filter((one) => one !== label) } }),
    })),
  ];
}

function menuOf(
  { asTable, marksBox }: Chosen,
  choose: Choose,
  views: readonly MapView[],
  place: React.RefObject<HTMLDivElement | null>,
  ground: string,
  hasCard: boolean,
): MenuEntry[] {
  const savePicture = (): void => {
    if (place.current === null) return;
    pictureOf(place.current, ground)?.toBlob((png) => png !== null && saveFile(png, 'heatmap.png'), 'image/png');
  };
  return [
    ...(hasCard && !asTable
      ? [
          { text: tr('Explain a region'), onClick: () => choose({ marksBox: !marksBox }) },
          { text: tr('Check the buckets'), onClick: () => choose({ doctor: true, box: undefined }) },
        ]
      : []),
    {
      text: asTable ? tr('Show as a map') : tr('Show as a table'),
      onClick: () => choose({ asTable: !asTable, box: undefined }),
    },
    {
      text: tr('Save cells as CSV'),
      onClick: () => saveFile(new Blob([csvOf(views)], { type: 'text/csv' }), 'heatmap.csv'),
    },
    ...(asTable ? [] : [{ text: tr('Save picture as PNG'), onClick: savePicture }]),
  ];
}

/** Of the panel, else of the first field that has some. */
function linksOf({ fieldConfig }: PanelProps<HeatmapOptions>, frames: Parameters<typeof mapsFromFrames>[0]) {
  const own = fieldConfig.defaults.links ?? [];
  if (own.length > 0) return own;
  return (
    frames.flatMap((frame) => frame.fields).find((field) => (field.config.links ?? []).length > 0)?.config.links ?? []
  );
}

/** The web UI's page of a query, with the range and the box in it. */
function webHrefOf(
  webUrl: string,
  expr: string | undefined,
  { from, to, lower, upper }: MapBox,
  [start, end]: readonly [number, number],
): string | undefined {
  if (expr === undefined || !/^https?:\/\//.test(webUrl)) return undefined;
  const parameters = new URLSearchParams({
    expr,
    view: 'heatmap',
    start: String(start),
    end: String(end),
    box: [from, to, boundText(lower), boundText(upper)].join(','),
  });
  return `${webUrl.replace(/\/+$/, '')}/query?${parameters}`;
}

function emptyMessage(data: PanelData, notices: readonly string[], noValue: string | undefined): string {
  // Hosts before 10.2 or so know one error only, later ones a list.
  const failed = data.errors?.[0] ?? data.error;
  if (failed !== undefined)
    return tr('The query failed: {0}', failed.message ?? failed.data?.message ?? tr('the data source gave no reason'));
  if (notices.length > 0) return notices.join('; ');
  if (data.state === LoadingState.Loading) return 'Loading …';
  if (noValue) return noValue;
  return tr(
    'No histogram in this data. Query a histogram grouped by le, such as sum by (le) (increase(name_bucket[$__rate_interval])), or a native histogram',
  );
}

function hiddenText(hidden: number, countUnit: HeatmapModel['countUnit']): string {
  return countUnit === 'count'
    ? tr('{0} observations are out of view', formatCount(hidden, countUnit))
    : tr('Some observations are out of view');
}
