/** What sending alerts tells of itself on /metrics, under upstream's names. */
import type { Notifier } from '../notifier/notifier.ts';
import type { SendQueue } from '../notifier/sendQueue.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

type Row = readonly [name: string, help: string, read: (queue: SendQueue) => number];

const COUNTERS: readonly Row[] = [
  ['prometheus_notifications_sent_total', 'Total number of alerts sent.', ({ counts }) => counts.sent],
  [
    'prometheus_notifications_errors_total',
    'Total number of sent alerts affected by errors.',
    ({ counts }) => counts.errors,
  ],
  [
    'prometheus_notifications_dropped_total',
    'Total number of alerts dropped due to errors when sending to Alertmanager.',
    ({ counts }) => counts.dropped,
  ],
];

export function registerNotifierMetrics(metrics: SelfMetrics, notifier: Notifier): void {
  const rows = (read: Row[2]) => () =>
    [...notifier.active()].map(([alertmanager, queue]) => ({ labels: { alertmanager }, value: read(queue) }));
  for (const [name, help, read] of COUNTERS) metrics.counterRows(name, help, ['alertmanager'], rows(read));
  metrics.gaugeRows(
    'prometheus_notifications_queue_length',
    'The number of alert notifications in the queue.',
    ['alertmanager'],
    rows((queue) => queue.length),
  );
  metrics.gaugeRows(
    'isotherm_notifications_last_send_seconds',
    'How long the last request that succeeded took.',
    ['alertmanager'],
    rows(({ counts }) => counts.lastSendMs / 1000),
  );
  metrics.gauge(
    'prometheus_notifications_queue_capacity',
    'The capacity of the alert notifications queue.',
    () => notifier.capacity,
  );
  metrics.gauge(
    'prometheus_notifications_alertmanagers_discovered',
    'The number of alertmanagers discovered and active.',
    () => notifier.active().size,
  );
}
