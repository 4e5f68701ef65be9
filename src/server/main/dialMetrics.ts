/** Connections that clients open, on /metrics under upstream's names. */
import type { DialCounts, Dials } from '../outbound/dials.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

const COUNTERS: readonly (readonly [name: string, help: string, read: (counts: DialCounts) => number])[] = [
  [
    'net_conntrack_dialer_conn_attempted_total',
    'Total number of connections attempted by the given dialer a given name.',
    ({ attempted }) => attempted,
  ],
  [
    'net_conntrack_dialer_conn_established_total',
    'Total number of connections successfully established by the given dialer a given name.',
    ({ established }) => established,
  ],
  [
    'net_conntrack_dialer_conn_closed_total',
    'Total number of connections closed which originated from the dialer of a given name.',
    ({ closed }) => closed,
  ],
];

export function registerDialMetrics(metrics: SelfMetrics, dials: Dials): void {
  for (const [name, help, read] of COUNTERS) {
    metrics.counterRows(name, help, ['dialer_name'], () =>
      [...dials.all].map(([dialer_name, counts]) => ({ labels: { dialer_name }, value: read(counts) })),
    );
  }
  metrics.counterRows(
    'net_conntrack_dialer_conn_failed_total',
    'Total number of connections failed to dial by the dialer a given name.',
    ['dialer_name', 'reason'],
    () =>
      [...dials.all].flatMap(([dialer_name, { failed }]) =>
        Object.entries(failed).map(([reason, value]) => ({ labels: { dialer_name, reason }, value })),
      ),
  );
}
