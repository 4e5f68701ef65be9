import React from 'react';
import { shortened, visible } from '../../shared/model/visible.ts';
import type { ApiExplainedLabel, ApiExplainedValue, ApiExplanation } from '../../shared/api/explain.ts';
import { countedText, pairText, shareText } from '../../shared/explain/words.ts';
import type { MapBox } from '../../ui/HeatmapCanvas.tsx';
import { formatBucket, formatTimeRange, valueFormat } from '../../viz/format.ts';
import { ask, gridParams } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { MomentChoice, ValueChoice } from '../charts/MapControls.tsx';
import { againstText } from '../charts/mapLook.ts';
import type { ComparisonChoices } from '../charts/useCompared.ts';
import { setParams } from '../location.ts';
import { Notice } from '../parts/Card.tsx';
import { Select } from '../parts/Choice.tsx';
import { Icon } from '../parts/Icon.tsx';
import type { Grid } from '../timeRange.ts';
import { boundText, VERSUS, VERSUS_TEXTS, type Versus } from './box.ts';
import type { LabelCondition } from './conditions.ts';

interface ExplainPanelProps {
  readonly expr: string;
  readonly grid: Grid;
  readonly box: MapBox;
  readonly versus: Versus;
  /** Of the values, as Grafana names it. */
  readonly unit: string;
  /** Of moments and of values to compare with. */
  readonly choices: ComparisonChoices;
  readonly onFilter: (condition: LabelCondition) => void;
  readonly onSplit: (label: string) => void;
  readonly onClose: () => void;
}

/** Labels below this difference in shares are listed behind a fold. */
const CLEAR_FROM = 0.1;
const VALUES_MAX = 5;

