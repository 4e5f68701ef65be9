import React, { useMemo } from 'react';
import { shortened, visibleLines } from '../../shared/model/visible.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { useFetched } from '../api/useFetched.ts';
import { refreshChoice, useClock } from '../clock.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { LabelChips } from '../parts/LabelChips.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { PageFrame } from '../parts/PageFrame.tsx';
import { PageLink, RefreshPicker } from '../parts/TopBar.tsx';
import { formatAge, formatSeconds, formatShort } from '../text.ts';
import { Backtest, TryRule } from './Backtest.tsx';
import { RULE_STATES, countAlerts, fetchGroups, sentenceOf, shownGroups } from './ruleGroups.ts';
import type { AlertRow, GroupRows, RuleRow, RuleState } from './ruleGroups.ts';

/** Alerts of one rule that are listed; the rest is counted. */
const ALERTS_MAX = 50;
/** Label names that every alert of a rule carries are not repeated for each. */
const ALERT_NAME = 'alertname';

const EXAMPLE = `groups:
  - name: serving
    rules:
      - alert: SlowModel
        expr: histogram_quantile(0.99, sum by (le, model) (rate(model_prediction_latency_seconds_bucket[5m]))) > 0.5
        for: 5m
        annotations: {summary: "{{ $labels.model }}: p99 is {{ $value | humanizeDuration }}"}`;

/** Every rule with its state: what fires and since when, what cannot be evaluated and why. */
export default function AlertsPage({ place }: { place: Place }) {
  const { params } = place;
  const refresh = refreshChoice(params);
  const [now, renew] = useClock(refresh);
  const state = RULE_STATES.find((one) => one === params.get('state')) ?? 'all';
  const text = params.get('search') ?? '';
  const fetched = useFetched(String(now), fetchGroups);
  const groups = fetched.data;
  const shown = useMemo(() => shownGroups(groups ?? [], state, text), [groups, state, text]);
  return (
    <PageFrame className="page-narrow" tools={<RefreshPicker refresh={refresh} onRenew={renew} />}>
      <div className="page-head">
        <h1>Alerts and rules</h1>
        {groups !== undefined && <StateChoice groups={groups} state={state} />}
        <SearchField
          label="Search rules"
          placeholder="Name, expression, label or error"
          value={text}
          onChange={(value) => setParams({ search: value === '' ? undefined : value })}
        />
        <button
          type="button"
          className="button button-small"
          aria-pressed={params.has('try')}
          onClick={() => setParams({ try: params.has('try') ? undefined : '', for: undefined }, 'push')}
        >
          Back-test a rule
        </button>
      </div>
      {params.has('try') && <TryRule params={params} now={now} />}
      {fetched.error !== undefined && <Notice kind="error" title={fetched.error.message} />}
      {groups === undefined && fetched.error === undefined && <Notice kind="loading" title="Asking …" />}
      {groups?.length === 0 && (
        <Notice kind="empty" title="There are no rules yet">
          <p>
            Write some into a file, name it under <code>rule_files</code> in the configuration file, then reload that.
          </p>
          <pre>{EXAMPLE}</pre>
        </Notice>
      )}
      {groups !== undefined && groups.length > 0 && shown.length === 0 && (
        <Notice kind="empty" title="No rule is like that">
          <p>Choose another state, or search for something else.</p>
        </Notice>
      )}
      {shown.map((group) => (
        <GroupCard key={`${group.file};${group.name}`} group={group} now={now} busy={fetched.loading} place={place} />
      ))}
    </PageFrame>
  );
}

function StateChoice({ groups, state }: { groups: readonly GroupRows[]; state: RuleState | 'all' }) {
  const count = (one: RuleState) =>
    groups.reduce((sum, { rows }) => sum + rows.filter((row) => row.state === one).length, 0);
  const all = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const present = RULE_STATES.filter((one) => one === state || count(one) > 0);
  return (
    <Segments
      label="State"
      value={state}
      options={[
        { value: 'all', text: `All ${all}` },
        ...present.map((one) => ({ value: one, text: `${WORDS[one]} ${count(one)}` })),
      ]}
      onChange={(value) => setParams({ state: value === 'all' ? undefined : value })}
    />
  );
}

const WORDS: Readonly<Record<RuleState, string>> = {
  failing: 'Failing',
  firing: 'Firing',
  pending: 'Pending',
  inactive: 'Inactive',
  recording: 'Recording',
  unknown: 'Not yet evaluated',
};
const TONES: Readonly<Record<RuleState, string>> = {
  failing: 'bad',
  firing: 'bad',
  pending: 'warn',
  inactive: 'good',
  recording: 'quiet',
  unknown: 'quiet',
};

