import React from 'react';
import type { ApiBuildInfo } from '../../shared/api/prometheus.ts';
import type { ApiNotification } from '../../shared/api/status.ts';
import { ask } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { formatAge, formatDayClock, formatShort } from '../text.ts';
import { StatusCard } from './StatusCard.tsx';
import { useStatus } from './useStatus.ts';

interface RuntimeInfo {
  readonly startTime: string;
  readonly CWD: string;
  readonly hostname: string;
  readonly serverTime: string;
  readonly reloadConfigSuccess: boolean;
  readonly lastConfigTime: string;
  readonly corruptionCount: number;
  readonly storageRetention: string;
  /** Why the store takes no samples now. */
  readonly storageRefusal?: { readonly reason: string; readonly since: string };
}

type BuildInfo = ApiBuildInfo & Partial<Record<'application' | 'nodeVersion', string>>;
type Features = Readonly<Record<string, Readonly<Record<string, boolean>>>>;

/** A browser's clock that differs by more than this makes ranges look empty. */
const SKEW_MS = 5_000;

export function ServerView({ now }: { now: number }) {
  const build = useStatus<BuildInfo>('buildinfo');
  const runtime = useStatus<RuntimeInfo>('runtimeinfo', now);
  const features = useFetched('features', async (signal) => (await ask<Features>('features', {}, signal)).data);
  const notices = useFetched(
    `notifications ${now}`,
    async (signal) => (await ask<readonly ApiNotification[]>('notifications', {}, signal)).data,
  );
  return (
    <>
      {(notices.data ?? []).map(({ text, date }) => (
        <p key={text} className="banner" role="status">
          {text} <span className="dim">since {formatDayClock(Date.parse(date))}</span>
        </p>
      ))}
      <div className="status-grid">
        <StatusCard title="Runtime" fetched={runtime}>
          {(info) => <Facts rows={runtimeFacts(info, now)} />}
        </StatusCard>
        <StatusCard title="Build" fetched={build}>
          {(info) => <Facts rows={buildFacts(info)} />}
        </StatusCard>
      </div>
      <StatusCard title="Features" fetched={features}>
        {(all) => <FeatureList features={all} />}
      </StatusCard>
    </>
  );
}

type Fact = readonly [name: string, value: React.ReactNode];

function Facts({ rows }: { rows: readonly Fact[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function runtimeFacts(info: RuntimeInfo, now: number): Fact[] {
  const since = Date.parse(info.startTime);
  const skew = Math.abs(Date.parse(info.serverTime) - now);
  return [
    ['Started', `${formatDayClock(since)}, ${formatAge(now - since)} ago`],
    [
      'Configuration',
      <span key="reload" className={`badge badge-${info.reloadConfigSuccess ? 'good' : 'bad'}`}>
        {info.reloadConfigSuccess ? 'loaded' : 'last reload failed'} {formatDayClock(Date.parse(info.lastConfigTime))}
      </span>,
    ],
    ...(info.storageRefusal === undefined
      ? []
      : [
          [
            'Store',
            <span key="store">
              <span className="badge badge-bad">
                takes no samples since {formatDayClock(Date.parse(info.storageRefusal.since))}
              </span>{' '}
              {info.storageRefusal.reason}
            </span>,
          ] as const,
        ]),
    ['Keeps samples for', info.storageRetention],
    ['Log repairs', formatShort(info.corruptionCount)],
    ['Clock', skew > SKEW_MS ? `${formatAge(skew)} away from that of this browser` : 'agrees with this browser'],
    ['Host', <code key="host">{info.hostname}</code>],
    ['Working folder', <code key="folder">{info.CWD}</code>],
  ];
}

function buildFacts({ application, version, revision, branch, nodeVersion, goVersion }: BuildInfo): Fact[] {
  return [
    ['Program', application ?? 'Prometheus'],
    ['Answers as', `Prometheus ${version}`],
    ['Runs on', nodeVersion === undefined ? goVersion : `Node ${nodeVersion}`],
    ['Revision', revision === '' ? 'not known' : <code key="revision">{revision.slice(0, 12)}</code>],
    ['Branch', branch === '' ? 'not known' : branch],
  ];
}

const CATEGORY_TEXTS: Readonly<Record<string, string>> = {
  api: 'API',
  isotherm: 'Ours',
  prometheus: 'Server',
  promql: 'PromQL',
  rules: 'Rules',
  scrape: 'Scraping',
  service_discovery_providers: 'Discovery',
  tsdb: 'Store',
};

/** Long lists of functions and operators are in the documentation, and left out here. */
function FeatureList({ features }: { features: Features }) {
  return (
    <dl className="facts">
      {Object.entries(features)
        .filter(([category]) => CATEGORY_TEXTS[category] !== undefined)
        .map(([category, names]) => (
          <div key={category}>
            <dt>{CATEGORY_TEXTS[category]}</dt>
            <dd className="feature-list">
              {Object.entries(names).map(([name, on]) => (
                <span key={name} className={on ? '' : 'feature-off'}>
                  {name.replaceAll('_', ' ')}
                  {on ? '' : ' (off)'}
                </span>
              ))}
            </dd>
          </div>
        ))}
    </dl>
  );
}
