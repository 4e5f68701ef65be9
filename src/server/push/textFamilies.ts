/** A pushed text page, its lines gathered into families: what the text format says line by line, the protobuf format says metric by metric. */
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import { END, HELP, ParseError, SERIES, TYPE, type EntryCursor } from '../textparse/entryCursor.ts';
import { parseFloatText } from '../textparse/floats.ts';
import { createCursor } from '../textparse/pageCursor.ts';
import {
  familyTypeOf,
  SERIES_SUFFIXES,
  type FamilyType,
  type PushedFamily,
  type PushedMetric,
} from './pushedFamily.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';
import { InconsistentPush } from './inconsistentPush.ts';

const NEWLINE = 0x0a;
/** Of `Metric`, by type. */
const VALUE_FIELDS: Partial<Record<FamilyType, number>> = { GAUGE: 2, COUNTER: 3, UNTYPED: 5 };
const SUMMARY_FIELD = 4;
const HISTOGRAM_FIELD = 7;

/** @throws RequestRefused */
export function readTextFamilies(bytes: Uint8Array): PushedFamily[] {
  const reader = new FamilyReader();
  try {
    const cursor = createCursor('text');
    cursor.open(bytes);
    for (let kind = cursor.next(); kind !== END; kind = cursor.next()) {
      if (kind === SERIES) reader.addSeries(cursor);
      else if (kind === TYPE || kind === HELP) reader.declare(cursor, kind, bytes);
    }
    if (bytes.length > 0 && bytes[bytes.length - 1] !== NEWLINE)
      throw new ParseError(bytes, bytes.length, 'the last line does not end with a newline');
  } catch (error) {
    if (error instanceof ParseError) throw new RequestRefused(400, `text format parsing error in ${error.message}`);
    throw error;
  }
  return reader.families();
}

class FamilyReader {
  private readonly byName = new Map<string, TextFamily>();

  declare(cursor: EntryCursor, kind: typeof TYPE | typeof HELP, bytes: Uint8Array): void {
    const family = this.family(cursor.metric);
    if (kind === HELP) family.help = cursor.text;
    else if (!family.setType(familyTypeOf(cursor.type))) {
      const why = `second TYPE line for metric name ${JSON.stringify(cursor.metric)}, or TYPE reported after samples`;
      throw new ParseError(bytes, cursor.offset, why);
    }
  }

  addSeries(cursor: EntryCursor): void {
    if (!Number.isNaN(cursor.t)) throw new InconsistentPush('pushed metrics must not have timestamps');
    const labels = cursor.labels();
    const name = labelValue(labels, METRIC_NAME);
    const own = labels.filter(([label]) => label !== METRIC_NAME);
    const { family, suffix } = this.familyOf(name);
    family.add(suffix, own, cursor.v);
  }

  families(): PushedFamily[] {
    return [...this.byName.values()].filter((family) => !family.isEmpty).map((family) => family.pushed());
  }

  private familyOf(name: string): { family: TextFamily; suffix: string } {
    for (const suffix of ['_bucket', '_sum', '_count']) {
      if (!name.endsWith(suffix)) continue;
      const family = this.byName.get(name.slice(0, -suffix.length));
      if (family !== undefined && SERIES_SUFFIXES[family.type]?.includes(suffix)) return { family, suffix };
    }
    return { family: this.family(name), suffix: '' };
  }

  private family(name: string): TextFamily {
    let family = this.byName.get(name);
    if (family === undefined) this.byName.set(name, (family = new TextFamily(name)));
    return family;
  }
}

/** What the lines of one histogram or summary say together. */
interface Parts {
  readonly labels: Labels;
  count: number;
  sum: number;
  /** Upper bound or quantile, and value. */
  readonly bounds: (readonly [bound: number, v: number])[];
}

class TextFamily {
  type: FamilyType = 'UNTYPED';
  help = '';
  private readonly name: string;
  private typed = false;
  private readonly single: PushedMetric[] = [];
  private readonly composite = new Map<string, Parts>();

  constructor(name: string) {
    this.name = name;
  }

  get isEmpty(): boolean {
    return this.single.length === 0 && this.composite.size === 0;
  }

  /** Whether a type may still be said. */
  setType(type: FamilyType): boolean {
    if (this.typed || !this.isEmpty) return false;
    this.type = type;
    return (this.typed = true);
  }

  add(suffix: string, labels: Labels, v: number): void {
    const field = VALUE_FIELDS[this.type];
    if (field !== undefined) {
      const rest = new WireWriter().message(field, (out) => out.double(1, v)).finish();
      this.single.push({ labels, rest });
      return;
    }
    const boundName = this.type === 'HISTOGRAM' ? 'le' : 'quantile';
    const parts = this.partsOf(suffix === '_sum' || suffix === '_count' ? labels : without(labels, boundName));
    if (suffix === '_sum') parts.sum = v;
    else if (suffix === '_count') parts.count = v;
    else parts.bounds.push([this.bound(labels, boundName), v]);
  }

  pushed(): PushedFamily {
    const { name, type, help } = this;
    const write = type === 'HISTOGRAM' ? writeHistogram : writeSummary;
    const composite = [...this.composite.values()].map((parts) => ({ labels: parts.labels, rest: write(parts) }));
    return { name, type, help, unit: '', metrics: [...this.single, ...composite] };
  }

  private partsOf(labels: Labels): Parts {
    const key = labelsKey(labels);
    let parts = this.composite.get(key);
    if (parts === undefined) this.composite.set(key, (parts = { labels, count: 0, sum: 0, bounds: [] }));
    return parts;
  }

  private bound(labels: Labels, boundName: string): number {
    const bound = parseFloatText(labelValue(labels, boundName));
    if (bound === undefined)
      throw new RequestRefused(
        400,
        `text format parsing error in ${this.name}: expected a number in label ${boundName}`,
      );
    return bound;
  }
}

function without(labels: Labels, name: string): Labels {
  return labels.filter(([label]) => label !== name);
}

/** Counts are whole numbers or, where a text says otherwise, floats in the fields that are meant for these. */
function writeHistogram({ count, sum, bounds }: Parts): Uint8Array {
  const whole = [count, ...bounds.map(([, v]) => v)].every((v) => Number.isSafeInteger(v) && v >= 0);
  return new WireWriter()
    .message(HISTOGRAM_FIELD, (out) => {
      (whole ? out.int(1, count) : out.double(4, count)).double(2, sum);
      for (const [bound, v] of bounds)
        out.message(3, (bucket) => (whole ? bucket.int(1, v) : bucket.double(4, v)).double(2, bound));
    })
    .finish();
}

function writeSummary({ count, sum, bounds }: Parts): Uint8Array {
  return new WireWriter()
    .message(SUMMARY_FIELD, (out) => {
      out.int(1, Math.trunc(count)).double(2, sum);
      for (const [quantile, v] of bounds) out.message(3, (part) => part.double(1, quantile).double(2, v));
    })
    .finish();
}
