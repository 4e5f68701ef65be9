import React, { useEffect, useRef, useState } from 'react';
import { visible } from '../../shared/model/visible.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { useFetched } from '../api/useFetched.ts';
import type { Crosshair } from '../crosshair.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { ActionButton } from '../parts/ActionButton.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { formatClock } from '../text.ts';
import { themeChoice, useThemeMode } from '../theme.ts';
import { gridKey, rangeParams, shownBy } from '../timeRange.ts';
import type { TimeRange } from '../timeRange.ts';
import { readLimits } from '../../viz/limitLines.ts';
import { VIEWS, askInstant, askPicture, askYoung, faultPlace, fittingView, unitInExpression } from './ask.ts';
import type { AnyAnswer, CountedAnswer, RangeAnswer, View } from './ask.ts';
import { useExemplars } from './exemplarList.ts';
import { Exemplars } from './Exemplars.tsx';
import { GraphView } from './GraphView.tsx';
import { gridOf, stepFault } from './grid.ts';
import { HeatmapView } from './HeatmapView.tsx';
import { PlanTree } from './PlanTree.tsx';
import { paramOf } from './queries.ts';
import { SaveButton } from './SavedQueries.tsx';
import { TableView } from './TableView.tsx';
import { saveFile } from '../../ui/saveFile.ts';
import { csvOf, curlOf, drawnPictureOf } from './takeAway.ts';

interface QueryPanelProps {
  readonly place: Place;
  readonly index: number;
  readonly expr: string;
  readonly range: TimeRange;
  readonly now: number;
  readonly crosshair: Crosshair;
  /** Moves `now` to the present. */
  readonly onRenew: () => void;
}

/** The answer to one expression: as a graph, as a heatmap, or as a table of its values at the range's end. */
export function QueryPanel({ place, index, expr, range, now, crosshair, onRenew }: QueryPanelProps) {
  const { params } = place;
  const mode = useThemeMode(themeChoice(params));
  const own = (name: Parameters<typeof paramOf>[0]) => params.get(paramOf(name, index));
  const step = own('step') ?? '';
  const grid = gridOf(range, now, step);
  const chosen = VIEWS.find((view) => view === own('view'));
  const stacked = own('draw') === 'stacked';
  const hasTree = own('tree') === 'open';
  const wantsTable = chosen === 'table';
  const wanted = { view: chosen, limits: readLimits(params.get('limit') ?? '', unitInExpression(expr)).limits };
  const wantedKey = `${chosen} ${wanted.limits.join()}`;
  const picture = useRef<HTMLDivElement>(null);
  const ranged = useFetched(
    wantsTable || grid === undefined ? undefined : `${expr} ${gridKey(grid)} ${wantedKey}`,
    (signal) => askPicture(expr, grid!, wanted, signal),
    // Lines are drawn from another answer than a heatmap.
    `${expr} ${chosen === 'graph'}`,
  );
  const isEmpty =
    !wantsTable && range.kind === 'last' && ranged.data !== undefined && histogramsOrSeries(ranged.data) === 0;
  const young = useFetched(
    isEmpty ? `${expr} ${now} ${grid!.step} ${wantedKey}` : undefined,
    (signal) => askYoung(expr, grid!, now, wanted, signal),
    expr,
  );
  const isStoreEmpty = isEmpty && young.data === 'empty';
  const youngAnswer = isEmpty && typeof young.data === 'object' ? young.data : undefined;
  const isToldYoung = !isEmpty || young.data !== undefined || young.error !== undefined;
  useRenewed(youngAnswer !== undefined || isStoreEmpty, now, onRenew);
  const end = range.kind === 'last' ? now : range.end;
  const instant = useFetched(
    wantsTable ? `${expr} ${end}` : undefined,
    (signal) => askInstant(expr, end, signal),
    expr,
  );
  const asked = wantsTable ? instant : ranged;
  const answer = wantsTable ? instant.data : (youngAnswer?.answer ?? ranged.data);
  const drawn =
    answer !== undefined && answer.kind !== 'instant' && histogramsOrSeries(answer) > 0 ? answer : undefined;
  const view: View = chosen ?? (drawn === undefined ? 'graph' : fittingView(drawn));
  const select = (start: number, to: number) => setParams(rangeParams({ kind: 'between', start, end: to }), 'push');
  const set = (name: Parameters<typeof paramOf>[0], value: string | undefined, how?: 'push') =>
    setParams({ [paramOf(name, index)]: value }, how);
  const exemplars = useExemplars(expr, wantsTable ? undefined : drawn?.grid);

  return (
    <Card
      title={index === 0 ? 'Result' : `Result ${index + 1}`}
      className="card-result"
      busy={asked.loading}
      tools={
        <>
          <AnswerNumbers answer={answer} />
          <SaveButton expr={expr} />
          <TakeAway expr={expr} answer={answer} picture={view === 'table' ? undefined : picture} />
          <button
            type="button"
            className="button button-small"
            aria-pressed={hasTree}
            title="The expression part by part: series, samples and time of each"
            onClick={() => set('tree', hasTree ? undefined : 'open')}
          >
            Tree
          </button>
          <StepField
            key={step}
            step={step}
            used={grid?.step}
            hidden={wantsTable}
            onStep={(text) => set('step', text, 'push')}
          />
          {view === 'graph' && (
            <Segments
              label="Draw as"
              value={stacked ? 'stacked' : 'lines'}
              options={[
                { value: 'lines', text: 'Lines' },
                { value: 'stacked', text: 'Stacked' },
              ]}
              onChange={(value) => set('draw', value === 'lines' ? undefined : value)}
            />
          )}
          <Segments
            label="Show as"
            value={view}
            options={VIEWS.map((value) => ({ value, text: value[0].toUpperCase() + value.slice(1) }))}
            onChange={(value) => set('view', value, 'push')}
          />
        </>
      }
    >
      {hasTree && <PlanTree expr={expr} time={end} onPick={(text) => set('expr', text, 'push')} />}
      {grid === undefined && <Notice kind="error" title={stepFault(range, step)} />}
      {asked.error !== undefined && <QueryFault expr={expr} error={asked.error} />}
      <Warnings texts={answer?.warnings ?? []} />
      {asked.data === undefined && asked.error === undefined && grid !== undefined && (
        <Notice kind="loading" title="Asking …" />
      )}
      {wantsTable && instant.data !== undefined && <TableView answer={instant.data} />}
      {!wantsTable && answer !== undefined && drawn === undefined && isToldYoung && (
        <NoSeries isStoreEmpty={isStoreEmpty} beganAt={youngAnswer?.beganAt} />
      )}
      {drawn !== undefined && youngAnswer !== undefined && (
        <p className="dim" role="status">
          The data starts at {formatClock(youngAnswer.beganAt)}; what has come since is drawn.
        </p>
      )}
      {!wantsTable && drawn !== undefined && (
        <div className="picture" ref={picture}>
          {view === 'graph' && drawn.kind === 'range' && (
            <GraphView
              expr={expr}
              answer={drawn}
              mode={mode}
              crosshair={crosshair}
              onSelectRange={select}
              stacked={stacked}
              exemplars={exemplars}
            />
          )}
          {view === 'heatmap' && (
            <HeatmapView
              expr={expr}
              answer={drawn}
              mode={mode}
              crosshair={crosshair}
              onSelectRange={select}
              place={place}
              index={index}
              exemplars={exemplars}
              shown={shownBy(range, now)}
            />
          )}
        </div>
      )}
      {!wantsTable && drawn !== undefined && <Exemplars expr={expr} exemplars={exemplars} />}
    </Card>
  );
}

