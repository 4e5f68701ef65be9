import React, { useState } from 'react';
import type { ApiBuildInfo } from '../../shared/api/prometheus.ts';
import { ask, queryInstant } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import type { Fetched } from '../api/useFetched.ts';
import type { Place } from '../location.ts';
import { Card, Figure, Notice } from '../parts/Card.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { TopBar } from '../parts/TopBar.tsx';
import { formatAge, formatBytes, formatDayClock, formatRate, formatShort } from '../text.ts';
import { themeChoice } from '../theme.ts';

interface Counted {
  readonly name: string;
  readonly value: number;
}

interface StoreStatus {
  readonly headStats: {
    readonly numSeries: number;
    readonly numLabelPairs: number;
    readonly chunkCount: number;
    /** Milliseconds. */
    readonly minTime: number;
    readonly maxTime: number;
  };
  readonly seriesCountByMetricName: readonly Counted[];
  readonly labelValueCountByLabelName: readonly Counted[];
  readonly memoryInBytesByLabelName: readonly Counted[];
  readonly seriesCountByLabelValuePair: readonly Counted[];
}

interface RuntimeInfo {
  readonly startTime: string;
  readonly CWD: string;
  readonly reloadConfigSuccess: boolean;
  readonly lastConfigTime: string;
  readonly corruptionCount: number;
  readonly storageRetention: string;
}

function useStatus<T>(name: string): Fetched<T> {
  return useFetched(name, async (signal) => (await ask<T>(`status/${name}`, {}, signal)).data);
}

/** What runs here, how it was configured, and what its store holds. */
export default function StatusPage({ place }: { place: Place }) {
  const build = useStatus<ApiBuildInfo & Partial<Record<'application' | 'nodeVersion', string>>>('buildinfo');
  const runtime = useStatus<RuntimeInfo>('runtimeinfo');
  const store = useStatus<StoreStatus>('tsdb');
  const intake = useFetched('intake', fetchIntake);
  const flags = useStatus<Record<string, string>>('flags');
  const config = useStatus<{ yaml: string }>('config');
  return (
    <>
      <TopBar place={place} theme={themeChoice(place.params)} />
      <main className="page page-narrow" id="main">
        <div className="page-head">
          <h1>Status</h1>
        </div>
        <div className="status-grid">
          <StatusCard title="Runtime" fetched={runtime}>
            {(info) => <RuntimeFacts info={info} build={build.data} />}
          </StatusCard>
          <StatusCard title="Store" fetched={store}>
            {({ headStats }) => <StoreFigures head={headStats} samplesPerSecond={intake.data} />}
          </StatusCard>
        </div>
        <StatusCard title="Where the series are" fetched={store}>
          {(status) => <Cardinality status={status} />}
        </StatusCard>
        <StatusCard title="Configuration" fetched={config}>
          {({ yaml }) => <ConfigText yaml={yaml} />}
        </StatusCard>
        <StatusCard title="Flags" fetched={flags}>
          {(all) => <FlagTable flags={all} />}
        </StatusCard>
      </main>
    </>
  );
}

interface StatusCardProps<T> {
  readonly title: string;
  readonly fetched: Fetched<T>;
  readonly children: (data: T) => React.ReactNode;
}

function StatusCard<T>({ title, fetched, children }: StatusCardProps<T>) {
  return (
    <Card title={title} busy={fetched.loading}>
      {fetched.error !== undefined && <Notice kind="error" title={fetched.error.message} />}
      {fetched.data !== undefined && children(fetched.data)}
      {fetched.data === undefined && fetched.error === undefined && <Notice kind="loading" title="Asking …" />}
    </Card>
  );
}

/** Samples stored a second, where the sidecar scrapes itself; undefined where it does not. */
async function fetchIntake(signal: AbortSignal): Promise<number | undefined> {
  const expr = 'sum(rate(prometheus_tsdb_head_samples_appended_total[2m]))';
  const [sum] = await queryInstant(expr, Date.now(), signal);
  return sum?.value;
}

