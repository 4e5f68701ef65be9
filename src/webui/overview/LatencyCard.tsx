import React, { useMemo } from 'react';
import type { ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { shortened } from '../../shared/model/visible.ts';
import { queryDistribution, seriesLabels } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { HeatmapsLegend } from '../charts/HeatmapFacets.tsx';
import { mapsOfDistribution, QUANTILES, type NamedHeatmaps } from '../charts/heatmaps.ts';
import { LimitField } from '../charts/LimitField.tsx';
import { readLimits } from '../../viz/limitLines.ts';
import { MapControls } from '../charts/MapControls.tsx';
import { comparisonParams, lookOf } from '../charts/mapLook.ts';
import { useCompared } from '../charts/useCompared.ts';
import {
  conditionsOf,
  conditionsText,
  conditionText,
  withCondition,
  withoutCondition,
  type LabelCondition,
} from '../explain/conditions.ts';
import { ExplainButton, ExplainedMaps } from '../explain/ExplainedMaps.tsx';
import { noBoxParams } from '../explain/box.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Select } from '../parts/Choice.tsx';
import { Icon } from '../parts/Icon.tsx';
import { PageLink } from '../parts/TopBar.tsx';
import { gridKey, sliceWindow, type Grid } from '../timeRange.ts';
import type { CardContext } from './cardContext.ts';
import { Awaiting } from './Awaiting.tsx';
import type { Inventory } from './inventory.ts';
import {
  bucketRates,
  chooseLatency,
  chooseSplit,
  mapTitle,
  nativeRates,
  splitChoices,
  unitOf,
} from './latencySource.ts';

const LABELS_MS = 60_000;
const NO_MAPS: NamedHeatmaps = { maps: [], notices: [] };

interface CardProps {
  readonly inventory: Inventory;
  readonly context: CardContext;
}

/** The distribution of prediction latencies over time, one map for each model version. */
export function LatencyCard({ inventory, context }: CardProps) {
  const { grid, intervalMs, place } = context;
  const metric = chooseLatency(inventory, place.params.get('metric'));
  const isNative = metric !== undefined && inventory.natives.has(metric);
  // New labels may come with a new release of the service: they are looked for every minute.
  const labels = useFetched(
    metric === undefined ? undefined : `${metric} ${Math.floor(grid.end / LABELS_MS)}`,
    (signal) => seriesLabels(isNative ? metric! : `${metric}_bucket`, grid, signal),
    metric,
  );
  const choices = splitChoices(labels.data ?? []);
  const split = chooseSplit(choices, place.params.get('by'));
  const conditions = conditionsOf(place.params.get('where'));
  const ratesOf = isNative ? nativeRates : bucketRates;
  const expr = metric === undefined ? '' : ratesOf(metric, split, sliceWindow(grid.step, intervalMs), conditions);
  const unit = metric === undefined ? 's' : unitOf(metric, inventory.metadata[metric]?.unit);
  const { limits } = readLimits(place.params.get('limit') ?? '', unit);
  const readings = { quantiles: QUANTILES, limits };
  const buckets = useFetched(
    metric === undefined || labels.data === undefined ? undefined : `${expr} ${gridKey(grid)} ${limits.join()}`,
    async (signal) => ({ expr, grid, answer: await queryDistribution(expr, grid, readings, signal) }),
    `${metric} ${split} ${conditionsText(conditions)}`,
  );
  const titleOf = (labelSet: Readonly<Record<string, string>>) => mapTitle(labelSet, split);
  const mapsOf = (answer: ReadDistribution, on: Grid) =>
    mapsOfDistribution(answer, { grid: on, unit, countUnit: 'perSecond', titleOf });
  const drawn = useMemo(
    () => buckets.data && mapsOf(buckets.data.answer, buckets.data.grid),
    [buckets.data, unit, split],
  );
  const asked = buckets.data ?? { expr, grid };
  const compared = useCompared(asked.expr, asked.grid, drawn ?? NO_MAPS, place.params, {
    ask: (then, signal) => queryDistribution(asked.expr, then, { quantiles: QUANTILES }, signal),
    mapsOf,
  });
  const look = lookOf(place.params);
  if (metric === undefined)
    return context.awaiting ? (
      <Awaiting title="Latency" className="card-latency" />
    ) : (
      <NoHistograms inventory={inventory} context={context} />
    );
  const error = buckets.error ?? labels.error;
  return (
    <Card
      title={latencyTitle(metric)}
      className="card-latency"
      busy={buckets.loading || labels.loading || compared.busy}
      tools={
        <>
          <Select
            label="Histogram"
            value={metric}
            options={inventory.histograms.map((name) => ({ value: name, text: name }))}
            onChange={(name) =>
              setParams({ ...noBoxParams(place.params), metric: name, by: undefined, where: undefined }, 'push')
            }
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
            own={{ expr, view: 'heatmap', ...comparisonParams(place.params) }}
            className="icon-button"
            label="Open this query"
          >
            <Icon name="arrow" />
          </PageLink>
        </>
      }
    >
      <Conditions conditions={conditions} />
      {error !== undefined && <Notice kind="error" title={error.message} />}
      {drawn === undefined && error === undefined && <Notice kind="loading" title="Asking for the distribution …" />}
      {drawn !== undefined && drawn.maps.length === 0 && (
        <Notice
          kind="empty"
          title={context.young ? 'Waiting for the second scrape' : 'Nothing was observed in this time range'}
        >
          <p>
            {context.young
              ? 'A rate needs two scrapes: the map begins to fill in within seconds.'
              : 'Choose a longer range to see what was observed earlier.'}
          </p>
        </Notice>
      )}
      {drawn !== undefined && drawn.maps.length > 0 && (
        <>
          <div className="heatmap-view-head">
            <MapControls params={place.params} choices={compared.choices} />
            <ExplainButton params={place.params} />
            <LimitField params={place.params} unit={unit} />
            <HeatmapsLegend maps={compared.maps} mode={context.mode} look={look} />
          </div>
          {compared.notices.map((notice) => (
            <p key={notice} className="dim">
              {notice}
            </p>
          ))}
          <ExplainedMaps
            place={place}
            expr={expr}
            grid={grid}
            shown={context.shown}
            unit={unit}
            choices={compared.choices}
            maps={compared.maps}
            mode={context.mode}
            look={look}
            crosshair={context.crosshair}
            onSelectRange={context.onSelectRange}
            onFilter={(condition) => setParams({ where: conditionsText(withCondition(conditions, condition)) }, 'push')}
            onSplit={(label) => setParams({ by: label }, 'push')}
          />
        </>
      )}
    </Card>
  );
}

/** What the maps are narrowed down to; each condition can be taken away. */
function Conditions({ conditions }: { conditions: readonly LabelCondition[] }) {
  if (conditions.length === 0) return null;
  return (
    <div className="conditions" role="group" aria-label="Shown are only series with">
      {conditions.map((condition) => {
        const rest = withoutCondition(conditions, condition);
        const text = conditionText(condition);
        return (
          <button
            key={text}
            type="button"
            className="chip"
            title="Take this condition away"
            onClick={() => setParams({ where: rest.length === 0 ? undefined : conditionsText(rest) }, 'push')}
          >
            <bdi>{shortened(text)}</bdi> <Icon name="close" size={12} />
          </button>
        );
      })}
    </div>
  );
}

function latencyTitle(metric: string): string {
  if (metric === 'model_prediction_latency_seconds') return 'Prediction latency';
  return /latency|duration|_seconds|time/.test(metric) ? 'Latency' : 'Distribution';
}

function splitText(split: string): string {
  return split === '' ? 'one map of all' : `by ${split.replaceAll(',', ', ')}`;
}

/** What is scraped although none of it fits this map, and where to look at it. */
export function AlreadyScraped({ targetsUp, metrics, place }: { targetsUp: number; metrics: number; place: Place }) {
  if (targetsUp === 0) return null;
  return (
    <p>
      Scraped already: {targetsUp} {targetsUp === 1 ? 'target' : 'targets'} up
      {metrics > 0 && `, ${metrics} ${metrics === 1 ? 'metric' : 'metrics'}`}. Look at them in{' '}
      <PageLink page="query" place={place}>
        Query
      </PageLink>{' '}
      and{' '}
      <PageLink page="targets" place={place}>
        Targets
      </PageLink>
      .
    </p>
  );
}

function NoHistograms({ inventory, context }: { inventory: Inventory; context: CardContext }) {
  return (
    <Card title="Latency" className="card-latency">
      <Notice kind="empty" title="No histogram yet">
        <AlreadyScraped
          targetsUp={context.targetsUp}
          metrics={Object.keys(inventory.metadata).length}
          place={context.place}
        />
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
