/** Which histogram the overview shows, how it is split, and in which unit it is. */
import { visible } from '../../shared/model/visible.ts';
import { METRIC_NAME, quoted, isPlainLabelName } from '../../shared/model/labels.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { selectorOf } from '../api/client.ts';
import { conditionsText, type LabelCondition } from '../explain/conditions.ts';
import type { Inventory } from './inventory.ts';

/** Latencies of serving systems that people name first, best first. Units where the name does not say. */
const KNOWN_LATENCIES: readonly { readonly metric: string; readonly unit?: string }[] = [
  { metric: 'model_prediction_latency_seconds' },
  { metric: 'vllm:e2e_request_latency_seconds' },
  { metric: 'sglang:e2e_request_latency_seconds' },
  { metric: 'sglang_e2e_request_latency_seconds' },
  { metric: 'trtllm_e2e_request_latency_seconds' },
  { metric: 'tgi_request_duration', unit: 's' },
  { metric: 'te_request_duration', unit: 's' },
  { metric: ':tensorflow:serving:request_latency', unit: 'µs' },
  { metric: 'ray_serve_deployment_processing_latency_ms' },
  { metric: 'http_request_duration_seconds' },
  { metric: 'http_server_request_duration_seconds' },
];

/** This server's own, where nothing else is scraped. */
const OWN_LATENCY = 'prometheus_http_request_duration_seconds';

/** Labels by which models and their versions are told apart, in the order in which they name a map. */
const MODEL_LABELS = ['model', 'model_name', 'deployment', 'version', 'model_version', 'revision'];

/** Labels that tell where a sample came from rather than what was measured. */
const PLACE_LABELS = new Set(['job', 'instance', 'le', METRIC_NAME]);

/** The histogram that the user asked for, else the best known, else the first that looks like a latency, else any. */
export function chooseLatency(inventory: Inventory, wanted: string | null): string | undefined {
  const { histograms } = inventory;
  if (wanted !== null && histograms.includes(wanted)) return wanted;
  const known = KNOWN_LATENCIES.find(({ metric }) => histograms.includes(metric));
  if (known !== undefined) return known.metric;
  const serving = histograms.filter((name) => !/^(prometheus|isotherm|go|nodejs|process|net)_/.test(name));
  const likely = (names: readonly string[]) => names.find((name) => /latency|duration|_seconds/.test(name));
  const own = histograms.find((name) => name === OWN_LATENCY);
  return likely(serving) ?? serving[0] ?? own ?? likely(histograms) ?? histograms[0];
}

/** The unit of a histogram's bounds as Grafana names it. */
export function unitOf(metric: string, declared = ''): string {
  const known = KNOWN_LATENCIES.find((row) => row.metric === metric)?.unit;
  if (known !== undefined) return known;
  const word =
    declared !== ''
      ? declared
      : (/(seconds|milliseconds|microseconds|nanoseconds|_ms|_us|bytes|ratio)(_total)?$/.exec(metric)?.[1] ?? '');
  return UNIT_WORDS[word] ?? 'short';
}

const UNIT_WORDS: Readonly<Record<string, string>> = {
  seconds: 's',
  milliseconds: 'ms',
  _ms: 'ms',
  microseconds: 'µs',
  _us: 'µs',
  nanoseconds: 'ns',
  bytes: 'bytes',
  ratio: 'percentunit',
};

/**
 * How the histogram may be split into maps: label names joined by commas, '' for one map of everything.
 *
 * @param labels names of labels that the histogram's series carry.
 */
export function splitChoices(labels: readonly string[]): string[] {
  const model = MODEL_LABELS.filter((name) => labels.includes(name));
  const others = labels.filter((name) => !PLACE_LABELS.has(name) && !model.includes(name));
  const places = ['instance', 'job'].filter((name) => labels.includes(name));
  const joined = model.length > 1 ? [model.join(',')] : [];
  return [...joined, ...model, ...others, ...places, ''];
}

/** By model and version where there are such labels, else everything in one map. */
export function chooseSplit(choices: readonly string[], wanted: string | null): string {
  if (wanted !== null && choices.includes(wanted)) return wanted;
  const best = choices[0] ?? '';
  return MODEL_LABELS.includes(best.split(',')[0]) ? best : '';
}

const labelName = (name: string) => (isPlainLabelName(name) ? name : quoted(name));

/** Observations a second by bucket, of the series that all conditions let through. */
export function bucketRates(
  metric: string,
  split: string,
  windowMs: number,
  conditions: readonly LabelCondition[] = [],
): string {
  return `sum by (${['le', ...namesOf(split)].join(', ')}) (rate(${rangeSelector(`${metric}_bucket`, windowMs, conditions)}))`;
}

/** The same of a native histogram, whose buckets are no series. */
export function nativeRates(
  metric: string,
  split: string,
  windowMs: number,
  conditions: readonly LabelCondition[] = [],
): string {
  return `sum by (${namesOf(split).join(', ')}) (rate(${rangeSelector(metric, windowMs, conditions)}))`;
}

const namesOf = (split: string) =>
  split
    .split(',')
    .filter((name) => name !== '')
    .map(labelName);

export function rangeSelector(metric: string, windowMs: number, conditions: readonly LabelCondition[] = []): string {
  const where = conditionsText(conditions);
  const selector = selectorOf(metric);
  const selected =
    where === '' ? selector : selector.endsWith('}') ? `${selector.slice(0, -1)},${where}}` : `${selector}{${where}}`;
  return `${selected}[${formatDuration(windowMs)}]`;
}

/** What a map is called: the values of the labels it was split by. */
export function mapTitle(metric: Readonly<Record<string, string>>, split: string): string {
  const names = split.split(',').filter((name) => name !== '');
  if (names.length === 0) return 'all requests';
  return (
    names
      .map((name) => visible(metric[name] ?? ''))
      .filter((value) => value !== '')
      .join(' · ') || `no ${names.join(', ')}`
  );
}
