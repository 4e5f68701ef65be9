/** Label matchers and their RE2 patterns. Patterns are fully anchored and match in linear time. */
import { RE2JS } from 're2js';
import { labelValue, quoted, type Labels } from './labels.ts';
import { LastAsked } from './lastAsked.ts';

export type MatchOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

export type TextTest = (text: string) => boolean;

const META = /[\\.+*?()|[\]{}^$]/;

/** A pattern that matches this text alone. */
export const escapePattern = (text: string): string => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');

/**
 * What an anchored pattern comes down to, found without running it: a finite set of texts, a prefix, or everything;
 * `undefined` where only RE2 can tell.
 */
export type PatternShape =
  { kind: 'set'; texts: readonly string[] } | { kind: 'prefix'; prefix: string; min: 0 | 1 } | undefined;

export function patternShape(pattern: string): PatternShape {
  if (!META.test(pattern)) return { kind: 'set', texts: [pattern] };
  const alternatives = pattern.split('|');
  if (alternatives.every((a) => !META.test(a))) return { kind: 'set', texts: alternatives };
  const tail = pattern.endsWith('.*') ? 0 : pattern.endsWith('.+') ? 1 : undefined;
  if (tail !== undefined && !META.test(pattern.slice(0, -2))) {
    return { kind: 'prefix', prefix: pattern.slice(0, -2), min: tail };
  }
  return undefined;
}

const ANY = { '.*': 0, '.+': 1 } as const;

/** `.*text`, `.*text.*`, `a.*|b.*|c` and the like, in groups or not, without RE2; undefined where the pattern is another. */
function plainTest(pattern: string): TextTest | undefined {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(pattern)?.[1] ?? pattern;
  const tests = inner.split('|').map(plainAlternative);
  if (!tests.every((test) => test !== undefined)) return undefined;
  return tests.length === 1 ? tests[0] : (text) => tests.some((test) => test(text));
}

function plainAlternative(pattern: string): TextTest | undefined {
  const parts = /^(\.\*|\.\+)?([^\\.+*?()|[\]{}^$]*)(\.\*|\.\+)?$/.exec(pattern);
  if (parts === null) return undefined;
  const [, head, part, tail] = parts as unknown as [
    string,
    keyof typeof ANY | undefined,
    string,
    keyof typeof ANY | undefined,
  ];
  if (head === undefined && tail === undefined) return (text) => text === part;
  const before = head === undefined ? 0 : ANY[head];
  const after = tail === undefined ? 0 : ANY[tail];
  const least = before + part.length + after;
  if (head === undefined) return (text) => text.length >= least && text.startsWith(part);
  if (tail === undefined) return (text) => text.length >= least && text.endsWith(part);
  return (text) => {
    if (text.length < least) return false;
    const at = text.indexOf(part, before);
    return at >= 0 && at + part.length + after <= text.length;
  };
}

/** Patterns that are kept compiled, and how long such a one is at most: a dashboard asks with the same few, and each is compiled at several places. */
const KEPT_MAX = 32;
const KEPT_CHARS_MAX = 200;

const kept = new LastAsked(testOf, KEPT_MAX, KEPT_CHARS_MAX);

/**
 * A test for a whole text against an RE2 pattern; `.` matches newlines too, as upstream has it.
 *
 * @throws Error with RE2's own words if the pattern is not RE2.
 */
export const compilePattern = (pattern: string): TextTest => kept.of(pattern);

/** @throws Error if the pattern is not RE2. */
function testOf(pattern: string): TextTest {
  const shape = patternShape(pattern);
  if (shape?.kind === 'set') {
    if (shape.texts.length === 1) return (text) => text === shape.texts[0];
    const texts = new Set(shape.texts);
    return (text) => texts.has(text);
  }
  if (shape?.kind === 'prefix') {
    const { prefix, min } = shape;
    return (text) => text.length >= prefix.length + min && text.startsWith(prefix);
  }
  return plainTest(pattern) ?? re2Test(pattern);
}

/** @throws Error if the pattern is not RE2. */
function re2Test(pattern: string): TextTest {
  const compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  return (text) => compiled.matches(text);
}

/** A test for one label value; a label that is absent is tested as ''. */
export function compileMatcher(matcher: Matcher): TextTest {
  const { op, value } = matcher;
  if (op === '=') return (text) => text === value;
  if (op === '!=') return (text) => text !== value;
  const test = compilePattern(value);
  return op === '=~' ? test : (text) => !test(text);
}

export function matchesAll(labels: Labels, tests: readonly (readonly [name: string, test: TextTest])[]): boolean {
  return tests.every(([name, test]) => test(labelValue(labels, name)));
}

export function formatMatcher(matcher: Matcher): string {
  return `${matcher.name}${matcher.op}${quoted(matcher.value)}`;
}
