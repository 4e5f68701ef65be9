/** What sending alerts tells of itself on /metrics, under upstream's names. */
import type { Notifier } from '../notifier/notifier.ts';
import type { ReceiverCounts, Receivers } from '../notifier/receivers/receivers.ts';
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

const RECEIVER_COUNTERS: readonly (readonly [name: string, help: string, read: (counts: ReceiverCounts) => number])[] =
  [
    ['isotherm_receiver_notices_total', 'Notices that built-in receivers took.', ({ sent }) => sent],
    [
      'isotherm_receiver_failures_total',
      'Notices that built-in receivers did not take; each is tried again.',
      ({ failed }) => failed,
    ],
    [
      'isotherm_receiver_dropped_alerts_total',
      'Alerts that were not told because a receiver had too many.',
      ({ dropped }) => dropped,
    ],
  ];

function registerReceiverMetrics(metrics: SelfMetrics, receivers: Receivers): void {
  for (const [name, help, read] of RECEIVER_COUNTERS)
    metrics.counterRows(name, help, ['receiver'], () =>
      receivers.status().map(({ name: receiver, counts }) => ({ labels: { receiver }, value: read(counts) })),
    );
  metrics.gaugeRows('isotherm_receiver_alerts', 'Alerts that built-in receivers remember.', ['receiver'], () =>
    receivers.status().map(({ name: receiver, alerts }) => ({ labels: { receiver }, value: alerts })),
  );
}

export function registerNotifierMetrics(metrics: SelfMetrics, notifier: Notifier, receivers: Receivers): void {
  registerReceiverMetrics(metrics, receivers);
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
