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

export class SeriesScanner {
  /** OpenMetrics: no white space inside, commas between labels, no newline inside quotes. */
  private readonly strict: boolean;
  private bytes: Uint8Array = new Uint8Array(0);
  /** [from, to) of the metric name, quotes included; from = -1 while there is none. */
  private nameFrom = -1;
  private nameTo = -1;
  /** Per label: name from, name to (quotes included), value from, value to (quotes not). */
  private readonly ranges: number[] = [];

  constructor(strict: boolean) {
    this.strict = strict;
  }

  /**
   * Scans from the first byte of a name or brace.
   *
   * @returns the first byte after name and labels.
   */
  scan(bytes: Uint8Array, from: number): number {
    this.bytes = bytes;
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
  scanExemplar(bytes: Uint8Array, from: number): number {
    this.bytes = bytes;
    this.ranges.length = 0;
    this.nameFrom = -1;
    return this.scanBraces(from, false);
  }

  /** Sorted; a label written with an empty value is kept, since `honor_labels` cares. @throws ParseError for a name that stands twice and for text that is not UTF-8. */
  labels(type: MetricType): Labels {
    const pairs: Label[] = [];
    const metricName = this.nameFrom >= 0 ? this.nameText(this.nameFrom, this.nameTo) : undefined;
    if (metricName !== undefined) pairs.push([METRIC_NAME, metricName]);
    const numeric = numericLabel(type);
    for (let i = 0; i < this.ranges.length; i += 4) {
      const name = this.nameText(this.ranges[i], this.ranges[i + 1]);
      const value = this.text(this.ranges[i + 2], this.ranges[i + 3]);
      if (name === '') throw new ParseError(this.bytes, this.ranges[i], 'a label name is empty');
      if (!insertSorted(pairs, [name, name === numeric ? spelledAsNumber(value) : value]))
        throw new ParseError(this.bytes, this.ranges[i], `label ${JSON.stringify(name)} stands twice`);
    }
    if (metricName === '') throw new ParseError(this.bytes, this.nameFrom, 'the metric name is empty');
    return pairs;
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

/** @returns false if there is a label of this name. */
function insertSorted(pairs: Label[], label: Label): boolean {
  let at = pairs.length;
  for (; at > 0; at--) {
    const order = compareText(pairs[at - 1][0], label[0]);
    if (order === 0) return false;
    if (order < 0) break;
  }
  if (at === pairs.length) pairs.push(label);
  else pairs.splice(at, 0, label);
  return true;
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

function spelledAsNumber(value: string): string {
  const v = parseFloatText(value);
  return v === undefined ? value : formatOpenMetricsFloat(v);
}
