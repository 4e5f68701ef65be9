import type { AppRootProps, GrafanaTheme2 } from '@grafana/data';
import { config, getBackendSrv, getDataSourceSrv, PluginPage } from '@grafana/runtime';
import { Alert, Badge, Button, LinkButton, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import React, { useEffect, useState } from 'react';
import { lastValueFrom } from 'rxjs';
import type { ApiAnswer, ApiTargets } from '../shared/api/prometheus.ts';
import { systemsFor, type Preset } from '../shared/serving/presets.ts';
import { dashboardOf, dashboardUid } from './dashboard.ts';
import { healthWords, jobsOf, rulesWords, type ApiRules, type JobFinding } from './findings.ts';
import { tr } from '../shared/texts/texts.ts';

const DATA_SOURCE_TYPE = 'isotherm-metrics-datasource';
const DASHBOARD_UID = 'isotherm-model-serving';

interface SourceFinding {
  readonly uid: string;
  readonly name: string;
  readonly health: { readonly ok: boolean; readonly text: string };
  readonly jobs: readonly JobFinding[];
  /** What serves models or runs beside it, by the metrics that are there. */
  readonly systems: readonly { readonly system: string; readonly presets: readonly Preset[] }[];
  readonly models: readonly string[];
  /** Rules and alerts in words; '' where there are none. */
  readonly rules: string;
}

type Role = 'Viewer' | 'Editor' | 'Admin';
const MODELS_NAMED_MAX = 12;

/** The bundle's page in Grafana: each Isotherm data source, what it found, and where to go from there. */
export function Home(_props: AppRootProps): React.JSX.Element {
  const [findings, setFindings] = useState<readonly SourceFinding[]>();
  useEffect(() => {
    let gone = false;
    void findAll().then((found) => {
      if (!gone) setFindings(found);
    });
    return () => {
      gone = true;
    };
  }, []);
  return (
    <PluginPage>
      {findings === undefined ? (
        <LoadingPlaceholder text={tr('Looking at the data sources…')} />
      ) : findings.length === 0 ? (
        <NoSource />
      ) : (
        <Sources findings={findings} />
      )}
    </PluginPage>
  );
}

function Sources({ findings }: { findings: readonly SourceFinding[] }): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  return (
    <div className={styles.page} data-testid="isotherm-home">
      <Orphans through={findings[0].uid} />
      {findings.map((source) => (
        <section key={source.uid} className={styles.card}>
          <h3>
            {source.name}{' '}
            <Badge color={source.health.ok ? 'green' : 'red'} text={source.health.ok ? tr('answers') : tr('fault')} />
          </h3>
          <p>{source.health.text}</p>
          {source.models.length > 0 && (
            <p>
              {tr('Models:')} {listed(source.models)}
            </p>
          )}
          {source.rules !== '' && <p>{source.rules}</p>}
          {source.systems.length > 0 && <Systems source={source} />}
          {source.jobs.length > 0 && <Jobs jobs={source.jobs} />}
          <div className={styles.links}>
            <LinkButton href={linkTo(`/explore?left=${encodeURIComponent(exploreState(source.uid))}`)}>
              {tr('Explore')}
            </LinkButton>
            <LinkButton variant="secondary" href={linkTo(`/d/${DASHBOARD_UID}?var-source=${source.uid}`)}>
              {tr('Model serving dashboard')}
            </LinkButton>
            {role() === 'Admin' && (
              <LinkButton variant="secondary" href={linkTo(`/connections/datasources/edit/${source.uid}`)}>
                {tr('Settings')}
              </LinkButton>
            )}
          </div>
        </section>
      ))}
    </div>
  );
}

interface Orphan {
  readonly uid: string;
  readonly folder: string;
}

