/** The functions that every Go template has. `and` and `or` are the executor's: they stop early. */
import { printed, printedAll, sprintf } from './goFormat.ts';
import type { TemplateFunction, TemplateFunctions } from './execute.ts';
import { GoMap, GoStruct, truth, typeName, type GoValue } from './values.ts';

type Basic = string | number | bigint | boolean;

function basic(value: GoValue): Basic {
  if (typeof value === 'object' || value === undefined) throw new Error('non-comparable type');
  return value;
}

function comparable(a: GoValue, b: GoValue): [Basic, Basic] {
  const [x, y] = [basic(a), basic(b)];
  if (typeof x !== typeof y) throw new Error(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  return [x, y];
}

function equals(a: GoValue, b: GoValue): boolean {
  if (a === null || b === null || a === undefined || b === undefined) return (a ?? null) === (b ?? null);
  const [x, y] = comparable(a, b);
  return x === y;
}

function below(a: GoValue, b: GoValue): boolean {
  const [x, y] = comparable(a, b);
  if (typeof x === 'boolean') throw new Error('invalid type for comparison');
  return typeof x === 'string'
    ? Buffer.compare(Buffer.from(x), Buffer.from(String(y))) < 0
    : x < (y as number | bigint);
}

function eq(first: GoValue, ...others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new Error('missing argument for comparison');
  return others.some((other) => equals(first, other));
}

function two(compare: (a: GoValue, b: GoValue) => boolean): TemplateFunction {
  return (...args) => {
    if (args.length !== 2) throw new Error(`wrong number of args: want 2 got ${args.length}`);
    return compare(args[0], args[1]);
  };
}

function lengthOf(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (value instanceof GoMap) return BigInt(value.entries.size);
  if (Array.isArray(value)) return BigInt(value.length);
  throw new Error(`len of type ${typeName(value)}`);
}

function index(value: GoValue, ...keys: readonly GoValue[]): GoValue {
  let here = value;
  for (const key of keys) {
    if (here instanceof GoMap) {
      if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
      here = here.entries.has(key) ? here.entries.get(key) : here.zero;
    } else if (Array.isArray(here)) {
      here = (here as readonly GoValue[])[position(key, here.length - 1)];
    } else if (typeof here === 'string') {
      const bytes = Buffer.from(here);
      here = BigInt(bytes[position(key, bytes.length - 1)]);
    } else throw new Error(`can't index item of type ${typeName(here)}`);
  }
  return here;
}

function position(key: GoValue, last: number): number {
  if (typeof key !== 'bigint') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
  if (key < 0n || key > BigInt(last)) throw new Error(`index out of range: ${key}`);
  return Number(key);
}

function slice(value: GoValue, ...ends: readonly GoValue[]): GoValue {
  const bytes = typeof value === 'string' ? Buffer.from(value) : undefined;
  const length = bytes?.length ?? (Array.isArray(value) ? value.length : -1);
  if (length < 0) throw new Error(`can't slice item of type ${typeName(value)}`);
  const from = ends.length > 0 ? position(ends[0], length) : 0;
  const to = ends.length > 1 ? position(ends[1], length) : length;
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return bytes === undefined ? (value as readonly GoValue[]).slice(from, to) : bytes.subarray(from, to).toString();
}

const HTML: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\uFFFD',
};
const JS: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

/** What stands for a value in a function that makes texts. */
const textOf = (args: readonly GoValue[]) =>
  args.length === 1 && typeof args[0] === 'string' ? args[0] : printedAll(args);

/** As url.QueryEscape does it. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

export const BUILTINS: TemplateFunctions = {
  // Named here, so that the parser knows them.
  and: () => undefined,
  or: () => undefined,
  not: (value) => !truth(value),
  eq: (first, ...others) => eq(first, ...others),
  ne: two((a, b) => !equals(a, b)),
  lt: two(below),
  le: two((a, b) => below(a, b) || equals(a, b)),
  gt: two((a, b) => !below(a, b) && !equals(a, b)),
  ge: two((a, b) => !below(a, b)),
  len: lengthOf,
  index,
  slice,
  print: (...args) => printedAll(args),
  println: (...args) => `${args.map((arg) => printed(arg ?? null)).join(' ')}\n`,
  printf: (format, ...args) => {
    if (typeof format !== 'string') throw new Error(`wrong type for value; expected string; got ${typeName(format)}`);
    return sprintf(format, args);
  },
  html: (...args) => textOf(args).replace(/["'&<>\0]/g, (c) => HTML[c]),
  js: (...args) => textOf(args).replace(/[\\'"<>&=]/g, (c) => JS[c]),
  urlquery: (...args) => queryEscape(textOf(args)),
  call: (target) => {
    throw new Error(
      `non-function ${target instanceof GoStruct ? target.typeName : printed(target)} of type ${typeName(target)}`,
    );
  },
};
