import type { AppRootProps, GrafanaTheme2 } from '@grafana/data';
import { config, getBackendSrv, getDataSourceSrv, PluginPage } from '@grafana/runtime';
import { Alert, Badge, LinkButton, LoadingPlaceholder, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import React, { useEffect, useState } from 'react';
import { lastValueFrom } from 'rxjs';
import type { ApiAnswer, ApiTargets } from '../shared/api/prometheus.ts';
import { healthWords, jobsOf, type JobFinding } from './findings.ts';

const DATA_SOURCE_TYPE = 'isotherm-metrics-datasource';
const DASHBOARD_UID = 'isotherm-model-serving';

interface SourceFinding {
  readonly uid: string;
  readonly name: string;
  readonly health: { readonly ok: boolean; readonly text: string };
  readonly jobs: readonly JobFinding[];
}

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
        <LoadingPlaceholder text="Looking at the data sources…" />
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
      {findings.map((source) => (
        <section key={source.uid} className={styles.card}>
          <h3>
            {source.name}{' '}
            <Badge color={source.health.ok ? 'green' : 'red'} text={source.health.ok ? 'answers' : 'fault'} />
          </h3>
          <p>{source.health.text}</p>
          {source.jobs.length > 0 && <Jobs jobs={source.jobs} />}
          <div className={styles.links}>
            <LinkButton href={linkTo(`/explore?left=${encodeURIComponent(exploreState(source.uid))}`)}>
              Explore
            </LinkButton>
            <LinkButton variant="secondary" href={linkTo(`/d/${DASHBOARD_UID}?var-source=${source.uid}`)}>
              Model serving dashboard
            </LinkButton>
            <LinkButton variant="secondary" href={linkTo(`/connections/datasources/edit/${source.uid}`)}>
              Settings
            </LinkButton>
          </div>
        </section>
      ))}
    </div>
  );
}

function NoSource(): React.JSX.Element {
  return (
    <Alert severity="info" title="No Isotherm data source yet">
      <p>Add one and give it the address of an Isotherm sidecar or of any Prometheus-compatible server.</p>
      <LinkButton href={linkTo(`/connections/datasources/${DATA_SOURCE_TYPE}`)}>Add data source</LinkButton>
    </Alert>
  );
}

function Jobs({ jobs }: { jobs: readonly JobFinding[] }): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  return (
    <table className={styles.jobs}>
      <thead>
        <tr>
          <th>Job</th>
          <th>Targets up</th>
          <th>Last error</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.job}>
            <td>{job.job}</td>
            <td>
              {job.up} of {job.all}
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
      const [health, targets] = await Promise.all([
        ask(`/api/datasources/uid/${uid}/health`),
        ask(`/api/datasources/uid/${uid}/resources/api/v1/targets?state=active`),
      ]);
      const answer = targets as ApiAnswer<ApiTargets> | undefined;
      const jobs = answer?.status === 'success' ? jobsOf(answer.data.activeTargets ?? []) : [];
      return { uid, name, health: healthWords(health), jobs };
    }),
  );
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
