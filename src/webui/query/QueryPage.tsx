import React, { useMemo, useState } from 'react';
import { formatDuration, parseDuration } from '../../shared/model/durations.ts';
import { formatExpr } from '../../shared/promql/format.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { PromqlEditor } from '../../ui/PromqlEditor.tsx';
import { useFetched } from '../api/useFetched.ts';
import { refreshChoice, useClock } from '../clock.ts';
import { createCrosshair } from '../crosshair.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { RangePicker, RefreshPicker, TopBar } from '../parts/TopBar.tsx';
import { themeChoice, useThemeMode } from '../theme.ts';
import { gridFor, rangeFromParams, rangeParams, shownBy } from '../timeRange.ts';
import type { Grid, TimeRange } from '../timeRange.ts';
import { VIEWS, askInstant, askRange, faultPlace, fittingView } from './ask.ts';
import type { InstantAnswer, RangeAnswer, View } from './ask.ts';
import { GraphView } from './GraphView.tsx';
import { HeatmapView } from './HeatmapView.tsx';
import { recentQueries, rememberQuery } from './recent.ts';
import { TableView } from './TableView.tsx';
import { csvOf, curlOf, download } from './takeAway.ts';

const COLUMNS_MAX = 240;
/** Upstream's limit of points a series. */
const POINTS_MAX = 11_000;
const RANGE_DEFAULT: TimeRange = { kind: 'last', ms: 3_600_000 };
/** The automatic step does not go below this: few targets are scraped more often. */
const STEP_MS_MIN = 15_000;

const EXAMPLES = [
  'sum by (le) (rate(model_prediction_latency_seconds_bucket[1m]))',
  'histogram_quantile(0.99, sum by (le, version) (rate(model_prediction_latency_seconds_bucket[5m])))',
  'sum by (route, status) (rate(http_requests_total[1m]))',
  'up',
];

/** One expression: as a graph, as a heatmap, or as a table of its values at the range's end. */
export default function QueryPage({ place }: { place: Place }) {
  const { params } = place;
  const theme = themeChoice(params);
  const mode = useThemeMode(theme);
  const refresh = refreshChoice(params, 'off');
  const [now, renew] = useClock(refresh);
  const crosshair = useMemo(createCrosshair, []);
  const expr = params.get('expr') ?? '';
  const range = rangeFromParams(params) ?? RANGE_DEFAULT;
  const step = params.get('step') ?? '';
  const grid = gridOf(range, now, step);
  const chosen = VIEWS.find((view) => view === params.get('view'));

  const stacked = params.get('draw') === 'stacked';
  const wantsTable = chosen === 'table';
  const ranged = useFetched(
    expr === '' || wantsTable || grid === undefined ? undefined : `${expr} ${grid.start} ${grid.end} ${grid.step}`,
    (signal) => askRange(expr, grid!, signal),
    expr,
  );
  const end = range.kind === 'last' ? now : range.end;
  const instant = useFetched(
    expr === '' || !wantsTable ? undefined : `${expr} ${end}`,
    (signal) => askInstant(expr, end, signal),
    expr,
  );
  const asked = wantsTable ? instant : ranged;
  const answer = wantsTable ? instant.data : ranged.data;
  const view: View = chosen ?? (ranged.data === undefined ? 'graph' : fittingView(ranged.data.series));
  const select = (start: number, to: number) => setParams(rangeParams({ kind: 'between', start, end: to }), 'push');

  return (
    <>
      <TopBar
        place={place}
        theme={theme}
        tools={
          <>
            <RangePicker range={range} />
            <RefreshPicker refresh={refresh} onRenew={renew} />
          </>
        }
      />
      <main className="page query" id="main">
        <h1 className="visually-hidden">Query</h1>
        <ExpressionField expr={expr} onRun={renew} />
        {expr === '' ? (
          <Beginning />
        ) : (
          <Card
            title="Result"
            className="card-result"
            busy={asked.loading}
            tools={
              <>
                <AnswerNumbers answer={answer} />
                <TakeAway expr={expr} answer={answer} />
                <StepField key={step} step={step} used={grid?.step} hidden={wantsTable} />
                {view === 'graph' && (
                  <Segments
                    label="Draw as"
                    value={stacked ? 'stacked' : 'lines'}
                    options={[
                      { value: 'lines', text: 'Lines' },
                      { value: 'stacked', text: 'Stacked' },
                    ]}
                    onChange={(value) => setParams({ draw: value === 'lines' ? undefined : value })}
                  />
                )}
                <Segments
                  label="Show as"
                  value={view}
                  options={VIEWS.map((value) => ({ value, text: value[0].toUpperCase() + value.slice(1) }))}
                  onChange={(value) => setParams({ view: value }, 'push')}
                />
              </>
            }
          >
            {grid === undefined && <Notice kind="error" title={stepFault(range, step)} />}
            {asked.error !== undefined && <QueryFault expr={expr} error={asked.error} />}
            <Warnings texts={answer?.warnings ?? []} />
            {asked.data === undefined && asked.error === undefined && grid !== undefined && (
              <Notice kind="loading" title="Asking …" />
            )}
            {wantsTable && instant.data !== undefined && <TableView answer={instant.data} />}
            {!wantsTable && ranged.data !== undefined && ranged.data.series.length === 0 && (
              <Notice kind="empty" title="No series match in this range">
                <p>Check the spelling of names and labels, or choose a longer range.</p>
              </Notice>
            )}
            {view === 'graph' && ranged.data !== undefined && ranged.data.series.length > 0 && (
              <GraphView
                expr={expr}
                answer={ranged.data}
                mode={mode}
                crosshair={crosshair}
                onSelectRange={select}
                stacked={stacked}
              />
            )}
            {view === 'heatmap' && ranged.data !== undefined && ranged.data.series.length > 0 && (
              <HeatmapView
                expr={expr}
                answer={ranged.data}
                mode={mode}
                crosshair={crosshair}
                onSelectRange={select}
                place={place}
                shown={shownBy(range, now)}
              />
            )}
          </Card>
        )}
      </main>
    </>
  );
}

