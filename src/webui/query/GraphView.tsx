import React, { useMemo, useState } from 'react';
import { shortened, visible } from '../../shared/model/visible.ts';
import { valueFormat } from '../../viz/format.ts';
import { Swatch, lastValue, nearestIndex } from '../charts/ChartLegend.tsx';
import { TimeChart } from '../charts/TimeChart.tsx';
import type { ChartMark, ChartSeries } from '../charts/TimeChart.tsx';
import type { SeriesExemplar } from '../charts/heatmaps.ts';
import type { Crosshair } from '../crosshair.ts';
import { useCrosshairTime } from '../crosshair.ts';
import { formatMetric } from '../text.ts';
import { SERIES_COLORS, VIZ_THEMES } from '../theme.ts';
import { gridTimes } from '../timeRange.ts';
import type { RangeAnswer } from './ask.ts';
import { unitInExpression } from './ask.ts';
import { traceOf } from './exemplarList.ts';

export interface AnswerViewProps {
  readonly expr: string;
  readonly answer: RangeAnswer;
  readonly mode: 'light' | 'dark';
  readonly crosshair: Crosshair;
  readonly onSelectRange: (start: number, end: number) => void;
}

interface GraphViewProps extends AnswerViewProps {
  readonly stacked: boolean;
  readonly exemplars: readonly SeriesExemplar[];
}

/** More lines than this are not read by anybody, and slow the page. */
const LINES_MAX = 100;
const MARKS_MAX = 40;
const NO_MARKS: readonly ChartMark[] = [];

/** Lines or stacked areas; a click on a name shows that series alone. */
export function GraphView({ expr, answer, mode, crosshair, onSelectRange, stacked, exemplars }: GraphViewProps) {
  const [alone, setAlone] = useState<string>();
  const all = useMemo(() => chartSeries(answer, mode), [answer, mode]);
  const times = useMemo(() => gridTimes(answer.grid), [answer]);
  const shown =
    alone === undefined || all.every(({ name }) => name !== alone) ? all : all.filter((s) => s.name === alone);
  const unit = unitOfValues(expr);
  const format = valueFormat(unit);
  const marks = useMemo(
    () => (isOfObservations(expr, unit) && !stacked ? exemplarMarks(exemplars, format) : NO_MARKS),
    [expr, exemplars, stacked],
  );
  return (
    <div className="graph">
      <div className="graph-space">
        <TimeChart
          label={`Graph of ${shortened(expr)}`}
          times={times}
          series={shown}
          domain={[answer.grid.start, answer.grid.end]}
          stacked={stacked}
          filled={shown.length === 1}
          zeroBased={stacked}
          format={format}
          theme={VIZ_THEMES[mode]}
          crosshair={crosshair}
          onSelectRange={onSelectRange}
          marks={marks}
        />
      </div>
      {answer.series.length > all.length && (
        <p className="dim">
          {all.length} of {answer.series.length} series are drawn; aggregate or add matchers to see the others.
        </p>
      )}
      <SeriesList
        times={times}
        series={all}
        alone={alone}
        format={format}
        crosshair={crosshair}
        onPick={(name) => setAlone(name === alone ? undefined : name)}
      />
    </div>
  );
}

function chartSeries(answer: RangeAnswer, mode: 'light' | 'dark'): ChartSeries[] {
  const colors = SERIES_COLORS[mode];
  return answer.series.slice(0, LINES_MAX).map(({ metric, values, histograms }, i) => ({
    name: formatMetric(metric),
    color: colors[i % colors.length],
    values:
      histograms === undefined
        ? values
        : Float64Array.from(histograms, (h) => (h === undefined ? NaN : Number(h.count))),
  }));
}

/** Whether a single observation has a place on the value axis: a quantile has the unit of what was observed, a rate has not. */
const isOfObservations = (expr: string, unit: string): boolean =>
  /\bhistogram_(quantile|avg)\b/.test(expr) || (unit !== 'short' && !/_bucket\b/.test(expr));

/** Those with the largest values; more would hide the lines. */
function exemplarMarks(exemplars: readonly SeriesExemplar[], format: (value: number) => string): ChartMark[] {
  return exemplars.slice(0, MARKS_MAX).map((exemplar) => {
    const trace = traceOf(exemplar);
    const labels = exemplar.labels.map(([name, value]) => shortened(`${name}=${value}`)).join(', ');
    return {
      time: exemplar.time,
      value: exemplar.value,
      text: `${format(exemplar.value)}, ${labels}`,
      copied: trace ?? labels,
    };
  });
}

/** Rates and counts of something in seconds are no seconds: only plain values and quantiles keep the unit of the name. */
function unitOfValues(expr: string): string {
  if (/_bucket|_count\b/.test(expr) && !/histogram_quantile|histogram_avg/.test(expr)) return 'short';
  if (/\b(i?rate|increase|deriv|count)\s*(by\s*\(.*?\)\s*)?\(/.test(expr) && !/histogram_quantile/.test(expr))
    return 'short';
  return /timestamp/.test(expr) ? 'short' : unitInExpression(expr);
}

interface SeriesListProps {
  readonly times: Float64Array;
  readonly series: readonly ChartSeries[];
  readonly alone?: string;
  readonly format: (value: number) => string;
  readonly crosshair: Crosshair;
  readonly onPick: (name: string) => void;
}

function SeriesList({ times, series, alone, format, crosshair, onPick }: SeriesListProps) {
  const time = useCrosshairTime(crosshair);
  const at = time === undefined ? undefined : nearestIndex(times, time);
  return (
    <ul className="series-list">
      {series.map(({ name, color, values }, i) => {
        const value = at === undefined ? lastValue(values) : values[at];
        return (
          <li key={`${i} ${name}`} className={alone !== undefined && alone !== name ? 'faded' : ''}>
            <button type="button" aria-pressed={alone === name} onClick={() => onPick(name)}>
              <Swatch color={color} />
              <code title={shortened(name)}>{alone === name ? visible(name) : shortened(name, 400)}</code>
              <span className="num">{Number.isNaN(value) ? '–' : format(value)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