interface GroupProps {
  readonly group: GroupRows;
  readonly now: number;
  readonly busy: boolean;
  readonly place: Place;
}

function GroupCard({ group, now, busy, place }: GroupProps) {
  const firing = countAlerts([group], 'firing');
  return (
    <Card
      title={group.name}
      busy={busy}
      tools={
        <>
          <span className="dim" title={group.file}>
            every {formatDuration(group.interval * 1000)}
            {Number.isNaN(group.evaluatedAt)
              ? ', not yet evaluated'
              : `, last ${formatAge(Math.max(0, now - group.evaluatedAt))} ago in ${formatSeconds(group.evaluationTime)}`}
          </span>
          {firing > 0 && (
            <span className="pill pill-bad">
              <span className="dot" />
              {firing} firing
            </span>
          )}
        </>
      }
    >
      <ul className="rules">
        {group.rows.map((row, i) => (
          <RuleItem key={`${i} ${row.rule.name}`} row={row} group={group} now={now} place={place} />
        ))}
      </ul>
    </Card>
  );
}

interface RuleProps {
  readonly row: RuleRow;
  readonly group: GroupRows;
  readonly now: number;
  readonly place: Place;
}

function RuleItem({ row, group, now, place }: RuleProps) {
  const { rule, state, alerts } = row;
  const id = `${group.name};${rule.name}`;
  const isTested = place.params.get('test') === id;
  return (
    <li className="rule">
      <div className="rule-head">
        <span className={`badge badge-${TONES[state]}`}>{WORDS[state]}</span>
        <h3>{shortened(rule.name)}</h3>
        <LabelChips labels={rule.labels} />
        <span className="rule-times dim num">
          {rule.type === 'alerting' && rule.duration > 0 && <span>for {formatDuration(rule.duration * 1000)}</span>}
          {rule.type === 'alerting' && rule.keepFiringFor > 0 && (
            <span>kept for {formatDuration(rule.keepFiringFor * 1000)}</span>
          )}
        </span>
        {rule.type === 'alerting' && (
          <button
            type="button"
            className="button button-small rule-test"
            aria-pressed={isTested}
            aria-label={`Back-test ${shortened(rule.name)}`}
            title="When it would have fired on what is stored"
            onClick={() => setParams({ test: isTested ? undefined : id }, 'push')}
          >
            Back-test
          </button>
        )}
      </div>
      <PageLink
        page="query"
        place={place}
        own={{ expr: rule.query }}
        className="rule-expr"
        label={`Query ${shortened(rule.query)}`}
      >
        <code>{shortened(rule.query, 2000)}</code>
      </PageLink>
      {isTested && (
        <Backtest
          tested={{ group: group.name, name: rule.name, intervalS: group.interval }}
          params={place.params}
          now={now}
        />
      )}
      {rule.lastError !== undefined && <p className="target-error">{visibleLines(rule.lastError)}</p>}
      {alerts.length > 0 && <AlertTable alerts={alerts} now={now} />}
    </li>
  );
}

function AlertTable({ alerts, now }: { alerts: readonly AlertRow[]; now: number }) {
  return (
    <div className="table-frame">
      <table className="table alerts">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Alert</th>
            <th scope="col" className="right">
              Value
            </th>
            <th scope="col" className="right">
              Holds for
            </th>
          </tr>
        </thead>
        <tbody>
          {alerts.slice(0, ALERTS_MAX).map((row) => (
            <AlertLine key={JSON.stringify(row.alert.labels)} row={row} now={now} />
          ))}
        </tbody>
      </table>
      {alerts.length > ALERTS_MAX && <p className="dim">and {alerts.length - ALERTS_MAX} more</p>}
    </div>
  );
}

function AlertLine({ row: { alert, value, activeAt }, now }: { row: AlertRow; now: number }) {
  const { [ALERT_NAME]: _name, ...labels } = alert.labels;
  const isKept = alert.keepFiringSince !== undefined;
  return (
    <tr>
      <td data-name="State">
        <span className={`badge badge-${alert.state === 'firing' ? 'bad' : 'warn'}`}>
          {alert.state === 'firing' ? 'Firing' : 'Pending'}
        </span>
      </td>
      <td data-name="Alert">
        <p className="alert-text">{visibleLines(sentenceOf(alert))}</p>
        <LabelChips labels={labels} />
        {isKept && <p className="dim">It does not hold any more and is kept firing for a while.</p>}
      </td>
      <td data-name="Value" className="right num">
        {formatShort(value)}
      </td>
      <td data-name="Holds for" className="right num" title={new Date(activeAt).toLocaleString()}>
        {formatAge(Math.max(0, now - activeAt))}
      </td>
    </tr>
  );
}
