/**
 * Values that templates work with, told apart as Go tells them: a whole number written in a template is a bigint (Go's int), a sample's value a
 * number (float64), labels a GoMap, rows of a query's answer GoStructs.
 */
export type GoValue =
  string | number | bigint | boolean | null | undefined | GoMap | GoStruct | GoDuration | GoTime | readonly GoValue[];

/** A map from texts. `zero` is what a missing key gives: '' where all values are texts, undefined ("<no value>") otherwise. */
export class GoMap {
  readonly entries: ReadonlyMap<string, GoValue>;
  readonly zero: GoValue;
  constructor(entries: ReadonlyMap<string, GoValue>, zero: GoValue) {
    this.entries = entries;
    this.zero = zero;
  }

  static ofTexts(pairs: Iterable<readonly [string, string]>): GoMap {
    return new GoMap(new Map(pairs), '');
  }

  /** Keys in the order in which Go prints and walks a map. */
  get keys(): string[] {
    return [...this.entries.keys()].sort();
  }
}

export class GoStruct {
  readonly typeName: string;
  readonly fields: Readonly<Record<string, GoValue>>;
  constructor(typeName: string, fields: Readonly<Record<string, GoValue>>) {
    this.typeName = typeName;
    this.fields = fields;
  }
}

/** Nanoseconds. */
export class GoDuration {
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** Nanoseconds since 1970, UTC. */
export class GoTime {
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** What `if`, `with`, `and` and `or` take for true: anything but nothing, false, 0 and what is empty. */
export function truth(value: GoValue): boolean {
  if (value instanceof GoMap) return value.entries.size > 0;
  if (value instanceof GoDuration) return value.ns !== 0n;
  if (Array.isArray(value)) return value.length > 0;
  // NaN is not 0.
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

/** The type's name in Go, for messages and %T. */
export function typeName(value: GoValue): string {
  if (value === null || value === undefined) return '<nil>';
  if (value instanceof GoMap) return value.zero === '' ? 'map[string]string' : 'map[string]interface {}';
  if (value instanceof GoStruct) return value.typeName;
  if (value instanceof GoDuration) return 'time.Duration';
  if (value instanceof GoTime) return 'time.Time';
  if (Array.isArray(value)) return 'template.queryResult';
  const names: Readonly<Record<string, string>> = {
    string: 'string',
    number: 'float64',
    bigint: 'int',
    boolean: 'bool',
  };
  return names[typeof value];
}
