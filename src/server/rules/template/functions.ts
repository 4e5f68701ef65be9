/** The functions that rule authors have beside Go's own. Source: the template reference of Prometheus' documentation. */
import { isIP } from 'node:net';
import { RE2JS } from 're2js';
import { compareText } from '../../../shared/model/labels.ts';
import { parseDuration } from '../../../shared/model/durations.ts';
import { BUILTINS, queryEscape } from './builtins.ts';
import type { TemplateFunction, TemplateFunctions } from './execute.ts';
import { formatFloat, printed } from './goFormat.ts';
import { GoDuration, GoMap, GoStruct, GoTime, typeName, type GoValue } from './values.ts';

export interface TemplateSurroundings {
  /** The evaluation time, milliseconds. */
  readonly now: number;
  /** Under which others reach this server. */
  readonly externalUrl: string;
  /** The rows of an instant query at that time. */
  query(expr: string): readonly GoStruct[];
}

/** A row of a query's answer. */
export function sampleRow(labels: Iterable<readonly [string, string]>, value: GoValue): GoStruct {
  return new GoStruct('*template.sample', { Labels: GoMap.ofTexts(labels), Value: value });
}

const NS = 1_000_000_000;
const INT64_MAX = 2 ** 63;
const LARGE = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const LARGE_1024 = ['', 'ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];
const SMALL = ['', 'm', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];

function numberOf(value: GoValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof GoDuration) return Number(value.ns) / NS;
  if (typeof value !== 'string') throw new Error(`can't convert ${typeName(value)} to float`);
  const special = /^([+-]?)(?:inf|infinity)$/i.exec(value);
  if (special !== null) return special[1] === '-' ? -Infinity : Infinity;
  if (/^nan$/i.test(value)) return NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$|^[+-]?0x[0-9a-f]+$/i.test(value))
    throw new Error(`parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

function textArgument(value: GoValue): string {
  if (typeof value !== 'string') throw new Error(`wrong type for value; expected string; got ${typeName(value)}`);
  return value;
}

function rowArgument(value: GoValue): GoStruct {
  if (!(value instanceof GoStruct) || !('Labels' in value.fields))
    throw new Error(`wrong type for value; expected *template.sample; got ${typeName(value)}`);
  return value;
}

function rowsArgument(value: GoValue): readonly GoStruct[] {
  if (!Array.isArray(value))
    throw new Error(`wrong type for value; expected template.queryResult; got ${typeName(value)}`);
  return value as readonly GoStruct[];
}

const labelOf = (row: GoStruct, name: string) =>
  ((row.fields.Labels as GoMap).entries.get(name) as string | undefined) ?? '';
const short = (v: number) => formatFloat(v, 'g', 4);

/** Multiplied or divided until it lies in [1, base), with the letter for how often. */
function scaled(
  v: number,
  units: readonly string[],
  step: (v: number) => number,
  isDone: (v: number) => boolean,
): string {
  let unit = 0;
  while (unit < units.length - 1 && !isDone(Math.abs(v))) {
    v = step(v);
    unit++;
  }
  return short(v) + units[unit];
}

const shrunk = (v: number) =>
  scaled(
    v,
    SMALL,
    (x) => x * 1000,
    (x) => x >= 1,
  );

function humanize(value: GoValue): string {
  const v = numberOf(value);
  if (v === 0 || !Number.isFinite(v)) return short(v);
  return Math.abs(v) >= 1
    ? scaled(
        v,
        LARGE,
        (x) => x / 1000,
        (x) => x < 1000,
      )
    : shrunk(v);
}

function humanize1024(value: GoValue): string {
  const v = numberOf(value);
  if (Math.abs(v) <= 1 || !Number.isFinite(v)) return short(v);
  return scaled(
    v,
    LARGE_1024,
    (x) => x / 1024,
    (x) => x < 1024,
  );
}

function humanizeDuration(value: GoValue): string {
  const v = numberOf(value);
  if (!Number.isFinite(v)) return short(v);
  if (v === 0) return `${short(v)}s`;
  if (Math.abs(v) < 1) return `${shrunk(v)}s`;
  const sign = v < 0 ? '-' : '';
  const whole = Math.trunc(Math.abs(v));
  const [days, hours, minutes, seconds] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`;
  return `${sign}${short(Math.abs(v))}s`;
}

function timeOf(v: number): GoTime {
  if (!Number.isFinite(v)) throw new Error('value is NaN or Inf');
  if (Math.abs(v * NS) > INT64_MAX)
    throw new Error(
      `${formatFloat(v, 'g', -1)} cannot be represented as a nanoseconds timestamp since it overflows int64`,
    );
  // Upstream keeps times in milliseconds.
  return new GoTime((BigInt(Math.trunc(v * NS)) / 1_000_000n) * 1_000_000n);
}

function humanizeTimestamp(value: GoValue): string {
  const v = numberOf(value);
  return Number.isFinite(v) ? printed(timeOf(v)) : short(v);
}

