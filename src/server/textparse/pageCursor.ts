/** The two grammars as entry cursors: text 0.0.4 (and 1.0.0), forgiving about white space; OpenMetrics, exact about it. */
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar, MetricType } from '../../shared/model/metadata.ts';
import {
  END,
  HELP,
  ParseError,
  SERIES,
  TYPE,
  UNIT,
  type EntryCursor,
  type EntryKind,
  type TextFormat,
} from './entryCursor.ts';
import { FloatReader, latin1 } from './floats.ts';
import { decode, scanMetricName, SeriesScanner, skipBlanks, unescape } from './seriesScanner.ts';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const HASH = 0x23;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE_OPEN = 0x7b;
/** The last millisecond that a double, and a JavaScript date, can name. */
const TIME_MS_MAX = 8.64e15;

const TYPES: Readonly<Record<TextFormat, Readonly<Record<string, MetricType>>>> = {
  text: { counter: 'counter', gauge: 'gauge', histogram: 'histogram', summary: 'summary', untyped: 'unknown' },
  openMetrics: {
    counter: 'counter',
    gauge: 'gauge',
    histogram: 'histogram',
    gaugehistogram: 'gaugehistogram',
    summary: 'summary',
    info: 'info',
    stateset: 'stateset',
    unknown: 'unknown',
  },
};

export function createCursor(format: TextFormat): EntryCursor {
  return format === 'text' ? new TextCursor() : new OpenMetricsCursor();
}

abstract class PageCursor implements EntryCursor {
  offset = 0;
  type: MetricType = 'unknown';
  seriesStart = 0;
  seriesEnd = 0;
  valueStart = 0;
  v = 0;
  t = NaN;
  exemplar: Exemplar | undefined;
  metric = '';
  text = '';
  protected bytes: Uint8Array = new Uint8Array(0);
  protected readonly floats = new FloatReader();
  private readonly series: SeriesScanner;
  /** Apart from the line's own scanner, whose labels may be asked for after the exemplar is read. */
  protected readonly exemplarScanner = new SeriesScanner(true);
  private readonly types: Readonly<Record<string, MetricType>>;

  constructor(format: TextFormat) {
    this.series = new SeriesScanner(format === 'openMetrics');
    this.types = TYPES[format];
  }

  abstract next(): EntryKind;
  abstract readTail(offset: number): number;

  open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.series.open(bytes);
    this.exemplarScanner.open(bytes);
    this.seek(0, 'unknown');
  }

  seek(offset: number, type: MetricType): void {
    this.offset = offset;
    this.type = type;
  }

  labels(): Labels {
    return this.series.labels(this.type);
  }

  protected scanSeries(from: number): number {
    this.seriesStart = from;
    this.seriesEnd = this.series.scan(from);
    return this.seriesEnd;
  }

  protected readValue(from: number): number {
    this.valueStart = from;
    this.v = this.floats.read(this.bytes, from);
    if (!this.floats.ok || this.floats.end === from) this.fail(from, 'expected a number as value');
    return this.floats.end;
  }

  /** The family's name after `# TYPE ` and the like: plain or quoted. */
  protected readFamily(from: number): number {
    const { bytes } = this;
    if (bytes[from] !== QUOTE) {
      const to = scanMetricName(bytes, from);
      if (to === from) this.fail(from, 'expected a metric name');
      this.metric = decode(bytes, from, to);
      return to;
    }
    let i = from + 1;
    while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
    if (i >= bytes.length) this.fail(from, 'the closing double quote is missing');
    this.metric = unescape(decode(bytes, from + 1, i));
    return i + 1;
  }

  protected declareType(at: number): void {
    const type = Object.hasOwn(this.types, this.text) ? this.types[this.text] : undefined;
    if (type === undefined) this.fail(at, `${JSON.stringify(this.text)} is not a metric type`);
    this.type = type;
  }

  protected lineEnd(from: number): number {
    const i = this.bytes.indexOf(NEWLINE, from);
    return i < 0 ? this.bytes.length : i;
  }

  protected startsWith(word: string, at: number): boolean {
    for (let i = 0; i < word.length; i++) if (this.bytes[at + i] !== word.charCodeAt(i)) return false;
    return true;
  }

  protected fail(at: number, why: string): never {
    throw new ParseError(this.bytes, at, why);
  }
}

const TEXT_META = [
  ['HELP', HELP],
  ['TYPE', TYPE],
] as const;

class TextCursor extends PageCursor {
  constructor() {
    super('text');
  }

  next(): EntryKind {
    const { bytes } = this;
    let i = this.offset;
    for (;;) {
      while (bytes[i] === SPACE || bytes[i] === TAB || bytes[i] === NEWLINE) i++;
      if (i >= bytes.length) {
        this.offset = i;
        return END;
      }
      if (bytes[i] !== HASH) return this.readSeries(i);
      const kind = this.readComment(i);
      if (kind !== END) return kind;
      i = this.offset;
    }
  }

  readTail(offset: number): number {
    const { bytes } = this;
    this.t = NaN;
    let i = skipBlanks(bytes, offset);
    if (i < bytes.length && bytes[i] !== NEWLINE) {
      const from = i;
      while (bytes[i] >= 0x30 && bytes[i] <= 0x39) i++;
      const t = Number(latin1(bytes, from, i));
      if (i === from || Number.isNaN(t) || Math.abs(t) > TIME_MS_MAX)
        this.fail(from, 'expected a time in milliseconds or the line’s end');
      this.t = t;
      i = skipBlanks(bytes, i);
      if (i < bytes.length && bytes[i] !== NEWLINE) this.fail(i, 'expected the line’s end after the time');
    }
    return i;
  }