function gridOf(range: TimeRange, now: number, step: string): Grid | undefined {
  if (step === '') return gridFor(range, now, COLUMNS_MAX, STEP_MS_MIN);
  const ms = stepMs(step);
  if (ms === undefined) return undefined;
  const [from, to] = range.kind === 'last' ? [now - range.ms, now] : [range.start, range.end];
  if ((to - from) / ms > POINTS_MAX) return undefined;
  const end = Math.floor(to / ms) * ms;
  return { start: Math.min(end, Math.ceil(from / ms) * ms), end, step: ms };
}

function stepMs(text: string): number | undefined {
  try {
    const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined; // The field says what is wrong with it.
  }
}

function stepFault(range: TimeRange, step: string): string {
  const ms = stepMs(step);
  if (ms === undefined) return `${step} is no step: write a duration such as 15s or 5m, or leave the field empty`;
  const length = range.kind === 'last' ? range.ms : range.end - range.start;
  return `a step of ${step} gives ${Math.ceil(length / ms)} points a series, over ${POINTS_MAX}; write a longer step, or choose a shorter range`;
}

interface ExpressionFieldProps {
  readonly expr: string;
  /** Asks again when the expression is the one that was asked before. */
  readonly onRun: () => void;
}

function ExpressionField({ expr, onRun }: ExpressionFieldProps) {
  // What is typed counts until another expression comes into the address.
  const [typed, setTyped] = useState({ over: expr, text: expr });
  const draft = typed.over === expr ? typed.text : expr;
  const setDraft = (text: string) => setTyped({ over: expr, text });
  const run = () => {
    const text = draft.trim();
    rememberQuery(text);
    setTyped({ over: text, text });
    if (text === expr) onRun();
    else setParams({ expr: text === '' ? undefined : text, view: undefined }, 'push');
  };
  return (
    <div className="expression">
      <div className="expression-field">
        <PromqlEditor
          label="PromQL expression"
          placeholder="An expression, such as sum by (le) (rate(model_prediction_latency_seconds_bucket[1m]))"
          value={draft}
          onChange={setDraft}
          onRun={run}
          remote={{ url: new URL('.', document.baseURI).href.replace(/\/$/, '') }}
        />
      </div>
      <div className="expression-buttons">
        <button type="button" className="button" onClick={() => setDraft(formatted(draft))}>
          Format
        </button>
        <button type="button" className="button button-main" onClick={run}>
          Run
        </button>
      </div>
    </div>
  );
}

/** The expression as it is usually written; what cannot be read stays as it is. */
function formatted(text: string): string {
  try {
    return formatExpr(parseExpr(text));
  } catch {
    return text; // The editor marks the fault.
  }
}

function Beginning() {
  return (
    <Card title="Ask something">
      <p className="dim">
        Names and labels are completed while you type. Enter runs, Shift-Enter makes a new line. Buckets by{' '}
        <code>le</code> are drawn as a heatmap.
      </p>
      <Expressions title="For example" texts={EXAMPLES} />
      <Expressions title="Asked lately" texts={recentQueries()} />
    </Card>
  );
}

function Expressions({ title, texts }: { title: string; texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <section className="examples">
      <h3>{title}</h3>
      <ul>
        {texts.map((text) => (
          <li key={text}>
            <button type="button" onClick={() => setParams({ expr: text }, 'push')}>
              <code>{text}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function AnswerNumbers({ answer }: { answer?: RangeAnswer | InstantAnswer }) {
  if (answer === undefined) return null;
  const count = answer.kind === 'range' ? answer.series.length : answer.rows.length;
  return (
    <span className="dim num">
      {count} series in {Math.max(1, Math.round(answer.elapsedMs))} ms
    </span>
  );
}

function TakeAway({ expr, answer }: { expr: string; answer?: RangeAnswer | InstantAnswer }) {
  if (answer === undefined) return null;
  return (
    <>
      <button type="button" className="button button-small" onClick={() => download('isotherm.csv', csvOf(answer))}>
        CSV
      </button>
      <CopyButton label="curl" text={() => curlOf(expr, answer)} />
    </>
  );
}

function StepField({ step, used, hidden }: { step: string; used?: number; hidden: boolean }) {
  const [draft, setDraft] = useState(step);
  if (hidden) return null;
  const apply = () => setParams({ step: draft.trim() === '' ? undefined : draft.trim() }, 'push');
  return (
    <label className="step-field">
      <span className="dim">Step</span>
      <input
        className="input"
        value={draft}
        size={6}
        placeholder={used === undefined ? 'auto' : `auto ${formatDuration(used)}`}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => draft.trim() !== step && apply()}
        onKeyDown={(event) => event.key === 'Enter' && apply()}
      />
    </label>
  );
}

function Warnings({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <ul className="warnings">
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}

/** The server's words, and below them the line at fault with a mark where it is. */
function QueryFault({ expr, error }: { expr: string; error: Error }) {
  const place = faultPlace(error.message);
  const line = place === undefined ? undefined : expr.split('\n')[place.line];
  return (
    <Notice kind="error" title={error.message}>
      {place !== undefined && line !== undefined && (
        <pre className="fault">
          {line}
          {'\n'}
          {' '.repeat(Math.max(0, place.column))}▲
        </pre>
      )}
    </Notice>
  );
}
