/** The file of built-in receivers: who hears of which alerts, how, and how often. docs/notify.md tells what it looks like. */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { PromqlError } from '../../../shared/promql/errors.ts';
import { parseExpr } from '../../../shared/promql/parser.ts';
import { checkTree } from '../../config/check.ts';
import type { HttpConfig, Secret, TlsConfig } from '../../config/config.ts';
import { ConfigError, type ConfigFault } from '../../config/configError.ts';
import { fileText } from '../../config/fileText.ts';
import { httpKeys, tlsKeys } from '../../config/httpSchema.ts';
import { absolute, resolveHttp } from '../../config/resolveHttp.ts';
import { bool, count, labelName, positiveDuration, text, url } from '../../config/scalars.ts';
import { YamlSource } from '../../config/yamlSource.ts';

/** When a group of alerts is told. Milliseconds. */
export interface Timing {
  /** From the first alert of a group to the first notice: others may come to go with it. */
  readonly groupWaitMs: number;
  /** Between two notices of a group that changed. */
  readonly groupIntervalMs: number;
  /** Until a group that did not change is told again. */
  readonly repeatIntervalMs: number;
}

export interface Receiver extends Timing {
  readonly name: string;
  /** Alerts it hears of; all if there is none. */
  readonly matchers: readonly Matcher[];
  /** Labels of which each combination is a group; all labels for `...`. */
  readonly groupBy: readonly string[] | 'all';
  readonly sendResolved: boolean;
  /** An entry of the file that names several ways makes a receiver of each: what one did not take is sent again to that one alone. */
  readonly way: Way;
}

export type Way = WebhookWay | SlackWay | EmailWay;

interface HttpWay {
  /** A secret: whoever has it may post. */
  readonly url: Secret;
  readonly http: HttpConfig;
  readonly timeoutMs: number;
}
export interface WebhookWay extends HttpWay {
  readonly kind: 'webhook';
  /** Alerts of one message at most; 0 for all. */
  readonly maxAlerts: number;
}
export interface SlackWay extends HttpWay {
  readonly kind: 'slack';
  readonly channel: string;
}
export interface EmailWay {
  readonly kind: 'email';
  readonly to: readonly string[];
  readonly from: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret | undefined;
  /** Refuse to send where the server offers no TLS. */
  readonly requireTls: boolean;
  readonly tls: TlsConfig;
}

const timingKeys = {
  group_by: z.array(labelName).optional(),
  group_wait: positiveDuration.optional(),
  group_interval: positiveDuration.optional(),
  repeat_interval: positiveDuration.optional(),
};
const postKeys = { url: url.optional(), url_file: text.optional(), timeout: positiveDuration.optional(), ...httpKeys };
const webhookKeys = z.strictObject({ ...postKeys, max_alerts: count.optional() });
const slackKeys = z.strictObject({ ...postKeys, channel: text.optional() });
const emailKeys = z.strictObject({
  to: z.array(text),
  from: text,
  smarthost: text,
  auth_username: text.optional(),
  auth_password: text.optional(),
  auth_password_file: text.optional(),
  require_tls: bool.optional(),
  tls_config: tlsKeys.optional(),
});
const receiverKeys = z.strictObject({
  name: text,
  matchers: z.array(text).optional(),
  send_resolved: bool.optional(),
  ...timingKeys,
  webhook: webhookKeys.optional(),
  slack: slackKeys.optional(),
  email: emailKeys.optional(),
});
const fileKeys = z.strictObject({ ...timingKeys, receivers: z.array(receiverKeys) });
type RawFile = z.output<typeof fileKeys>;
type RawReceiver = z.output<typeof receiverKeys>;
type RawPost = z.output<typeof slackKeys> | z.output<typeof webhookKeys>;
type Complain = (path: readonly PropertyKey[], why: string) => void;

const SECOND_MS = 1_000;
const DEFAULT_TIMING = {
  groupWaitMs: 30 * SECOND_MS,
  groupIntervalMs: 300 * SECOND_MS,
  repeatIntervalMs: 4 * 3600 * SECOND_MS,
};
const DEFAULT_GROUP_BY = ['alertname'];
const ALL_LABELS = '...';
const TIMEOUT_MS = 10_000;

/** @throws ConfigError with `file:line:column` of every fault. */
export function loadReceiversFile(file: string): Receiver[] {
  return parseReceiversFile(fileText(file), file);
}