/** What collects though its data source was deleted, which Grafana tells no backend: for administrators, who see all data sources. */
function Orphans({ through }: { readonly through: string }): React.JSX.Element | null {
  const [orphans, setOrphans] = useState<readonly Orphan[]>([]);
  const [fault, setFault] = useState('');
  const resource = (name: string) => `/api/datasources/uid/${through}/resources/collect/${name}`;
  const look = async () => {
    const [running, sources] = await Promise.all([ask(resource('running')), ask('/api/datasources')]);
    if (!Array.isArray(sources)) return [];
    const there = new Set((sources as { uid: string }[]).map(({ uid }) => uid));
    return (dataOf<Orphan[]>(running) ?? []).filter(({ uid }) => !there.has(uid));
  };
  useEffect(() => {
    let gone = false;
    if (role() === 'Admin') void look().then((found) => !gone && setOrphans(found));
    return () => {
      gone = true;
    };
  }, [through]);
  const stop = async (uid: string) => {
    try {
      await send(resource('stop'), { uid });
      setFault('');
    } catch (refusal) {
      setFault((refusal as { data?: { error?: string } }).data?.error ?? tr('Grafana does not answer'));
    }
    setOrphans(await look());
  };
  return (
    <>
      {orphans.map(({ uid, folder }) => (
        <Alert key={uid} severity="warning" title={tr('A data source that was deleted still collects')}>
          <p>{tr('{0}: its samples lie in {1}, and stay there when it ends.', uid, folder)}</p>
          <Button variant="secondary" onClick={() => void stop(uid)}>
            {tr('Stop collecting')}
          </Button>
          {fault !== '' && <span role="alert"> {fault}</span>}
        </Alert>
      ))}
    </>
  );
}

/** A dashboard for each system that was found, a click away. */
function Systems({ source }: { source: SourceFinding }): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  return (
    <ul className={styles.systems} aria-label={tr('Found in {0}', source.name)}>
      {source.systems.map(({ system, presets }) => (
        <li key={system}>
          <strong>{system}</strong>
          <span>{presets.map(({ title }) => title).join(', ')}</span>
          <DashboardButton source={source} system={system} presets={presets} />
        </li>
      ))}
    </ul>
  );
}

type Making = { readonly kind: 'no' } | { readonly kind: 'making' } | { readonly kind: 'failed'; readonly why: string };

function DashboardButton({
  source,
  system,
  presets,
}: {
  source: SourceFinding;
  system: string;
  presets: readonly Preset[];
}): React.JSX.Element | null {
  const [making, setMaking] = useState<Making>({ kind: 'no' });
  if (role() === 'Viewer') return null;
  const make = async () => {
    setMaking({ kind: 'making' });
    const dashboard = dashboardOf(system, presets, source);
    try {
      // Not over one that is there: it may have been changed by hand.
      await send('/api/dashboards/db', { dashboard, overwrite: false });
    } catch (refusal) {
      const { status, data } = refusal as { status?: number; data?: { message?: string } };
      if (status !== 412) {
        setMaking({ kind: 'failed', why: data?.message ?? tr('Grafana does not answer') });
        return;
      }
    }
    window.location.assign(linkTo(`/d/${dashboardUid(system, source.uid)}`));
  };
  return (
    <>
      <Button size="sm" disabled={making.kind === 'making'} onClick={() => void make()}>
        {tr('Open dashboard')}
      </Button>
      {making.kind === 'failed' && (
        <span role="alert">
          {tr('not made:')} {making.why}
        </span>
      )}
    </>
  );
}

function role(): Role {
  const user = config.bootData?.user as { orgRole?: string; isGrafanaAdmin?: boolean } | undefined;
  if (user?.isGrafanaAdmin === true) return 'Admin';
  return user?.orgRole === 'Admin' || user?.orgRole === 'Editor' ? user.orgRole : 'Viewer';
}

function listed(names: readonly string[]): string {
  const more = names.length - MODELS_NAMED_MAX;
  return names.slice(0, MODELS_NAMED_MAX).join(', ') + (more > 0 ? tr(', and {0} more', more) : '');
}

