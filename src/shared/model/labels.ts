/**
 * Label sets. A series is its labels: pairs of name and value, sorted by name, no name twice, no empty value
 * (an empty value means "no such label", as upstream has it). The metric name is the label `__name__`.
 */
export const METRIC_NAME = '__name__';

export type Label = readonly [name: string, value: string];
export type Labels = readonly Label[];

export const NO_LABELS: Labels = [];

/** Byte order of UTF-8, which is code point order; differs from `<` only where surrogates are compared with U+E000…U+FFFF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsSurrogate = x >= 0xd800 && x <= 0xdfff;
    const yIsSurrogate = y >= 0xd800 && y <= 0xdfff;
    if (xIsSurrogate !== yIsSurrogate) return xIsSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** Labels from any iterable of pairs; empty values are dropped, of a repeated name the last value stands. */
export function labelsFrom(pairs: Iterable<Label>): Labels {
  const byName = new Map<string, string>();
  for (const [name, value] of pairs) {
    if (value === '') byName.delete(name);
    else byName.set(name, value);
  }
  return [...byName].sort((a, b) => compareText(a[0], b[0]));
}

export function labelsOf(record: Readonly<Record<string, string>>): Labels {
  return labelsFrom(Object.entries(record));
}

/** The value of a label, '' if there is none. */
export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i++) if (labels[i][0] === name) return labels[i][1];
  return '';
}

export function labelsRecord(labels: Labels): Record<string, string> {
  return Object.fromEntries(labels);
}

/** A string that is equal for equal label sets only. For maps; not for people. */
export function labelsKey(labels: Labels): string {
  let key = '';
  for (let i = 0; i < labels.length; i++) key += keyOf(labels[i]);
  return key;
}

const MARK = /[\xfe\xff]/;

/** The part of a {@link labelsKey} that a label is: its name and value, each with a mark behind it that is in neither. */
export function keyOf([name, value]: Label): string {
  return `${MARK.test(name) ? escaped(name) : name}\xff${MARK.test(value) ? escaped(value) : value}\xff`;
}

const escaped = (text: string) => text.replaceAll('\xfe', '\xfe0').replaceAll('\xff', '\xfe1');

export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const byName = compareText(a[i][0], b[i][0]);
    if (byName !== 0) return byName;
    const byValue = compareText(a[i][1], b[i][1]);
    if (byValue !== 0) return byValue;
  }
  return a.length - b.length;
}

const PLAIN_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function isPlainMetricName(name: string): boolean {
  return PLAIN_METRIC_NAME.test(name);
}

export function isPlainLabelName(name: string): boolean {
  return PLAIN_LABEL_NAME.test(name);
}

/** A label's name as PromQL and the exposition formats write it: quoted where it has to be. */
export function labelNameText(name: string): string {
  return isPlainLabelName(name) ? name : quoted(name);
}

/** A double-quoted text as PromQL and the exposition formats write it. */
export function quoted(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

const GO_ESCAPES: Readonly<Record<string, string>> = {
  ...{ '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' },
  ...{ '\\': '\\\\', '"': '\\"' },
};

/** As Go's %q has it: {@link quoted}, and what cannot be seen is escaped too. */
export function goQuoted(text: string): string {
  return `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, goEscaped)}"`;
}

function goEscaped(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = (width: number) => code.toString(16).padStart(width, '0');
  return GO_ESCAPES[character] ?? (code < 0x80 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`);
}

/** `{__name__="name", a="b"}`, as upstream writes label sets in its messages. */
export function formatLabelSet(labels: Labels): string {
  return `{${labels.map(([n, v]) => `${labelNameText(n)}=${goQuoted(v)}`).join(', ')}}`;
}

/** `name{a="b"}` as the exposition formats write it: without blanks. @param labels without the name. */
export function seriesText(name: string, labels: readonly Label[]): string {
  const pairs = labels.map(([n, v]) => `${labelNameText(n)}=${quoted(v)}`);
  if (!isPlainMetricName(name)) return `{${[quoted(name), ...pairs].join(',')}}`;
  return pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name;
}

/** `name{a="b"}` as people write it; names that need it are quoted. */
export function formatLabels(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME);
  const pairs = labels.filter(([n]) => n !== METRIC_NAME).map(([n, v]) => `${labelNameText(n)}=${quoted(v)}`);
  if (name !== '' && !isPlainMetricName(name)) return `{${[quoted(name), ...pairs].join(', ')}}`;
  return pairs.length > 0 || name === '' ? `${name}{${pairs.join(', ')}}` : name;
}