const histogramsOrSeries = (answer: RangeAnswer | CountedAnswer): number =>
  answer.kind === 'range' ? answer.series.length : answer.distribution.groups.length;

/** A young answer is a matter of seconds, and soon there is more. */
const YOUNG_RENEWED_MS = 5000;

function useRenewed(isYoung: boolean, now: number, onRenew: () => void): void {
  useEffect(() => {
    if (!isYoung) return undefined;
    const timer = setTimeout(onRenew, YOUNG_RENEWED_MS);
    return () => clearTimeout(timer);
    // `onRenew` is a new closure at every render, and does the same.
  }, [isYoung, now]);
}

/** Nothing was found: there is no such thing, or hardly anything yet. */
function NoSeries({ isStoreEmpty, beganAt }: { isStoreEmpty: boolean; beganAt: number | undefined }) {
  if (isStoreEmpty) {
    return (
      <Notice kind="empty" title="Nothing is stored yet: waiting for the first scrape …">
        <p>
          Each target has its own moment within its interval; this page asks again by itself. Without targets nothing
          comes.
        </p>
      </Notice>
    );
  }
  if (beganAt === undefined) {
    return (
      <Notice kind="empty" title="No series match in this range">
        <p>Check the spelling of names and labels, or choose a longer range.</p>
      </Notice>
    );
  }
  return (
    <Notice kind="empty" title={`No series match yet: the data starts at ${formatClock(beganAt)}`}>
      <p>
        A rate needs two scrapes; this page asks again by itself. If nothing comes, check the spelling of names and
        labels.
      </p>
    </Notice>
  );
}

function AnswerNumbers({ answer }: { answer?: AnyAnswer }) {
  if (answer === undefined) return null;
  const count = answer.kind === 'instant' ? answer.rows.length : histogramsOrSeries(answer);
  const what = answer.kind !== 'counted' ? 'series' : count === 1 ? 'histogram' : 'histograms';
  return (
    <span className="dim num">
      {count} {what} in {Math.max(1, Math.round(answer.elapsedMs))} ms
    </span>
  );
}

interface TakeAwayProps {
  readonly expr: string;
  readonly answer?: AnyAnswer;
  /** What a picture is taken of; undefined where there is none. */
  readonly picture?: React.RefObject<HTMLElement>;
}

function TakeAway({ expr, answer, picture }: TakeAwayProps) {
  if (answer === undefined) return null;
  return (
    <>
      <button
        type="button"
        className="button button-small"
        onClick={() => saveFile(new Blob([csvOf(answer)], { type: 'text/csv' }), 'isotherm.csv')}
      >
        CSV
      </button>
      {picture !== undefined && (
        <ActionButton
          label="PNG"
          act={async () => saveFile(await drawnPictureOf(() => picture.current, expr), 'isotherm.png')}
        />
      )}
      <CopyButton label="curl" text={() => curlOf(expr, answer)} />
    </>
  );
}

interface StepFieldProps {
  readonly step: string;
  readonly used?: number;
  readonly hidden: boolean;
  readonly onStep: (step: string | undefined) => void;
}

function StepField({ step, used, hidden, onStep }: StepFieldProps) {
  const [draft, setDraft] = useState(step);
  if (hidden) return null;
  const apply = () => onStep(draft.trim() === '' ? undefined : draft.trim());
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
        <li key={text}>{visible(text)}</li>
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
          {visible(line)}
          {'\n'}
          {' '.repeat(visible(line.slice(0, place.column)).length)}▲
        </pre>
      )}
    </Notice>
  );
}
