/**
 * Pushed metrics as they are kept: `MetricFamily` messages of the protobuf exposition format, labels of the group put in. Text is brought into
 * this form when it arrives, so that there is one form to keep, log and scrape, and native histograms fit.
 */
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireReader, WireWriter } from '../../shared/bytes/protobufWire.ts';
import { compareText, formatLabels, labelsKey, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import { readLabels, readMetric } from '../textparse/metricFamily.ts';
import { InconsistentPush } from './inconsistentPush.ts';

/** Enum numbers of `MetricType`. */
export const FAMILY_TYPES = ['COUNTER', 'GAUGE', 'SUMMARY', 'UNTYPED', 'HISTOGRAM', 'GAUGE_HISTOGRAM'] as const;
export type FamilyType = (typeof FAMILY_TYPES)[number];
const TYPE_OF: Partial<Record<MetricType, FamilyType>> = {
  counter: 'COUNTER',
  gauge: 'GAUGE',
  summary: 'SUMMARY',
  histogram: 'HISTOGRAM',
  gaugehistogram: 'GAUGE_HISTOGRAM',
};
export const familyTypeOf = (type: MetricType): FamilyType => TYPE_OF[type] ?? 'UNTYPED';

/** Names that the series of a family have besides its own. */
export const SERIES_SUFFIXES: Partial<Record<FamilyType, readonly string[]>> = {
  SUMMARY: ['_sum', '_count'],
  HISTOGRAM: ['_bucket', '_sum', '_count'],
  GAUGE_HISTOGRAM: ['_bucket', '_sum', '_count'],
};

/** One metric: what stands beside its labels in a `Metric` message. */
export interface PushedMetric {
  /** As sent; values may be empty. */
  readonly labels: Labels;
  readonly rest: Uint8Array;
}

export interface PushedFamily {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly unit: string;
  readonly metrics: readonly PushedMetric[];
}

/** A family of one group, ready for a page. */
export interface KeptFamily {
  readonly name: string;
  readonly type: FamilyType;
  /** `MetricFamily`, without the length before it. */
  readonly message: Uint8Array;
}

/**
 * Puts the group's labels on every metric; where both have a label the group's stands. A metric without `instance` gets an empty one, so that
 * no scrape gives it the sidecar's.
 *
 * @throws RequestRefused for a metric that stands twice, has a time or an improper label.
 */
export function keepFamily(family: PushedFamily, group: Labels): KeptFamily {
  const seen = new Set<string>();
  const out = new WireWriter();
  out.string(1, family.name).string(2, family.help).intAlways(3, FAMILY_TYPES.indexOf(family.type));
  for (const metric of family.metrics) {
    const labels = withGroup(metric.labels, group);
    const told = () => `collected metric ${formatLabels([[METRIC_NAME, family.name], ...labels])}`;
    const reserved = labels.find(([name]) => name.startsWith('__'));
    if (reserved !== undefined)
      throw new InconsistentPush(`${told()} has a label with an invalid name: ${reserved[0]}`);
    const key = labelsKey(labels);
    if (seen.has(key)) throw new InconsistentPush(`${told()} was collected before with the same name and label values`);
    seen.add(key);
    out.message(4, (message) => {
      for (const [name, value] of labels) message.message(1, (label) => label.string(1, name).string(2, value));
      message.fields(metric.rest);
    });
  }
  return { name: family.name, type: family.type, message: out.string(5, family.unit).finish().slice() };
}

function withGroup(own: Labels, group: Labels): Labels {
  const merged = new Map([['instance', ''] as const, ...own, ...group]);
  return [...merged].sort(([a], [b]) => compareText(a, b));
}

/** The fields of a `Metric` besides its labels. @throws RequestRefused if there is a time among them. */
export function metricOf(message: Uint8Array): PushedMetric {
  const { labelBytes, t } = readMetric(message);
  if (t !== undefined) throw new InconsistentPush('pushed metrics must not have timestamps');
  const rest = new WireWriter();
  for (const r = new WireReader(message); r.next();) {
    if (r.field === 1) r.skip();
    else copyField(r, rest);
  }
  return { labels: readLabels(labelBytes), rest: rest.finish().slice() };
}

function copyField(r: WireReader, out: WireWriter): void {
  if (r.type === WIRE_BYTES) out.bytesAlways(r.field, r.bytes());
  else if (r.type === WIRE_FIXED64) out.double(r.field, r.double());
  else if (r.type === WIRE_VARINT) out.int(r.field, r.int());
  else r.skip();
}