  private readSeries(from: number): EntryKind {
    const value = skipBlanks(this.bytes, this.scanSeries(from));
    this.offset = this.readTail(this.readValue(value));
    return SERIES;
  }

  /** END for a comment that says nothing. */
  private readComment(from: number): EntryKind {
    const { bytes } = this;
    const word = skipBlanks(bytes, from + 1);
    this.offset = this.lineEnd(word);
    if (word === from + 1) return END;
    for (const [keyword, kind] of TEXT_META) {
      const after = word + keyword.length;
      if (!this.startsWith(keyword, word) || (bytes[after] !== SPACE && bytes[after] !== TAB)) continue;
      const textFrom = this.readFamily(skipBlanks(bytes, after)) + 1;
      this.text = textFrom < this.offset ? decode(bytes, textFrom, this.offset) : '';
      if (kind === TYPE) this.declareType(textFrom);
      else this.text = unescapeHelp(this.text);
      return kind;
    }
    return END;
  }
}

const OPEN_METRICS_META = [
  ['# HELP ', HELP],
  ['# TYPE ', TYPE],
  ['# UNIT ', UNIT],
] as const;

class OpenMetricsCursor extends PageCursor {
  constructor() {
    super('openMetrics');
  }

  next(): EntryKind {
    const { bytes } = this;
    // An entry ends before its newline; the page's first line has none before it.
    const i = this.offset === 0 ? 0 : this.offset + 1;
    // Upstream takes an answer without a single byte for an empty page.
    if (bytes.length === 0) return END;
    if (i >= bytes.length) this.fail(bytes.length, 'the page does not end with # EOF');
    if (bytes[i] !== HASH) return this.readSeries(i);
    for (const [start, kind] of OPEN_METRICS_META)
      if (this.startsWith(start, i)) return this.readMeta(i + start.length, kind);
    if (!this.startsWith('# EOF', i)) this.fail(i, 'expected # HELP, # TYPE, # UNIT or # EOF');
    const end = bytes[i + 5] === NEWLINE ? i + 6 : i + 5;
    if (end < bytes.length) this.fail(end, 'nothing may follow # EOF');
    this.offset = bytes.length;
    return END;
  }

  readTail(offset: number): number {
    const { bytes } = this;
    this.t = NaN;
    this.exemplar = undefined;
    let i = offset;
    if (bytes[i] === SPACE && bytes[i + 1] !== HASH) {
      this.t = this.readTime(i + 1);
      i = this.floats.end;
    }
    if (bytes[i] === SPACE && bytes[i + 1] === HASH) i = this.readExemplar(i + 2);
    if (bytes[i] !== NEWLINE) this.fail(i, 'expected the line’s end');
    return i;
  }

  private readSeries(from: number): EntryKind {
    const end = this.scanSeries(from);
    if (this.bytes[end] !== SPACE) this.fail(end, 'expected one space and the value');
    this.offset = this.readTail(this.readValue(end + 1));
    return SERIES;
  }

  private readExemplar(from: number): number {
    const { bytes } = this;
    if (bytes[from] !== SPACE || bytes[from + 1] !== BRACE_OPEN) this.fail(from, 'expected { after #');
    const labelsEnd = this.exemplarScanner.scanExemplar(from + 2);
    if (bytes[labelsEnd] !== SPACE) this.fail(labelsEnd, 'expected one space and the exemplar’s value');
    const v = this.floats.read(bytes, labelsEnd + 1);
    if (!this.floats.ok) this.fail(labelsEnd + 1, 'expected a number as the exemplar’s value');
    const valueEnd = this.floats.end;
    const t = bytes[valueEnd] === SPACE ? this.readTime(valueEnd + 1) : undefined;
    const end = t === undefined ? valueEnd : this.floats.end;
    this.exemplar = { labels: this.exemplarScanner.labels('unknown'), v, t };
    return end;
  }

  /** Milliseconds of a time in seconds. */
  private readTime(from: number): number {
    const seconds = this.floats.read(this.bytes, from);
    const t = Math.trunc(seconds * 1000);
    if (!this.floats.ok || !(Math.abs(t) <= TIME_MS_MAX)) this.fail(from, 'expected a time in seconds');
    return t;
  }

  private readMeta(from: number, kind: typeof HELP | typeof TYPE | typeof UNIT): EntryKind {
    const { bytes } = this;
    const nameEnd = this.readFamily(from);
    this.offset = this.lineEnd(nameEnd);
    if (bytes[nameEnd] !== SPACE || this.offset === bytes.length)
      this.fail(nameEnd, 'expected one space, a text and the line’s end');
    this.text = decode(bytes, nameEnd + 1, this.offset);
    if (kind === TYPE) this.declareType(nameEnd + 1);
    else if (kind === HELP) this.text = unescape(this.text);
    else if (this.text !== '' && !this.metric.endsWith(`_${this.text}`)) {
      this.fail(nameEnd + 1, `unit ${JSON.stringify(this.text)} is not the end of the metric's name`);
    }
    return kind;
  }
}

/** Help texts of the text format know `\\` and `\n` only. */
function unescapeHelp(text: string): string {
  return text.replace(/\\([\\n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}
