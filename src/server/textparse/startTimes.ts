/**
 * When counters began, as OpenMetrics says it: a `_created` line beside the lines of a counter, summary or histogram, its value in seconds. Such lines are
 * no series then; what they say goes with the lines that they belong to. Protobuf pages say it in fields of their own (`protobufPage.ts`).
 */
import { grownTo } from '../../shared/bytes/grownArray.ts';
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import type { PageFormat } from './entryCursor.ts';
import type { PageRow } from './pageReader.ts';
import type { PageForms } from './protobufPage.ts';
import { ReaderAround } from './readerAround.ts';
import { pickLines } from './rowLines.ts';

/** Types of families that have `_created` lines. */
const CREATED_TYPES: ReadonlySet<MetricType | undefined> = new Set<MetricType>(['counter', 'histogram', 'summary']);
const CREATED = '_created';
/** Behind a family's name, in those of its series. */
const SUFFIX = /_(total|bucket|sum|count)$/;

/** Labels of single series of a family. */
const BOUND_LABELS: Partial<Record<MetricType, string>> = { histogram: 'le', summary: 'quantile' };

const UNKNOWN = -2;
const NONE = -1;

export class StartTimeReader extends ReaderAround {
  /** Of the last page. */
  private format: PageFormat | undefined;
  /** By slot, which of the beginnings belongs to it; UNKNOWN where not looked at yet. */
  private startOf = new Int32Array(0);
  /** By slot of a `_created` line, which beginning it tells. */
  private readonly told = new Map<number, number>();
  /** By family and labels. */
  private readonly starts = new Map<string, number>();

  override *readSteps(bytes: Uint8Array, format: PageFormat, forms?: PageForms): Generator<void, PageRow> {
    const row = yield* this.inner.readSteps(bytes, format, forms);
    this.format = format;
    if (format !== 'openMetrics') return row;
    // A family's type may have changed, and with it what its `_created` line is.
    if (row.metadata.size > 0) this.forget();
    if (!row.isAlike) this.lookAt(row);
    return this.told.size === 0 ? row : this.withStarts(row);
  }

  /** Those of OpenMetrics may be asked for again here, when a family's type changes. */
  override forgetLabels(slot: number): void {
    if (this.format !== 'openMetrics') this.inner.forgetLabels(slot);
  }

  protected override forget(): void {
    this.startOf = new Int32Array(0);
    this.told.clear();
    this.starts.clear();
  }

  /** Looks at the slots that are new. */
  private lookAt({ count, slots }: PageRow): void {
    const known = this.startOf.length;
    this.startOf = grownTo(this.startOf, this.inner.slotCount);
    if (this.startOf.length > known) this.startOf.fill(UNKNOWN, known);
    const fresh = new Set<number>();
    for (let i = 0; i < count; i++) if (this.startOf[slots[i]] === UNKNOWN) fresh.add(slots[i]);
    // Beginnings first: they stand behind what they belong to.
    for (const slot of fresh) if (this.tells(slot)) fresh.delete(slot);
    for (const slot of fresh) this.startOf[slot] = this.starts.size === 0 ? NONE : this.startOfSeries(slot);
  }

  /** Whether it is a `_created` line, which is then known. */
  private tells(slot: number): boolean {
    const labels = this.labels(slot);
    const name = labelValue(labels, METRIC_NAME);
    const family = name.slice(0, -CREATED.length);
    if (!name.endsWith(CREATED) || !CREATED_TYPES.has(this.typeOf(family))) return false;
    const key = this.keyOf(labels, family);
    let start = this.starts.get(key);
    if (start === undefined) this.starts.set(key, (start = this.starts.size));
    this.told.set(slot, start);
    this.startOf[slot] = NONE;
    return true;
  }

  private startOfSeries(slot: number): number {
    const labels = this.labels(slot);
    const name = labelValue(labels, METRIC_NAME);
    const family = name.replace(SUFFIX, '');
    return this.starts.get(this.keyOf(labels, family)) ?? this.starts.get(this.keyOf(labels, name)) ?? NONE;
  }

  /** Of a family and the labels that its series share. */
  private keyOf(labels: Labels, family: string): string {
    const own = BOUND_LABELS[this.typeOf(family) ?? 'unknown'];
    const shared = labels.filter(([name]) => name !== own);
    return labelsKey(shared.map(([name, value]) => (name === METRIC_NAME ? [name, family] : [name, value])));
  }

  /** The row without `_created` lines. */
  private withStarts(row: PageRow): PageRow {
    const told = new Float64Array(this.starts.size).fill(NaN);
    const lines = new Int32Array(row.count);
    let count = 0;
    for (let i = 0; i < row.count; i++) {
      const start = this.told.get(row.slots[i]);
      if (start === undefined) lines[count++] = i;
      else told[start] = Math.trunc(row.values[i] * 1000);
    }
    if (count === row.count) return row;
    const picked = pickLines(row, lines.subarray(0, count));
    picked.slots.forEach((slot, line) => {
      const start = this.startOf[slot];
      if (start >= 0 && Number.isFinite(told[start])) picked.starts.set(line, told[start]);
    });
    return { ...row, ...picked };
  }
}