/** @throws ConfigError */
export function parseReceiversFile(content: string, file: string): Receiver[] {
  const source = new YamlSource(content, file);
  const raw = checkTree(source, fileKeys);
  const faults: ConfigFault[] = [];
  const dir = dirname(resolve(file));
  const receivers = raw.receivers.flatMap((one, i) => {
    const complain: Complain = (path, why) => void faults.push(source.fault(['receivers', i, ...path], why));
    if (raw.receivers.findIndex(({ name }) => name === one.name) < i)
      complain(['name'], `${JSON.stringify(one.name)} is the name of another receiver; names must differ`);
    return receiversOf(one, raw, dir, complain);
  });
  if (faults.length > 0) throw new ConfigError(file, faults);
  return receivers;
}

function receiversOf(raw: RawReceiver, file: RawFile, dir: string, complain: Complain): Receiver[] {
  const ways: Way[] = [
    ...(raw.webhook === undefined ? [] : [webhookOf(raw.webhook, dir, below(complain, 'webhook'))]),
    ...(raw.slack === undefined ? [] : [slackOf(raw.slack, dir, below(complain, 'slack'))]),
    ...(raw.email === undefined ? [] : [emailOf(raw.email, dir, below(complain, 'email'))]),
  ];
  if (ways.length === 0) complain([], 'says not how to reach anybody; add webhook, slack or email');
  const groupBy = raw.group_by ?? file.group_by ?? DEFAULT_GROUP_BY;
  const receiver = {
    name: raw.name,
    matchers: (raw.matchers ?? []).flatMap((written, i) => matchersOf(written, below(complain, 'matchers', i))),
    groupBy: groupBy.includes(ALL_LABELS) ? ('all' as const) : groupBy,
    groupWaitMs: raw.group_wait ?? file.group_wait ?? DEFAULT_TIMING.groupWaitMs,
    groupIntervalMs: raw.group_interval ?? file.group_interval ?? DEFAULT_TIMING.groupIntervalMs,
    repeatIntervalMs: raw.repeat_interval ?? file.repeat_interval ?? DEFAULT_TIMING.repeatIntervalMs,
    sendResolved: raw.send_resolved ?? true,
  };
  return ways.map((way) => ({ ...receiver, way }));
}

const below =
  (complain: Complain, ...prefix: PropertyKey[]): Complain =>
  (path, why) =>
    complain([...prefix, ...path], why);

function matchersOf(written: string, complain: Complain): readonly Matcher[] {
  try {
    const expr = parseExpr(`{${written}}`);
    if (expr.kind === 'selector') return expr.matchers;
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
  }
  complain(
    [],
    `${JSON.stringify(written)} is no matcher; write a label, =, !=, =~ or !~, and a quoted value, as in severity="page"`,
  );
  return [];
}

function postOf(raw: RawPost, dir: string, complain: Complain): HttpWay {
  if ((raw.url === undefined) === (raw.url_file === undefined))
    complain(['url'], 'write one of url and url_file: where to post');
  return {
    url:
      raw.url_file === undefined
        ? { kind: 'inline', value: raw.url ?? '' }
        : { kind: 'file', path: absolute(dir, raw.url_file) },
    http: resolveHttp(raw, dir, complain),
    timeoutMs: raw.timeout ?? TIMEOUT_MS,
  };
}

function webhookOf(raw: z.output<typeof webhookKeys>, dir: string, complain: Complain): WebhookWay {
  return { kind: 'webhook', ...postOf(raw, dir, complain), maxAlerts: raw.max_alerts ?? 0 };
}

function slackOf(raw: z.output<typeof slackKeys>, dir: string, complain: Complain): SlackWay {
  return { kind: 'slack', ...postOf(raw, dir, complain), channel: raw.channel ?? '' };
}

function emailOf(raw: z.output<typeof emailKeys>, dir: string, complain: Complain): EmailWay {
  const host = /^(.+):(\d+)$/.exec(raw.smarthost);
  if (host === null)
    complain(['smarthost'], `is ${JSON.stringify(raw.smarthost)}; write host:port, such as smtp.example:587`);
  if (raw.to.length === 0) complain(['to'], 'names nobody');
  const [written, file] = [raw.auth_password, raw.auth_password_file];
  if (written !== undefined && file !== undefined)
    complain(['auth_password_file'], 'auth_password stands there too; keep one');
  if ((raw.auth_username === undefined) !== (written === undefined && file === undefined))
    complain(['auth_username'], 'user name and password go together');
  const secret: Secret | undefined =
    file !== undefined
      ? { kind: 'file', path: absolute(dir, file) }
      : written === undefined
        ? undefined
        : { kind: 'inline', value: written };
  return {
    kind: 'email',
    to: raw.to,
    from: raw.from,
    host: host?.[1] ?? '',
    port: Number(host?.[2] ?? 0),
    username: raw.auth_username ?? '',
    password: secret,
    requireTls: raw.require_tls ?? true,
    tls: resolveHttp({ tls_config: raw.tls_config }, dir, complain).tls,
  };
}