/** What sets the observations in a box on the heatmap apart from others, and ways to look closer. */
export function ExplainPanel(props: ExplainPanelProps) {
  const { expr, grid, box, versus, unit, choices } = props;
  const params = explainParams(expr, grid, box, versus, choices);
  const offered = VERSUS.filter((value) => value !== 'value' || value === versus || choices.values.length > 0);
  const found = useFetched(
    JSON.stringify(params),
    (signal) => ask<ApiExplanation>('explain', params, signal),
    `${expr} ${boundText(box.lower)}`,
  );
  const answer = found.data?.data;
  const format = valueFormat(unit);
  return (
    <aside className="explain" aria-label="Explanation" aria-busy={found.loading}>
      <header className="explain-head">
        <div>
          <h3>Why these?</h3>
          <p className="dim num">
            {formatTimeRange(box.from, box.to)}
            <br />
            {formatBucket(box.lower, box.upper, format)}
          </p>
        </div>
        <button
          type="button"
          className="icon-button"
          aria-label="Close the explanation"
          title="Close the explanation"
          onClick={props.onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <label className="explain-versus">
        <span className="dim">Against</span>
        <Select
          label="Compared with"
          value={versus}
          options={offered.map((value) => ({ value, text: VERSUS_TEXTS[value] }))}
          onChange={(value) => setParams({ versus: value === 'rest' ? undefined : value })}
        />
      </label>
      {versus === 'deploy' && <MomentChoice {...choices} />}
      {versus === 'value' && choices.values.length > 0 && <ValueChoice {...choices} />}
      {found.error !== undefined && <Notice kind="error" title={found.error.message} />}
      {answer === undefined && found.error === undefined && <Notice kind="loading" title="Counting …" />}
      {answer !== undefined && found.error === undefined && (
        <Answer {...props} answer={answer} warnings={found.data?.warnings ?? []} />
      )}
    </aside>
  );
}

function explainParams(
  expr: string,
  grid: Grid,
  box: MapBox,
  versus: Versus,
  choices: ComparisonChoices,
): Record<string, string> {
  return {
    ...gridParams(expr, grid),
    from: String(box.from / 1000),
    to: String(box.to / 1000),
    lower: boundText(box.lower),
    upper: boundText(box.upper),
    ...baselineParams(box, versus, choices),
  };
}

function baselineParams(
  box: MapBox,
  versus: Versus,
  { moment, against }: ComparisonChoices,
): Readonly<Record<string, string>> {
  switch (versus) {
    case 'rest':
    case 'sameTime':
      return { baseline: versus };
    case 'deploy':
      return { baseline: 'before', moment: String(moment / 1000) };
    case 'value':
      return { baseline: versus, against: against === undefined ? '' : againstText(against) };
    case 'before':
      return { baseline: 'earlier', shift: String((box.to - box.from) / 1000) };
    default:
      return { baseline: 'earlier', shift: versus };
  }
}

type Actions = Pick<ExplainPanelProps, 'onFilter' | 'onSplit'>;

interface AnswerProps extends Actions {
  readonly answer: ApiExplanation;
  readonly warnings: readonly string[];
}

function Answer({ answer, warnings, ...actions }: AnswerProps) {
  const { box, baseline, words, headline, cautions, labels } = answer;
  const clear = labels.filter(({ score }) => score >= CLEAR_FROM);
  const others = labels.slice(clear.length);
  return (
    <>
      <p className="explain-headline" role="status">
        {visible(headline)}
      </p>
      <ul className="explain-sides num">
        <li>
          <span className="explain-key explain-key-inside" />
          {countedText(Math.round(box.count), words.inside, wholeText(box.count))}
        </li>
        <li>
          <span className="explain-key" />
          {countedText(Math.round(baseline.count), visible(words.baseline), wholeText(baseline.count))}
        </li>
      </ul>
      {[...cautions, ...warnings].map((text) => (
        <p key={text} className="explain-caution">
          {visible(text)}
        </p>
      ))}
      {clear.map((label) => (
        <LabelDifference key={label.label} label={label} {...actions} />
      ))}
      {others.length > 0 && box.count > 0 && (
        <details className="explain-others" open={clear.length === 0}>
          <summary>
            {clear.length === 0 ? 'Labels' : 'No clear difference'}: {others.map(({ label }) => label).join(', ')}
          </summary>
          {others.map((label) => (
            <LabelDifference key={label.label} label={label} {...actions} />
          ))}
        </details>
      )}
    </>
  );
}

function LabelDifference({ label: row, onFilter, onSplit }: Actions & { readonly label: ApiExplainedLabel }) {
  const { label, sameSplit, values, valueCount } = row;
  const shown = values.slice(0, VALUES_MAX);
  return (
    <section className="explain-label">
      <header>
        <h4>
          <bdi>{shortened(label)}</bdi>
          {sameSplit.length > 0 && (
            <span className="dim" title="These labels divide the series in exactly the same way">
              {' '}
              the same as {sameSplit.join(', ')}
            </span>
          )}
        </h4>
        <button
          type="button"
          className="explain-action"
          title={`One map for each ${label}`}
          onClick={() => onSplit(label)}
        >
          split
        </button>
      </header>
      <ul>
        {shown.map((value) => (
          <ValueDifference key={value.value} label={label} row={value} onFilter={onFilter} />
        ))}
      </ul>
      {valueCount > shown.length && (
        <p className="dim">
          {valueCount - shown.length === 1 ? '1 more value differs' : `${valueCount - shown.length} more values differ`}{' '}
          less.
        </p>
      )}
    </section>
  );
}

interface ValueDifferenceProps extends Pick<Actions, 'onFilter'> {
  readonly label: string;
  readonly row: ApiExplainedValue;
}

function ValueDifference({ label, row, onFilter }: ValueDifferenceProps) {
  const { value, shareInside, shareBaseline, inside, baseline, reading, same, isNew } = row;
  const pair = visible(pairText(label, value));
  const also = same.map((other) => pairText(other.label, other.value)).join(', ');
  const counts = `${wholeText(inside)} inside, ${wholeText(baseline)} against`;
  return (
    <li
      className="explain-value"
      title={`${visible(reading)} (${counts})${also === '' ? '' : `; the same series as ${visible(also)}`}`}
    >
      <span className="explain-name">
        <bdi>{shortened(value === '' ? `no ${label}` : value)}</bdi>
        {isNew && <span className="explain-new">new</span>}
      </span>
      <span className="explain-actions">
        <button
          type="button"
          className="explain-action"
          aria-label={`Only ${pair}`}
          onClick={() => onFilter({ label, op: '=', value })}
        >
          only
        </button>
        <button
          type="button"
          className="explain-action"
          aria-label={`Without ${pair}`}
          onClick={() => onFilter({ label, op: '!=', value })}
        >
          without
        </button>
      </span>
      <span className="visually-hidden">{`${visible(reading)}: ${counts}`}</span>
      <Bar share={shareInside} kind="inside" />
      <Bar share={shareBaseline} kind="baseline" />
    </li>
  );
}

function Bar({ share, kind }: { share: number | null; kind: 'inside' | 'baseline' }) {
  const width = `${Math.max(0, Math.min(1, share ?? 0)) * 100}%`;
  return (
    <span className={`explain-bar explain-bar-${kind}`} aria-hidden="true">
      <span className="explain-track">
        <span className="explain-fill" style={{ width }} />
      </span>
      <span className="num">{shareText(share ?? NaN)}</span>
    </span>
  );
}

const WHOLE = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const wholeText = (count: number): string => WHOLE.format(count);
