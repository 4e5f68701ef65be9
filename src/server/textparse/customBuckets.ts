/**
 * Classic histograms as native ones with custom bounds (`convert_classic_histograms_to_nhcb`): the `_bucket`, `_sum` and `_count` lines of a histogram
 * become one sample under the histogram's name. What has an exponential form already, and what contradicts itself, is not converted.
 */
import { CUSTOM_SCHEMA } from '../../shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { spansOf } from '../../shared/histogram/spans.ts';
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { PageFormat } from './entryCursor.ts';
import { parseFloatText } from './floats.ts';
import type { PageRow } from './pageReader.ts';
import type { PageForms } from './protobufPage.ts';
import { ReaderAround } from './readerAround.ts';
import { pickLines } from './rowLines.ts';

const SUFFIX = /_(bucket|sum|count)$/;

/** What a line is of a histogram. */
interface Part {
  readonly kind: 'bucket' | 'sum' | 'count';
  /** Upper bound of a bucket. */
  readonly bound: number;
  /** The slot of the whole. */
  readonly whole: number;
}

/** A histogram as its lines say it. */
interface Gathered {
  /** Where its first line stood. */
  readonly line: number;
  readonly bounds: { bound: number; count: number }[];
  sum: number;
  count: number | undefined;
  t: number;
  /** When it began. */
  readonly start: number | undefined;
}

export class CustomBucketReader extends ReaderAround {
  /** By slot; undefined where not looked at yet, null for what is no part of a classic histogram. */
  private parts: (Part | null | undefined)[] = [];

  override *readSteps(bytes: Uint8Array, format: PageFormat, forms?: PageForms): Generator<void, PageRow> {
    const row = yield* this.inner.readSteps(bytes, format, forms);
    // A family's type may have changed, and with it what its lines are.
    if (row.metadata.size > 0) this.forget();
    const gathered = this.gather(row);
    return gathered.size === 0 ? row : this.converted(row, gathered, forms?.classic ?? false);
  }

  /** They may be asked for again here, when a family's type changes. */
  override forgetLabels(): void {
    return;
  }

  protected override forget(): void {
    this.parts = [];
  }

  /** By the slot of the whole. */
  private gather({ count, slots, values, times, histograms, starts }: PageRow): Map<number, Gathered> {
    const gathered = new Map<number, Gathered>();
    for (let i = 0; i < count; i++) {
      const part = this.partOf(slots[i]);
      if (part === null) continue;
      let whole = gathered.get(part.whole);
      if (whole === undefined) {
        whole = { line: i, bounds: [], sum: 0, count: undefined, t: times?.[i] ?? NaN, start: starts.get(i) };
        gathered.set(part.whole, whole);
      }
      if (part.kind === 'bucket') whole.bounds.push({ bound: part.bound, count: values[i] });
      else if (part.kind === 'sum') whole.sum = values[i];
      else whole.count = values[i];
    }
    for (const line of histograms.keys()) gathered.delete(this.wholeSlot(this.labels(slots[line])));
    return gathered;
  }

  private partOf(slot: number): Part | null {
    const known = this.parts[slot];
    if (known !== undefined) return known;
    return (this.parts[slot] = this.lookAt(this.labels(slot)));
  }

  private lookAt(labels: Labels): Part | null {
    const name = labelValue(labels, METRIC_NAME);
    const suffix = SUFFIX.exec(name);
    if (suffix === null) return null;
    const base = name.slice(0, suffix.index);
    if (this.typeOf(base) !== 'histogram') return null;
    const kind = suffix[1] as Part['kind'];
    const bound = kind === 'bucket' ? (parseFloatText(labelValue(labels, 'le')) ?? NaN) : 0;
    if (Number.isNaN(bound)) return null;
    const whole = labels
      .filter(([label]) => label !== 'le')
      .map(([label, value]): Labels[number] => (label === METRIC_NAME ? [label, base] : [label, value]));
    return { kind, bound, whole: this.wholeSlot(whole) };
  }

  private wholeSlot(labels: Labels): number {
    return this.slot(`w${labelsKey(labels)}`, () => labels);
  }

  /** The row with the wholes behind it, and without their lines unless these are wanted too. */
  private converted(row: PageRow, gathered: ReadonlyMap<number, Gathered>, keepsClassic: boolean): PageRow {
    const isPart = (line: number) => {
      const part = this.partOf(row.slots[line]);
      return part !== null && gathered.has(part.whole);
    };
    const lines: number[] = [];
    for (let i = 0; i < row.count; i++) if (keepsClassic || !isPart(i)) lines.push(i);
    const kept = pickLines(row, Int32Array.from(lines));
    const wholes = [...gathered].flatMap(([slot, parts]) => {
      const histogram = customHistogram(parts);
      return histogram === undefined ? [] : [{ slot, histogram, t: parts.t, start: parts.start }];
    });
    wholes.forEach(({ histogram, start }, i) => {
      kept.histograms.set(kept.count + i, histogram);
      if (start !== undefined) kept.starts.set(kept.count + i, start);
    });
    return {
      ...row,
      ...kept,
      count: kept.count + wholes.length,
      slots: Int32Array.from([...kept.slots, ...wholes.map(({ slot }) => slot)]),
      values: Float64Array.from([...kept.values, ...wholes.map(() => NaN)]),
      times: kept.times && Float64Array.from([...kept.times, ...wholes.map(({ t }) => t)]),
      exemplars: row.exemplars.map(({ slot, exemplar }) => {
        const part = this.partOf(slot);
        return { slot: part !== null && gathered.has(part.whole) ? part.whole : slot, exemplar };
      }),
      isAlike: false,
    };
  }
}

/** undefined where the lines contradict each other. Of a bound that stands twice the first count stands. */
function customHistogram({ bounds, sum, count: told }: Gathered): NativeHistogram | undefined {
  const sorted = [...bounds].sort((a, b) => a.bound - b.bound);
  const buckets = sorted.filter(({ bound }, i) => i === 0 || bound !== sorted[i - 1].bound);
  const count = told ?? buckets.at(-1)?.count ?? 0;
  if (buckets.at(-1)?.bound !== Infinity) buckets.push({ bound: Infinity, count });
  if (buckets.at(-1)!.count !== count) return undefined;
  const counts = buckets.map((bucket, i) => bucket.count - (i === 0 ? 0 : buckets[i - 1].count));
  if (counts.some((n) => !(n >= 0 && n < Infinity))) return undefined;
  const filled = counts.flatMap((n, i) => (n > 0 ? [i] : []));
  return {
    schema: CUSTOM_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum,
    positiveSpans: spansOf(Int32Array.from(filled)),
    negativeSpans: [],
    positiveBuckets: Float64Array.from(filled, (i) => counts[i]),
    negativeBuckets: new Float64Array(),
    customValues: Float64Array.from(buckets.slice(0, -1), ({ bound }) => bound),
    counterReset: 'unknown',
  };
}
