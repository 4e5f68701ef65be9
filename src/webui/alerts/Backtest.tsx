import React, { useState } from 'react';
import type { ApiBacktestedAlert } from '../../shared/api/backtest.ts';
import { timeTicks } from '../../viz/ticks.ts';
import { useFetched } from '../api/useFetched.ts';
import { setParams } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { LabelChips } from '../parts/LabelChips.tsx';
import { useSize } from '../parts/useSize.ts';
import { formatDayClock } from '../text.ts';
import {
  backtest,
  LANES_MAX,
  sentenceOfTest,
  TESTED_RANGES,
  type Tested,
  type TestedRange,
  type TestedRule,
} from './backtest.ts';

const RANGE_DEFAULT: TestedRange = '6h';
const TICK_PIXELS = 90;

interface BacktestProps {
  readonly tested: TestedRule;
  readonly params: URLSearchParams;
  /** When it was asked for; a test does not run again by itself. */
  readonly now: number;
}

/** When a rule would have fired on what is stored, as a picture. */
export function Backtest({ tested, params, now }: BacktestProps) {
  const range = TESTED_RANGES.find((one) => one === params.get('span')) ?? RANGE_DEFAULT;
  const [askedAt] = useState(now);
  const key = JSON.stringify([tested, range]);
  const found = useFetched(key, (signal) => backtest(tested, range, askedAt, signal), JSON.stringify(tested));
  return (
    <section className="backtest" aria-label="Back-test" aria-busy={found.loading}>
      <header className="backtest-head">
        <p role="status">{found.data === undefined ? '' : sentenceOfTest(found.data)}</p>
        <Segments
          label="Tested range"
          value={range}
          options={TESTED_RANGES.map((value) => ({ value, text: value }))}
          onChange={(value) => setParams({ span: value === RANGE_DEFAULT ? undefined : value })}
        />
      </header>
      {found.error !== undefined && <Notice kind="error" title={found.error.message} />}
      {found.data === undefined && found.error === undefined && (
        <Notice kind="loading" title="Evaluating on what is stored …" />
      )}
      {found.data !== undefined && found.error === undefined && <Picture tested={found.data} />}
    </section>
  );
}

/** A lane for each alert: pending, then firing. */
function Picture({ tested }: { tested: Tested }) {
  const { start, end, lanes, rule } = tested;
  const [host, { width }] = useSize<HTMLDivElement>();
  const share = (t: number) => `${(100 * (Math.min(end, Math.max(start, t)) - start)) / (end - start)}%`;
  const ticks = width > 0 ? timeTicks(start, end, Math.max(1, Math.floor(width / TICK_PIXELS))) : [];
  const shown = lanes.slice(0, LANES_MAX);
  return (
    <>
      <ul className="lanes">
        {shown.map(({ labels, spans }) => (
          <li key={JSON.stringify(labels)}>
            <LabelChips labels={withoutName(labels)} />
            <div className="lane">
              {spans.map((span) => (
                <Span key={span.activeAt} span={span} end={end} share={share} />
              ))}
            </div>
          </li>
        ))}
        {shown.length === 0 && (
          <li>
            <div className="lane" />
          </li>
        )}
      </ul>
      <div className="lane-ticks num dim" ref={host} aria-hidden="true">
        {ticks.map(({ time, text }) => (
          <span key={time} style={{ left: share(time) }}>
            {text}
          </span>
        ))}
      </div>
      <p className="lane-legend dim">
        <span className="lane-key lane-pending" /> pending <span className="lane-key lane-firing" /> firing
        {lanes.length > shown.length && <> · {lanes.length - shown.length} more not drawn</>}
        {(rule.omitted ?? 0) > 0 && <> · {rule.omitted} more not told</>}
      </p>
    </>
  );
}

interface SpanProps {
  readonly span: ApiBacktestedAlert;
  readonly end: number;
  readonly share: (t: number) => string;
}

function Span({ span, end, share }: SpanProps) {
  const activeAt = span.activeAt * 1000;
  const endedAt = span.endedAt === null ? end : span.endedAt * 1000;
  const firedAt = span.firedAt === null ? endedAt : span.firedAt * 1000;
  const text = textOf(span);
  return (
    <>
      {firedAt > activeAt && <Bar kind="pending" from={activeAt} to={firedAt} share={share} text={text} />}
      {span.firedAt !== null && <Bar kind="firing" from={firedAt} to={endedAt} share={share} text={text} />}
    </>
  );
}

interface BarProps extends Pick<SpanProps, 'share'> {
  readonly kind: 'pending' | 'firing';
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function Bar({ kind, from, to, share, text }: BarProps) {
  return (
    <span
      className={`lane-span lane-${kind}`}
      role="img"
      aria-label={text}
      title={text}
      style={{ left: share(from), right: `calc(100% - ${share(to)})` }}
    />
  );
}

function textOf({ activeAt, firedAt, endedAt, lowest, highest }: ApiBacktestedAlert): string {
  const clock = (seconds: number) => formatDayClock(seconds * 1000);
  const fired = firedAt === null ? 'did not fire' : `fired at ${clock(firedAt)}`;
  const ended = endedAt === null ? 'goes on' : `ended at ${clock(endedAt)}`;
  const values = lowest === highest ? `value ${lowest}` : `values from ${lowest} to ${highest}`;
  return `held from ${clock(activeAt)}, ${fired}, ${ended}; ${values}`;
}

const withoutName = ({ alertname: _name, ...labels }: Readonly<Record<string, string>>) => labels;

/** A rule that is not there yet: what it would have done, before it is written into a file. */
export function TryRule({ params, now }: Pick<BacktestProps, 'params' | 'now'>) {
  const expr = params.get('try') ?? '';
  const forText = params.get('for') ?? '';
  const [draft, setDraft] = useState({ expr, forText });
  return (
    <Card
      title="Back-test a rule"
      tools={
        <button
          type="button"
          className="button button-small"
          onClick={() => setParams({ try: undefined, for: undefined })}
        >
          Close
        </button>
      }
    >
      <form
        className="try-rule"
        onSubmit={(event) => {
          event.preventDefault();
          const { expr: text, forText: time } = draft;
          setParams({ try: text.trim(), for: time.trim() === '' ? undefined : time.trim() }, 'push');
        }}
      >
        <input
          className="input try-expr"
          aria-label="Expression of the alert"
          placeholder="expression that should not hold, such as up == 0"
          value={draft.expr}
          onChange={({ target }) => setDraft({ ...draft, expr: target.value })}
        />
        <label>
          <span className="dim">for</span>
          <input
            className="input"
            aria-label="How long it has to hold"
            size={5}
            placeholder="5m"
            value={draft.forText}
            onChange={({ target }) => setDraft({ ...draft, forText: target.value })}
          />
        </label>
        <button type="submit" className="button" disabled={draft.expr.trim() === ''}>
          Test
        </button>
      </form>
      {expr !== '' && (
        <Backtest key={`${expr} ${forText}`} tested={{ expr, forText, intervalS: 15 }} params={params} now={now} />
      )}
    </Card>
  );
}