interface RuntimeFactsProps {
  readonly info: RuntimeInfo;
  readonly build?: ApiBuildInfo & Partial<Record<'application' | 'nodeVersion', string>>;
}

function RuntimeFacts({ info, build }: RuntimeFactsProps) {
  const since = Date.parse(info.startTime);
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ['Program', build === undefined ? '…' : `${build.application ?? 'Prometheus'}, API of ${build.version}`],
    ['Runs on', build?.nodeVersion === undefined ? (build?.goVersion ?? '…') : `Node ${build.nodeVersion}`],
    ['Started', `${formatDayClock(since)}, ${formatAge(Date.now() - since)} ago`],
    [
      'Configuration',
      <span key="reload" className={`badge badge-${info.reloadConfigSuccess ? 'good' : 'bad'}`}>
        {info.reloadConfigSuccess ? 'loaded' : 'last reload failed'} {formatDayClock(Date.parse(info.lastConfigTime))}
      </span>,
    ],
    ['Keeps samples for', info.storageRetention],
    ['Log repairs', formatShort(info.corruptionCount)],
    ['Working folder', <code key="folder">{info.CWD}</code>],
  ];
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface StoreFiguresProps {
  readonly head: StoreStatus['headStats'];
  readonly samplesPerSecond?: number;
}

function StoreFigures({ head, samplesPerSecond }: StoreFiguresProps) {
  const known = head.maxTime >= head.minTime && head.maxTime > 0 && Number.isFinite(head.maxTime);
  return (
    <>
      <dl className="figures figures-wide">
        <Figure name="series in the head" value={formatShort(head.numSeries)} />
        <Figure name="chunks" value={formatShort(head.chunkCount)} />
        <Figure name="label pairs" value={formatShort(head.numLabelPairs)} />
        {samplesPerSecond !== undefined && <Figure name="samples" value={formatRate(samplesPerSecond)} />}
        <Figure name="span" value={known ? formatAge(head.maxTime - head.minTime) : '–'} />
      </dl>
      <p className="dim">
        {known
          ? `The head holds samples from ${formatDayClock(head.minTime)} to ${formatDayClock(head.maxTime)}.`
          : 'No sample has arrived yet.'}
      </p>
    </>
  );
}

function Cardinality({ status }: { status: StoreStatus }) {
  return (
    <div className="cardinality">
      <Ranking title="Series by metric" rows={status.seriesCountByMetricName} />
      <Ranking title="Series by label pair" rows={status.seriesCountByLabelValuePair} />
      <Ranking title="Values by label" rows={status.labelValueCountByLabelName} />
      <Ranking title="Memory by label" rows={status.memoryInBytesByLabelName} format={formatBytes} />
    </div>
  );
}

interface RankingProps {
  readonly title: string;
  readonly rows: readonly Counted[] | null;
  readonly format?: (value: number) => string;
}

function Ranking({ title, rows, format = formatShort }: RankingProps) {
  const most = Math.max(...(rows ?? []).map(({ value }) => value), 1);
  return (
    <section>
      <h3>{title}</h3>
      <ol className="ranking">
        {(rows ?? []).map(({ name, value }) => (
          <li key={name}>
            <span className="ranking-bar" style={{ width: `${(100 * value) / most}%` }} />
            <code title={name}>{name}</code>
            <span className="num">{format(value)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function ConfigText({ yaml }: { yaml: string }) {
  return (
    <div className="config">
      <CopyButton className="button button-small config-copy" label="Copy" text={() => yaml} />
      <pre className="code-block" tabIndex={0} aria-label="Configuration">
        {yaml}
      </pre>
    </div>
  );
}

function FlagTable({ flags }: { flags: Readonly<Record<string, string>> }) {
  const [text, setText] = useState('');
  const rows = Object.entries(flags).filter(([name, value]) => `${name} ${value}`.includes(text));
  return (
    <>
      <SearchField label="Search flags" placeholder="Name or value" value={text} onChange={setText} />
      <table className="table">
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">
                <code>--{name}</code>
              </th>
              <td>
                <code className="labels">{value === '' ? <span className="dim">empty</span> : value}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