/** The first letter of every word as a capital; the others as they are. A mark between two letters does not end a word. */
const title = (text: string) =>
  text.replace(/[\p{L}\p{N}_]+(?:['’.:·][\p{L}\p{N}_]+)*/gu, (word) => word.replace(/\p{L}/u, upper));

/** Letter by letter, as Go does it: ß stays what it is. */
const upper = (text: string) =>
  text.replace(/\p{L}/gu, (letter) => (letter.toUpperCase().length === letter.length ? letter.toUpperCase() : letter));

function compiled(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (fault) {
    throw new Error(`not an RE2 pattern: ${(fault as Error).message}`, { cause: fault });
  }
}

/** `$1`, `$name` and `${name}` are what a group matched; a name is as long as letters, digits and `_` go. */
function replaceAll(pattern: string, replacement: string, text: string): string {
  const re = compiled(pattern);
  const matcher = re.matcher(text);
  let out = '';
  let at = 0;
  while (matcher.find()) {
    out += text.slice(at, matcher.start()) + expanded(replacement, (name) => groupOf(matcher, re, name));
    at = matcher.end();
  }
  return out + text.slice(at);
}

type Matched = ReturnType<RE2JS['matcher']>;

function groupOf(matcher: Matched, re: RE2JS, name: string): string {
  const isNumber = /^\d+$/.test(name);
  if (isNumber && Number(name) > re.groupCount()) return '';
  try {
    return (isNumber ? matcher.group(Number(name)) : matcher.group(name)) ?? '';
  } catch {
    return ''; // A name that no group has stands for nothing, as in Go.
  }
}

function expanded(replacement: string, group: (name: string) => string): string {
  return replacement.replace(
    /\$(?:\$|\{([\p{L}\p{N}_]+)\}|([\p{L}\p{N}_]+))/gu,
    (_, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      return name === undefined ? '$' : group(name);
    },
  );
}

/** Host and port of `host:port`, `[v6]:port`; undefined for anything else. */
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text);
  return parts === null ? undefined : { host: parts[1] ?? parts[2], port: parts[3] };
}

function stripDomain(text: string): string {
  const { host, port } = splitHostPort(text) ?? { host: text, port: '' };
  if (isIP(host) !== 0) return text;
  const name = host.split('.')[0];
  return port === '' ? name : `${name}:${port}`;
}

/** How many arguments each takes; a wrong count is told before it is called. */
const COUNTED: Readonly<Record<string, readonly [count: number, run: TemplateFunction]>> = {
  first: [
    1,
    (rows) => {
      const [row] = rowsArgument(rows);
      if (row === undefined) throw new Error('first() called on vector with no elements');
      return row;
    },
  ],
  label: [2, (name, row) => labelOf(rowArgument(row), textArgument(name))],
  value: [1, (row) => rowArgument(row).fields.Value],
  strvalue: [1, (row) => labelOf(rowArgument(row), '__value__')],
  sortByLabel: [
    2,
    (name, rows) =>
      [...rowsArgument(rows)].sort((a, b) =>
        compareText(labelOf(a, textArgument(name)), labelOf(b, textArgument(name))),
      ),
  ],
  reReplaceAll: [
    3,
    (pattern, replacement, text) => replaceAll(textArgument(pattern), textArgument(replacement), textArgument(text)),
  ],
  match: [2, (pattern, text) => compiled(textArgument(pattern)).matcher(textArgument(text)).find()],
  safeHtml: [1, textArgument],
  title: [1, (text) => title(textArgument(text))],
  toUpper: [1, (text) => upper(textArgument(text))],
  toLower: [1, (text) => textArgument(text).toLowerCase()],
  graphLink: [1, (expr) => `/graph?g0.expr=${queryEscape(textArgument(expr))}&g0.tab=0`],
  tableLink: [1, (expr) => `/graph?g0.expr=${queryEscape(textArgument(expr))}&g0.tab=1`],
  stripPort: [1, (text) => splitHostPort(textArgument(text))?.host ?? text],
  stripDomain: [1, (text) => stripDomain(textArgument(text))],
  humanize: [1, humanize],
  humanize1024: [1, humanize1024],
  humanizeDuration: [1, humanizeDuration],
  humanizePercentage: [1, (value) => `${short(numberOf(value) * 100)}%`],
  humanizeTimestamp: [1, humanizeTimestamp],
  toTime: [1, (value) => timeOf(numberOf(value))],
  toDuration: [1, (value) => new GoDuration(BigInt(Math.trunc(numberOf(value) * NS)))],
  parseDuration: [
    1,
    (text) => {
      const words = textArgument(text);
      return (words.startsWith('-') ? -parseDuration(words.slice(1)) : parseDuration(words)) / 1000;
    },
  ],
  urlQueryEscape: [1, (text) => queryEscape(textArgument(text))],
};

function counted(count: number, run: TemplateFunction): TemplateFunction {
  return (...args) => {
    if (args.length !== count) throw new Error(`wrong number of args: want ${count} got ${args.length}`);
    return run(...args);
  };
}

const FIXED: TemplateFunctions = {
  ...BUILTINS,
  ...Object.fromEntries(Object.entries(COUNTED).map(([name, [count, run]]) => [name, counted(count, run)])),
  args: (...args) => new GoMap(new Map(args.map((arg, i) => [`arg${i}`, arg])), undefined),
};

export function templateFunctions({ now, externalUrl, query }: TemplateSurroundings): TemplateFunctions {
  return {
    ...FIXED,
    query: counted(1, (expr) => query(textArgument(expr))),
    now: counted(0, () => now / 1000),
    externalURL: counted(0, () => externalUrl),
    pathPrefix: counted(0, () => (URL.canParse(externalUrl) ? new URL(externalUrl).pathname.replace(/\/$/, '') : '')),
  };
}

export const FUNCTION_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(FIXED),
  'query',
  'now',
  'externalURL',
  'pathPrefix',
]);