function NoSource(): React.JSX.Element {
  return (
    <Alert severity="info" title={tr('No Isotherm data source yet')}>
      <p>
        {tr(
          'Add one, and either let it collect the metrics of your services by itself, or give it the address of an Isotherm sidecar or of any Prometheus-compatible server.',
        )}
      </p>
      <LinkButton href={linkTo('/connections/datasources/new')}>{tr('Add data source')}</LinkButton>
    </Alert>
  );
}

function Jobs({ jobs }: { jobs: readonly JobFinding[] }): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  return (
    <table className={styles.jobs}>
      <thead>
        <tr>
          <th>{tr('Job')}</th>
          <th>{tr('Targets up')}</th>
          <th>{tr('Last error')}</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.job}>
            <td>{job.job}</td>
            <td>
              {job.up} {tr('of')} {job.all}
            </td>
            <td>{job.lastError}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Grafana's built-in source is on every list. */
function isOurs(source: { readonly type: string }): boolean {
  return source.type === DATA_SOURCE_TYPE;
}

async function findAll(): Promise<SourceFinding[]> {
  const ours = getDataSourceSrv().getList({ type: DATA_SOURCE_TYPE }).filter(isOurs);
  return Promise.all(
    ours.map(async ({ uid, name }) => {
      const api = (route: string) => ask(`/api/datasources/uid/${uid}/resources/api/v1/${route}`);
      const [health, targets, names, model, modelName, rules] = await Promise.all([
        ask(`/api/datasources/uid/${uid}/health`),
        api('targets?state=active'),
        api('label/__name__/values'),
        api('label/model/values'),
        api('label/model_name/values'),
        api('rules'),
      ]);
      return {
        uid,
        name,
        health: healthWords(health),
        jobs: jobsOf(dataOf<ApiTargets>(targets)?.activeTargets ?? []),
        systems: systemsFor(new Set(dataOf<string[]>(names) ?? [])),
        models: [...new Set([...(dataOf<string[]>(model) ?? []), ...(dataOf<string[]>(modelName) ?? [])])].sort(),
        rules: rulesWords(dataOf<ApiRules>(rules)),
      };
    }),
  );
}

/** Undefined for a refusal, and where a server lacks the route. */
function dataOf<T>(answer: unknown): T | undefined {
  const known = answer as ApiAnswer<T> | undefined;
  return known?.status === 'success' ? known.data : undefined;
}

function send(url: string, data: unknown): Promise<unknown> {
  return lastValueFrom(getBackendSrv().fetch({ url, method: 'POST', data, showErrorAlert: false }));
}

/** An answer or a refusal, whichever came, as its body. */
async function ask(url: string): Promise<unknown> {
  try {
    return (await lastValueFrom(getBackendSrv().fetch({ url, method: 'GET', showErrorAlert: false }))).data;
  } catch (refusal) {
    return (refusal as { data?: unknown }).data;
  }
}

function exploreState(uid: string): string {
  return JSON.stringify({
    datasource: uid,
    queries: [{ refId: 'A', expr: '', datasource: { uid, type: DATA_SOURCE_TYPE } }],
    range: { from: 'now-1h', to: 'now' },
  });
}

function linkTo(path: string): string {
  return `${config.appSubUrl ?? ''}${path}`;
}

function stylesOf(theme: GrafanaTheme2) {
  return {
    page: css({ display: 'grid', gap: theme.spacing(2), maxWidth: 960 }),
    card: css({
      padding: theme.spacing(2),
      background: theme.colors.background.secondary,
      borderRadius: theme.shape.borderRadius(1),
    }),
    links: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), marginTop: theme.spacing(2) }),
    systems: css({
      listStyle: 'none',
      margin: theme.spacing(0, 0, 2),
      '& li': {
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        gap: theme.spacing(1),
        padding: theme.spacing(0.5, 0),
      },
      '& li > span': { flex: '1 1 240px', color: theme.colors.text.secondary },
    }),
    jobs: css({
      width: '100%',
      'th, td': {
        textAlign: 'left',
        padding: theme.spacing(0.5, 1),
        borderBottom: `1px solid ${theme.colors.border.weak}`,
      },
      'td:last-child': { color: theme.colors.error.text },
    }),
  };
}
