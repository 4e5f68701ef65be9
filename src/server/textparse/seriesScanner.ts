/** Name and labels of a series, as byte ranges first (cheap, for every line read in full) and as labels when asked (once per series). */
import { compareText, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';
import type { MetricType } from '../../shared/model/metadata.ts';
import { ParseError } from './entryCursor.ts';
import { formatOpenMetricsFloat, parseFloatText } from './floats.ts';
import { textOf } from './labelText.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const COMMA = 0x2c;
const EQUAL = 0x3d;

/** What a byte may do in an unquoted name. */
const LETTER = 1;
const COLON = 2;
const DIGIT = 4;
const BYTE_CLASS = new Uint8Array(256);
for (let c = 0; c < 256; c++) {
  const char = String.fromCharCode(c);
  if (/[a-zA-Z_]/.test(char)) BYTE_CLASS[c] = LETTER;
  else if (char === ':') BYTE_CLASS[c] = COLON;
  else if (/\d/.test(char)) BYTE_CLASS[c] = DIGIT;
}

/** A label, and the bytes of the page that say it: from its name to the end of its value. */
interface MadeLabel {
  from: number;
  to: number;
  label: Label;
}

const NO_LABEL: Label = ['', ''];
/** The set being made: a list that grows takes twice what is needed. */
const pairs: Label[] = [];

export class SeriesScanner {
  /** OpenMetrics: no white space inside, commas between labels, no newline inside quotes. */
  private readonly strict: boolean;
  private bytes: Uint8Array = new Uint8Array(0);
  /** [from, to) of the metric name, quotes included; from = -1 while there is none. */
  private nameFrom = -1;
  private nameTo = -1;
  /** Per label: name from, name to (quotes included), value from, value to (quotes not). */
  private readonly ranges: number[] = [];
  /** The labels that were made last, which the next series mostly has again: but for its bucket's bound, say. */
  private readonly made: MadeLabel[] = [];
  private readonly madeName: MadeLabel = { from: 0, to: 0, label: NO_LABEL };
  /** The label of them that is spelled as a number. */
  private madeNumeric = '';
  /** Labels of the set being made. */
  private pairCount = 0;

  constructor(strict: boolean) {
    this.strict = strict;
  }

  /** Begins a page. */
  open(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.madeName.to = this.madeName.from;
    this.forgetMade();
  }

  /**
   * Scans from the first byte of a name or brace.
   *
   * @returns the first byte after name and labels.
   */
  scan(from: number): number {
    const { bytes } = this;
    this.ranges.length = 0;
    const nameTo = scanMetricName(bytes, from);
    this.nameFrom = nameTo > from ? from : -1;
    this.nameTo = nameTo;
    const brace = this.skipBlanks(nameTo);
    if (bytes[brace] === BRACE_OPEN) {
      const end = this.scanBraces(brace + 1, true);
      if (this.nameFrom < 0) throw new ParseError(bytes, from, 'the series has no metric name');
      return end;
    }
    if (this.nameFrom < 0) throw new ParseError(bytes, from, 'expected a metric name or #');
    return nameTo;
  }

  /** Labels of an exemplar, from the byte after its brace. */
  scanExemplar(from: number): number {
    this.ranges.length = 0;
    this.nameFrom = -1;
    return this.scanBraces(from, false);
  }

  /** Sorted; a label written with an empty value is kept, since `honor_labels` cares. @throws ParseError for a name that stands twice and for text that is not UTF-8. */
  labels(type: MetricType): Labels {
    const { ranges, made } = this;
    const numeric = numericLabel(type);
    if (numeric !== this.madeNumeric) this.forgetMade();
    this.madeNumeric = numeric;
    this.pairCount = 0;
    const metricName = this.nameFrom >= 0 ? this.nameLabel() : undefined;
    if (metricName !== undefined) pairs[this.pairCount++] = metricName;
    for (let i = 0; i < ranges.length; i += 4) {
      const [from, to] = [ranges[i], ranges[i + 3]];
      const known = (made[i >> 2] ??= { from: 0, to: 0, label: NO_LABEL });
      if (!this.isMade(known, from, to)) known.label = this.labelAt(i, numeric);
      known.from = from;
      known.to = to;
      if (!this.insertSorted(known.label))
        throw new ParseError(this.bytes, from, `label ${JSON.stringify(known.label[0])} stands twice`);
    }
    if (metricName?.[1] === '') throw new ParseError(this.bytes, this.nameFrom, 'the metric name is empty');
    return pairs.slice(0, this.pairCount);
  }

  private forgetMade(): void {
    for (const made of this.made) made.to = made.from;
  }

  private nameLabel(): Label {
    const { madeName, nameFrom, nameTo } = this;
    if (!this.isMade(madeName, nameFrom, nameTo)) madeName.label = [METRIC_NAME, this.nameText(nameFrom, nameTo)];
    madeName.from = nameFrom;
    madeName.to = nameTo;
    return madeName.label;
  }

  private labelAt(i: number, numeric: ReturnType<typeof numericLabel>): Label {
    const { ranges } = this;
    const name = this.nameText(ranges[i], ranges[i + 1]);
    const value = this.text(ranges[i + 2], ranges[i + 3]);
    if (name === '') throw new ParseError(this.bytes, ranges[i], 'a label name is empty');
    return numeric !== '' && name === numeric ? numberLabel(numeric, value) : [name, value];
  }

  /** Whether the same bytes stand here. */
  private isMade({ from, to }: MadeLabel, at: number, end: number): boolean {
    const { bytes } = this;
    if (to - from !== end - at) return false;
    for (; at < end; from++, at++) if (bytes[from] !== bytes[at]) return false;
    return true;
  }

  /** @returns false if there is a label of this name. */
  private insertSorted(label: Label): boolean {
    let at = this.pairCount;
    for (; at > 0; at--) {
      const order = compareText(pairs[at - 1][0], label[0]);
      if (order === 0) return false;
      if (order < 0) break;
    }
    for (let i = this.pairCount++; i > at; i--) pairs[i] = pairs[i - 1];
    pairs[at] = label;
    return true;
  }

  private scanBraces(from: number, nameAllowed: boolean): number {
    const { bytes, ranges } = this;
    let i = this.skipBlanks(from);
    for (;;) {
      if (bytes[i] === BRACE_CLOSE) return i + 1;
      const nameFrom = i;
      i = bytes[i] === QUOTE ? this.scanQuoted(i) : scanLabelName(bytes, i);
      if (i === nameFrom) throw new ParseError(bytes, i, 'expected a label name or }');
      const nameTo = i;
      i = this.skipBlanks(i);
      if (bytes[nameFrom] === QUOTE && (bytes[i] === COMMA || bytes[i] === BRACE_CLOSE)) {
        if (!nameAllowed || this.nameFrom >= 0)
          throw new ParseError(bytes, nameFrom, 'a metric name here, though there is one');
        this.nameFrom = nameFrom;
        this.nameTo = nameTo;
      } else {
        if (bytes[i] !== EQUAL) throw new ParseError(bytes, i, 'expected = after the label name');
        i = this.skipBlanks(i + 1);
        if (bytes[i] !== QUOTE) throw new ParseError(bytes, i, 'expected a label value in double quotes');
        const valueFrom = i + 1;
        i = this.scanQuoted(i);
        ranges.push(nameFrom, nameTo, valueFrom, i - 1);
        i = this.skipBlanks(i);
      }
      if (bytes[i] === COMMA) i = this.skipBlanks(i + 1);
      else if (this.strict && bytes[i] !== BRACE_CLOSE)
        throw new ParseError(bytes, i, 'expected , or } after the label');
    }
  }

  /** From an opening quote to the byte after the closing one. */
  private scanQuoted(from: number): number {
    const { bytes } = this;
    for (let i = from + 1; i < bytes.length; i++) {
      const c = bytes[i];
      if (c === QUOTE) return i + 1;
      if (c === BACKSLASH && bytes[i + 1] !== NEWLINE) i++;
      else if (c === BACKSLASH || (c === NEWLINE && this.strict)) break;
    }
    throw new ParseError(bytes, from, 'the closing double quote is missing');
  }

  private skipBlanks(from: number): number {
    return this.strict ? from : skipBlanks(this.bytes, from);
  }

  private nameText(from: number, to: number): string {
    return this.bytes[from] === QUOTE ? this.text(from + 1, to - 1) : decode(this.bytes, from, to);
  }

  private text(from: number, to: number): string {
    return unescape(decode(this.bytes, from, to));
  }
}

/** The label that holds a number in series of this type, '' for none. */
export function numericLabel(type: MetricType): 'le' | 'quantile' | '' {
  return type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : '';
}

export function skipBlanks(bytes: Uint8Array, from: number): number {
  let i = from;
  while (bytes[i] === 0x20 || bytes[i] === 0x09) i++;
  return i;
}

/** The end of an unquoted metric name; `from` if there is none. */
export function scanMetricName(bytes: Uint8Array, from: number): number {
  let i = from;
  if ((BYTE_CLASS[bytes[i]] & (LETTER | COLON)) === 0) return from;
  while ((BYTE_CLASS[bytes[i]] & (LETTER | COLON | DIGIT)) !== 0) i++;
  return i;
}

function scanLabelName(bytes: Uint8Array, from: number): number {
  let i = from;
  if ((BYTE_CLASS[bytes[i]] & LETTER) === 0) return from;
  while ((BYTE_CLASS[bytes[i]] & (LETTER | DIGIT)) !== 0) i++;
  return i;
}

export function decode(bytes: Uint8Array, from: number, to: number): string {
  try {
    return textOf(bytes, from, to);
  } catch {
    throw new ParseError(bytes, from, 'not valid UTF-8');
  }
}

/** `\\`, `\"` and `\n`; any other backslash stands for itself. */
export function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\"n])/g, (_, c: string) => (c === 'n' ? '\n' : c));
}

/** Bounds of buckets, and quantiles, are the same in one metric after the other. */
const NUMBER_LABELS_MAX = 1024;
const NUMBER_LENGTH_MAX = 32;
const numberLabels: Readonly<Record<'le' | 'quantile', Map<string, Label>>> = { le: new Map(), quantile: new Map() };

/** A label whose value is spelled as a number, if it is one. */
function numberLabel(name: 'le' | 'quantile', value: string): Label {
  const known = numberLabels[name];
  let label = known.get(value);
  if (label !== undefined) return label;
  const v = parseFloatText(value);
  label = [name, v === undefined ? value : formatOpenMetricsFloat(v)];
  if (value.length > NUMBER_LENGTH_MAX) return label;
  if (known.size >= NUMBER_LABELS_MAX) known.clear();
  known.set(value, label);
  return label;
}
