/** label_replace, label_join and sorting by labels: rows stay, labels change. */
import { RE2JS } from 're2js';
import { compareText, labelsFrom, labelValue, type Labels } from '../../shared/model/labels.ts';
import { patternShape } from '../../shared/model/matchers.ts';
import { QueryError } from '../storage/engine.ts';

/**
 * label_replace: where `pattern` matches the whole source value, `target` becomes `template` with $1, ${name} filled in; an empty
 * result drops the label.
 */
export function labelReplacer(
  target: string,
  template: string,
  source: string,
  pattern: string,
): (labels: Labels) => Labels {
  const match = matchOf(pattern);
  requireLabelName(target, 'destination', 'label_replace');
  return (labels) => {
    const groupOf = match(labelValue(labels, source));
    if (groupOf === undefined) return labels;
    return labelsFrom([...labels, [target, expandTemplate(template, groupOf)]]);
  };
}

/** What the groups of a match stand for, by number or name; '' for those that are not there. */
type GroupText = (name: string) => string;

/** @returns how a pattern matches a whole text; undefined where it does not. @throws QueryError for what is no pattern. */
function matchOf(pattern: string): (text: string) => GroupText | undefined {
  const shape = patternShape(pattern);
  // Texts need no automaton, whose making takes longer than many a query.
  if (shape?.kind === 'set')
    return (text) => (shape.texts.includes(text) ? (name) => (/^0+$/.test(name) ? text : '') : undefined);
  let compiled: ReturnType<typeof RE2JS.compile>;
  try {
    compiled = RE2JS.compile(`^(?:${pattern})$`, RE2JS.DOTALL);
  } catch (fault) {
    throw new QueryError('execution', `invalid regular expression in label_replace(): ${pattern}`, { cause: fault });
  }
  const groupNames = compiled.namedGroups() as Readonly<Record<string, number>>;
  return (text) => {
    const matcher = compiled.matcher(text);
    if (!matcher.find()) return undefined;
    return (name) => {
      const index = /^[0-9]+$/.test(name) ? Number(name) : (groupNames[name] ?? -1);
      return index >= 0 && index <= matcher.groupCount() ? (matcher.group(index) ?? '') : '';
    };
  };
}

/** Of one value that is made: in nested calls it could become twice as long with each of them. */
const VALUE_CHARS_MAX = 256 * 1024;

function refuseLonger(chars: number, func: string): void {
  if (chars <= VALUE_CHARS_MAX) return;
  throw new QueryError(
    'execution',
    `${func}() makes a label of more than ${VALUE_CHARS_MAX} characters; make a shorter one`,
  );
}

/** `$1`, `$name`, `${name}` and `$$`, as Go's regexp expands them; a `$` that begins none of these stays. */
function expandTemplate(template: string, groupOf: (name: string) => string): string {
  let chars = template.length;
  return template.replace(/\$(?:(\$)|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g, (_all, dollar, braced, bare) => {
    const text = dollar !== undefined ? '$' : groupOf(braced ?? bare);
    refuseLonger((chars += text.length), 'label_replace');
    return text;
  });
}

/** label_join: `target` becomes the source labels' values with `separator` between them. */
export function labelJoiner(target: string, separator: string, sources: readonly string[]): (labels: Labels) => Labels {
  for (const source of sources) requireLabelName(source, 'source', 'label_join');
  requireLabelName(target, 'destination', 'label_join');
  return (labels) => {
    const texts = sources.map((name) => labelValue(labels, name));
    refuseLonger(
      texts.reduce((chars, text) => chars + text.length + separator.length, 0),
      'label_join',
    );
    return labelsFrom([...labels, [target, texts.join(separator)]]);
  };
}

/** Any text but the empty one is a name. */
function requireLabelName(name: string, use: 'source' | 'destination', func: string): void {
  if (name === '') throw new QueryError('execution', `invalid ${use} label name in ${func}(): ${name}`);
}

/** Order of rows by the given labels, numbers in values by their size; then by all labels. */
export function orderByLabels(labels: readonly Labels[], names: readonly string[], descending: boolean): number[] {
  const sign = descending ? -1 : 1;
  const rows = labels.map((_, s) => s);
  return sorted(rows, (a, b) => {
    for (const name of names) {
      const [x, y] = [labelValue(labels[a], name), labelValue(labels[b], name)];
      if (x !== y) return precedes(x, y) ? -sign : sign;
    }
    return sign * compareAll(labels[a], labels[b]);
  });
}

/** Go sorts up to this many by insertion, which shows where two texts each precede the other. */
const INSERTED_MAX = 12;

function sorted(rows: number[], compare: (a: number, b: number) => number): number[] {
  if (rows.length > INSERTED_MAX) return rows.sort(compare);
  for (let i = 1; i < rows.length; i++) {
    for (let j = i; j > 0 && compare(rows[j], rows[j - 1]) < 0; j--) [rows[j - 1], rows[j]] = [rows[j], rows[j - 1]];
  }
  return rows;
}

function compareAll(a: Labels, b: Labels): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareText(a[i][0], b[i][0]) || compareText(a[i][1], b[i][1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/**
 * Whether one of two texts that differ comes first, their runs of digits being compared as numbers. Of "2" and "02" either one does.
 * Rule: github.com/facette/natsort, which Prometheus sorts by.
 */
function precedes(a: string, b: string): boolean {
  const partsOfA = a.match(/\d+|\D+/g) ?? [];
  const partsOfB = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < partsOfA.length; i++) {
    if (i >= partsOfB.length) return false;
    const [x, y] = [partsOfA[i], partsOfB[i]];
    const areNumbers = isInt64(x) && isInt64(y);
    if (areNumbers && BigInt(x) !== BigInt(y)) return BigInt(x) < BigInt(y);
    if (!areNumbers && x !== y) return compareText(x, y) < 0;
    if (i === partsOfA.length - 1) return true;
  }
  return false;
}

const INT64_MAX = 2n ** 63n - 1n;
const isInt64 = (text: string) => /^\d+$/.test(text) && BigInt(text) <= INT64_MAX;
