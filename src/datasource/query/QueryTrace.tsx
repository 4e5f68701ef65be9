import type { GrafanaTheme2, TimeRange } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import React, { useEffect, useState } from 'react';
import type { MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import type { MetricsDataSource } from '../DataSource.ts';
import type { Trace } from './trace.ts';
import { tr } from '../../shared/texts/texts.ts';

interface QueryTraceProps {
  readonly query: MetricsQuery;
  readonly datasource: MetricsDataSource;
  readonly range: TimeRange | undefined;
  readonly intervalMs: number | undefined;
}

/** Runs the query once more and shows, part by part, what it read and how long that took. */
export function QueryTrace({ query, datasource, range, intervalMs }: QueryTraceProps): React.JSX.Element {
  const styles = useStyles2(stylesOf);
  const [trace, setTrace] = useState<Trace | string>();
  useEffect(() => {
    let isLeft = false;
    setTrace(undefined);
    datasource.trace(query, range, intervalMs).then(
      (told) => isLeft || setTrace(told),
      (error: unknown) => isLeft || setTrace(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isLeft = true;
    };
    // A new range of a refresh is no new question; a changed expression is.
  }, [datasource, query.expr, query.interval]);
  if (trace === undefined) return <p className={styles.note}>{tr('Tracing …')}</p>;
  if (typeof trace === 'string')
    return (
      <p className={styles.note}>
        {tr('Cannot be traced:')} {trace}
      </p>
    );
  return (
    <section className={styles.box} aria-label={tr('Query trace')}>
      <p className={styles.note}>
        {[
          tr('{0} series', countText(trace.series)),
          tr('{0} samples read', countText(trace.samples)),
          ...trace.stages.map(({ name, ms }) => `${name} ${msText(ms)}`),
        ].join(' · ')}
      </p>
      {trace.parts.length > 0 && (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{tr('Part')}</th>
              <th scope="col">{tr('Series')}</th>
              <th scope="col">{tr('Samples')}</th>
              <th scope="col">{tr('Time')}</th>
              <th scope="col">{tr('Its own share')}</th>
            </tr>
          </thead>
          <tbody>
            {trace.parts.map(({ text, depth, series, samples, ms, ownShare, once }, i) => (
              <tr key={i}>
                <td
                  style={{ paddingLeft: 8 + depth * 16 }}
                  title={once ? tr('The same at every step: evaluated once') : undefined}
                >
                  <code>{text}</code>
                </td>
                <td>{countText(series)}</td>
                <td>{countText(samples)}</td>
                <td>{msText(ms)}</td>
                <td>
                  <span className={styles.bar} style={{ width: `${Math.round(ownShare * 80)}px` }} />
                  {Math.round(ownShare * 100)} %
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p className={styles.note}>{trace.advice}</p>
    </section>
  );
}

const countText = (count: number | undefined): string =>
  count === undefined || Number.isNaN(count) ? '—' : count.toLocaleString('en');
const msText = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

function stylesOf({ colors, spacing, shape, typography }: GrafanaTheme2) {
  return {
    box: css({
      margin: spacing(1, 0),
      padding: spacing(1),
      background: colors.background.secondary,
      borderRadius: shape.borderRadius(1),
      overflowX: 'auto',
    }),
    note: css({ margin: 0, color: colors.text.secondary, fontVariantNumeric: 'tabular-nums' }),
    table: css({
      margin: spacing(1, 0),
      fontVariantNumeric: 'tabular-nums',
      '& th': { textAlign: 'right', fontWeight: 'normal', color: colors.text.secondary, padding: spacing(0.25, 1) },
      '& th:first-of-type': { textAlign: 'left' },
      '& td': { textAlign: 'right', padding: spacing(0.25, 1), whiteSpace: 'nowrap' },
      '& td:first-of-type': { textAlign: 'left', maxWidth: 640, overflow: 'hidden', textOverflow: 'ellipsis' },
      '& code': { fontFamily: typography.fontFamilyMonospace, background: 'none', border: 'none', padding: 0 },
    }),
    bar: css({
      display: 'inline-block',
      height: 8,
      marginRight: spacing(0.5),
      borderRadius: 2,
      background: colors.primary.main,
    }),
  };
}
