/** What receivers are sent: one digest as Alertmanager's webhook JSON, as a Slack message, as a mail. */
import { formatLabels, labelsRecord, type Labels } from '../../../shared/model/labels.ts';
import type { Notice } from '../notice.ts';
import type { Digest } from './alertGroup.ts';

/** Of a receiver. */
export interface Sender {
  readonly receiver: string;
  readonly externalUrl: string;
}

/** What an alert that fires has for its end. */
const NEVER = '0001-01-01T00:00:00Z';
/** Alerts written out in a message for people. */
const WRITTEN_MAX = 20;
const RED = '#d93f3f';
const GREEN = '#2e9e5b';

/** Source: Alertmanager's documentation of webhook_config, version 4. @param maxAlerts 0 for all. */
export function webhookJson(
  { labels, status, alerts, isResolved }: Digest,
  { receiver, externalUrl }: Sender,
  maxAlerts: number,
): string {
  const told = maxAlerts === 0 ? alerts : alerts.slice(0, maxAlerts);
  return JSON.stringify({
    receiver,
    status,
    alerts: told.map((alert) => ({
      status: isResolved(alert) ? 'resolved' : 'firing',
      labels: labelsRecord(alert.labels),
      annotations: labelsRecord(alert.annotations),
      startsAt: shortTime(alert.startsAt),
      endsAt: isResolved(alert) ? shortTime(alert.endsAt) : NEVER,
      generatorURL: alert.generatorUrl,
      fingerprint: fingerprint(alert.labels),
    })),
    groupLabels: labelsRecord(labels),
    commonLabels: labelsRecord(common(alerts.map((alert) => alert.labels))),
    commonAnnotations: labelsRecord(common(alerts.map(({ annotations }) => annotations))),
    externalURL: externalUrl,
    version: '4',
    groupKey: `{}/{receiver="${receiver}"}:${formatLabels(labels)}`,
    truncatedAlerts: alerts.length - told.length,
  });
}

/** RFC 3339 without zeros at the end of its fraction, as Alertmanager writes it. */
function shortTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0+Z$/, 'Z');
}

/** A message with attachments, as Slack, Mattermost and others take it. */
export function slackJson(digest: Digest, sender: Sender, channel: string): string {
  const { alerts, isResolved, status } = digest;
  const title = headline(digest);
  const attachments = alerts.slice(0, WRITTEN_MAX).map((alert) => ({
    color: isResolved(alert) ? GREEN : RED,
    fallback: lineOf(alert, isResolved(alert)),
    title: lineOf(alert, isResolved(alert)),
    title_link: alert.generatorUrl,
    text: alert.annotations.map(([name, text]) => (name === 'summary' ? text : `${name}: ${text}`)).join('\n'),
    footer: formatLabels(alert.labels),
    ts: Math.floor((isResolved(alert) ? alert.endsAt : alert.startsAt) / 1000),
  }));
  return JSON.stringify({
    text: `${status === 'firing' ? ':fire:' : ':white_check_mark:'} ${title}`,
    username: 'Isotherm',
    ...(channel !== '' && { channel }),
    attachments: [...attachments, ...(alerts.length > WRITTEN_MAX ? [{ text: moreText(digest, sender) }] : [])],
  });
}

export interface Mail {
  readonly subject: string;
  readonly text: string;
}

export function mailOf(digest: Digest, sender: Sender): Mail {
  const { alerts, isResolved } = digest;
  const written = alerts
    .slice(0, WRITTEN_MAX)
    .map((alert) =>
      [
        lineOf(alert, isResolved(alert)),
        ...alert.annotations.map(([name, text]) => `  ${name}: ${text}`),
        `  since ${new Date(alert.startsAt).toISOString()}${isResolved(alert) ? `, until ${new Date(alert.endsAt).toISOString()}` : ''}`,
        `  ${formatLabels(alert.labels)}`,
        `  ${alert.generatorUrl}`,
      ].join('\n'),
    );
  const more = alerts.length > WRITTEN_MAX ? [moreText(digest, sender)] : [];
  const footer = `Sent by Isotherm at ${sender.externalUrl} to ${sender.receiver}.`;
  return { subject: headline(digest), text: [...written, ...more, footer].join('\n\n') + '\n' };
}

function headline({ labels, status, alerts, isResolved }: Digest): string {
  const firing = alerts.filter((alert) => !isResolved(alert)).length;
  const values = labels.map(([, value]) => value).filter((value) => value !== '');
  const what = values.length > 0 ? values.join(' ') : 'alerts';
  return status === 'firing' ? `[FIRING:${firing}] ${what}` : `[RESOLVED] ${what}`;
}

function lineOf({ labels }: Notice, isResolved: boolean): string {
  const name = labelsRecord(labels).alertname ?? '';
  return `${isResolved ? 'Resolved' : 'Firing'}: ${name}`;
}

const moreText = ({ alerts }: Digest, { externalUrl }: Sender) =>
  `and ${alerts.length - WRITTEN_MAX} more: ${externalUrl.replace(/\/$/, '')}/alerts`;

/** Pairs that all of them have. */
function common(sets: readonly Labels[]): Labels {
  const [first = [], ...others] = sets;
  const records = others.map(labelsRecord);
  return first.filter(([name, value]) => records.every((record) => record[name] === value));
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a over names and values, as Prometheus' label sets have it. */
export function fingerprint(labels: Labels): string {
  let hash = FNV_OFFSET;
  const take = (byte: number) => (hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME));
  for (const [name, value] of labels) {
    for (const text of [name, value]) {
      for (const byte of Buffer.from(text)) take(byte);
      take(0xff);
    }
  }
  return hash.toString(16).padStart(16, '0');
}
