/** What stands out in how the series of a store are spread, and what can be done about it. */

export interface Counted {
  readonly name: string;
  readonly value: number;
}

export interface StoreStatus {
  readonly headStats: {
    readonly numSeries: number;
    readonly numLabelPairs: number;
    readonly chunkCount: number;
    /** Milliseconds. */
    readonly minTime: number;
    readonly maxTime: number;
  };
  readonly storage?: { readonly logSegments: number; readonly logBytes: number; readonly blockBytes: number };
  readonly seriesCountByMetricName: readonly Counted[] | null;
  readonly labelValueCountByLabelName: readonly Counted[] | null;
  readonly memoryInBytesByLabelName: readonly Counted[] | null;
  readonly seriesCountByLabelValuePair: readonly Counted[] | null;
}

export interface Advice {
  readonly what: string;
  readonly why: string;
  /** Lines for the job's part of the configuration file. */
  readonly config?: string;
}

/** Fewer than this are no burden, whatever their share. */
const VALUES_MANY = 500;
const SERIES_MANY = 2_000;
const SHARE_LARGE = 0.2;

/** Names of labels that hold one value a request, a user or a process. */
const IDENTIFIER =
  /(^|_)(id|uuid|guid|trace|span|session|request|req|user|email|token|prompt|hash|query|url|uri|path|ip|pod_ip|timestamp|time|nonce)(_id|_hash)?$/i;

export function adviceOn(status: StoreStatus): Advice[] {
  const series = Math.max(1, status.headStats.numSeries);
  const advice: Advice[] = [];
  for (const { name, value } of status.labelValueCountByLabelName ?? []) {
    if (name === '__name__' || name === 'le' || value < VALUES_MANY) continue;
    const isIdentifier = IDENTIFIER.test(name);
    if (!isIdentifier && value < series * SHARE_LARGE) continue;
    advice.push({
      what: `The label ${name} has ${count(value)} values`,
      why: isIdentifier
        ? 'It looks like an identifier: each of its values makes new series. Keep identifiers in logs or exemplars, and drop the label here.'
        : 'Each value makes series of its own. If nobody groups by it, drop it.',
      config: `metric_relabel_configs:\n  - {action: labeldrop, regex: ${name}}`,
    });
  }
  for (const { name, value } of status.seriesCountByMetricName ?? []) {
    if (value < SERIES_MANY || value < series * SHARE_LARGE) continue;
    const share = `${Math.round((100 * value) / series)} %`;
    advice.push(
      name.endsWith('_bucket')
        ? {
            what: `${name} holds ${share} of the series`,
            why: 'Each bucket of each label set is a series. Fewer buckets or labels help; a native histogram needs one series for all buckets.',
            config: 'scrape_native_histograms: true',
          }
        : {
            what: `${name} holds ${share} of the series`,
            why: 'Look at its labels: one of them has many values. If nobody asks for the metric, drop it.',
            config: `metric_relabel_configs:\n  - {action: drop, source_labels: [__name__], regex: ${name}}`,
          },
    );
  }
  return advice;
}

const count = (n: number) => n.toLocaleString('en-US').replaceAll(',', '\u202f');
