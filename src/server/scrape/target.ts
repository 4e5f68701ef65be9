/** From discovered labels to a target: defaults, relabelling, checks. */
import { createHash } from 'node:crypto';
import { labelsFrom, labelsKey, labelValue, type Label, type Labels } from '../../shared/model/labels.ts';
import { readGoBool } from '../../shared/model/numberText.ts';
import { formatDuration, parseDuration } from '../../shared/model/durations.ts';
import type { ScrapeConfig } from '../config/config.ts';
import { targetFault } from '../config/resolveSources.ts';
import type { TargetGroup } from '../discovery/targetGroup.ts';
import { relabel, type RelabelRule } from '../relabel/relabel.ts';

/** Settings of a job that a target may have otherwise: what it takes of histograms. */
const FORM_LABELS = {
  nativeHistograms: '__scrape_native_histograms__',
  alwaysClassicHistograms: '__always_scrape_classic_histograms__',
  customBuckets: '__convert_classic_histograms_to_nhcb__',
} as const;
const FORMS = Object.keys(FORM_LABELS) as (keyof typeof FORM_LABELS)[];
type Forms = Pick<ScrapeConfig, (typeof FORMS)[number]>;

/** They do not make it another target. */
const SETTING_LABELS: ReadonlySet<string> = new Set([
  '__scrape_interval__',
  '__scrape_timeout__',
  ...Object.values(FORM_LABELS),
]);

export interface Target {
  /** Equal for equal labels and URL, whatever its own settings; survives reloads and restarts. */
  readonly key: string;
  readonly url: string;
  /** After relabelling, without `__` labels. */
  readonly labels: Labels;
  readonly discoveredLabels: Labels;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In place of the job's; undefined where those stand. */
  readonly forms?: Forms;
}

/** Whether two targets of one key are scraped alike. */
export function isScrapedAlike(a: Target, b: Target): boolean {
  const isTimedAlike = a.intervalMs === b.intervalMs && a.timeoutMs === b.timeoutMs;
  return isTimedAlike && FORMS.every((form) => a.forms?.[form] === b.forms?.[form]);
}

export interface BuiltTargets {
  readonly targets: readonly Target[];
  /** Discovered labels of targets that relabelling dropped. */
  readonly dropped: readonly Labels[];
  /** Targets that cannot be scraped, each with the reason. */
  readonly faults: readonly string[];
}

const META_PREFIX = '__meta_';
const PARAM_PREFIX = '__param_';

/** All targets of a job. Of targets with the same labels and URL the first stands. */
export function buildTargets(
  config: ScrapeConfig,
  rules: readonly RelabelRule[],
  groups: readonly TargetGroup[],
): BuiltTargets {
  const targets = new Map<string, Target>();
  const dropped: Labels[] = [];
  const faults: string[] = [];
  for (const group of groups) {
    for (const own of group.targets) {
      const discovered = withDefaults(labelsFrom([...group.labels, ...own]), config);
      const relabelled = relabel(discovered, rules);
      if (relabelled === undefined || relabelled.length === 0) {
        dropped.push(discovered);
        continue;
      }
      const built = buildTarget(relabelled, discovered, config);
      if (typeof built === 'string') faults.push(`${group.source}: ${labelValue(discovered, '__address__')}: ${built}`);
      else if (!targets.has(built.key)) targets.set(built.key, built);
    }
  }
  return { targets: [...targets.values()], dropped, faults };
}

/** What relabelling may see and change; a label that discovery set stands. */
function withDefaults(labels: Labels, config: ScrapeConfig): Labels {
  const defaults: Label[] = [
    ['job', config.jobName],
    ['__scrape_interval__', formatDuration(config.intervalMs)],
    ['__scrape_timeout__', formatDuration(config.timeoutMs)],
    ['__metrics_path__', config.metricsPath],
    ['__scheme__', config.scheme],
    ...FORMS.map((form): Label => [FORM_LABELS[form], String(config[form])]),
    ...config.params
      .filter(({ values }) => values.length > 0)
      .map(({ name, values }): Label => [PARAM_PREFIX + name, values[0]]),
  ];
  return labelsFrom([...defaults, ...labels]);
}

/** A target, or why there is none. */
function buildTarget(relabelled: Labels, discoveredLabels: Labels, config: ScrapeConfig): Target | string {
  const address = labelValue(relabelled, '__address__');
  const fault = targetFault(address);
  if (fault !== undefined) return fault;
  const scheme = labelValue(relabelled, '__scheme__');
  if (scheme !== 'http' && scheme !== 'https')
    return `__scheme__ is ${JSON.stringify(scheme)}; only http and https can be scraped`;
  const times = timesOf(relabelled);
  if (typeof times === 'string') return times;
  const forms = formsOf(relabelled, config);
  if (typeof forms === 'string') return forms;
  const base = `${scheme}://${address}`;
  if (!URL.canParse(base)) return `${JSON.stringify(address)} is not host:port`;
  const url = targetUrl(base, relabelled, config);
  const kept = relabelled.filter(([name]) => !name.startsWith(META_PREFIX));
  const labels = labelsFrom([['instance', address], ...kept.filter(([name]) => !name.startsWith('__'))]);
  const lasting = kept.filter(([name]) => !SETTING_LABELS.has(name));
  const key = createHash('md5').update(labelsKey(lasting)).update(url).digest('hex');
  return { key, url, labels, discoveredLabels, ...times, ...(forms !== undefined && { forms }) };
}

/** undefined where nothing differs from the job; a text says what is wrong. An empty label is none. */
function formsOf(labels: Labels, config: ScrapeConfig): Forms | string | undefined {
  const own: { -readonly [form in keyof Forms]?: boolean } = {};
  for (const form of FORMS) {
    const text = labelValue(labels, FORM_LABELS[form]);
    const value = text === '' ? config[form] : readGoBool(text);
    if (value === undefined) return `${FORM_LABELS[form]} is ${JSON.stringify(text)}; write true or false`;
    own[form] = value;
  }
  return FORMS.every((form) => own[form] === config[form]) ? undefined : (own as Forms);
}

function timesOf(labels: Labels): { intervalMs: number; timeoutMs: number } | string {
  try {
    const intervalMs = parseDuration(labelValue(labels, '__scrape_interval__'));
    const timeoutMs = parseDuration(labelValue(labels, '__scrape_timeout__'));
    if (intervalMs === 0 || timeoutMs === 0) return 'scrape interval and timeout must be longer than 0';
    if (timeoutMs > intervalMs) return 'the scrape timeout is longer than the interval';
    return { intervalMs, timeoutMs };
  } catch (error) {
    return `scrape interval or timeout: ${(error as Error).message}`;
  }
}

/** Parameters in the order of their names; the first value of each may come from a `__param_` label. */
function targetUrl(base: string, labels: Labels, config: ScrapeConfig): string {
  const params = new Map(config.params.map(({ name, values }) => [name, [...values]]));
  for (const [label, value] of labels) {
    if (!label.startsWith(PARAM_PREFIX)) continue;
    const name = label.slice(PARAM_PREFIX.length);
    params.set(name, [value, ...(params.get(name)?.slice(1) ?? [])]);
  }
  const url = new URL(base);
  url.pathname = labelValue(labels, '__metrics_path__');
  const query = new URLSearchParams();
  for (const [name, values] of [...params].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const value of values) query.append(name, value);
  url.search = query.toString();
  return url.href;
}
