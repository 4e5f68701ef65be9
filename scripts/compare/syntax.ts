/** Expressions with a mistake or an oddity in them: whether two servers read them alike, as a tree and in print. */
import { isDeepStrictEqual } from 'node:util';
import type { Random } from './expressions.ts';

const AT_ONCE = 16;
const PRINTED_MAX = 25;
const PATHS = ['parse_query', 'format_query'] as const;
const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|[\d.]+(?:ms|[smhdwy])?|[a-z_:][\w:]*|[=!]~|[!=<>]=|./gi;

const WORDS = [
  ...['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'bool', 'offset', 'and', 'or', 'unless', 'atan2'],
  ...['start', 'end', 'step', 'range', 'max_of', 'fill', 'smoothed', 'anchored', 'sum', 'rate', 'topk', 'foo', 'a:b'],
  ...['start()', 'end()', 'step()', 'range()', 'min_of(1m, 2m)', 'fill (1)', 'fill_left (-1)', 'offset -5m', '@ 10'],
];
const MARKS = '( ) [ ] { } , : @ - + * / % ^ = == != =~ !~ > < >/ </ ! ~ # _ é'.split(' ');
const LITERALS = [
  ...['10', '0x1F', '1e3', '1e', '1_000', '.5', '5.', 'NaN', 'inf', '5m', '1h30m', '30m1h', '1.5h', '-5m', '5i'],
  ...['"a"', "'b'", '`c`', '"\\x41"', '"\\u00e9"', '"\\q"', '[5m]', '[5m:1m]', '[5m:]', '{a="b"}', '{"m"}', '# x\n'],
];
const PIECES = [...WORDS, ...MARKS, ...LITERALS];

/** The expression with one or two of its tokens lost, added, replaced, doubled or exchanged. */
export function mutated(expr: string, random: Random): string {
  const tokens = expr.match(TOKEN) ?? [expr];
  const place = () => Math.floor(random() * tokens.length);
  const piece = () => ` ${PIECES[Math.floor(random() * PIECES.length)]} `;
  const mutations: readonly ((at: number) => void)[] = [
    (at) => tokens.splice(at, 1),
    (at) => tokens.splice(at, 0, piece()),
    (at) => tokens.splice(at, 1, piece()),
    (at) => tokens.splice(at, 0, tokens[place()]),
    (at) => tokens.splice(at, 1, ...tokens.splice(place(), 1, tokens[at])),
  ];
  for (let left = random() < 0.8 ? 1 : 2; left > 0; left--) mutations[Math.floor(random() * mutations.length)](place());
  return tokens.join('');
}

interface Reading {
  readonly status: string;
  readonly data?: unknown;
  readonly error?: string;
}

/** Undefined where the server has no JSON to answer with: upstream fails on the tree of a NaN. */
async function read(url: string, path: string, query: string): Promise<Reading | undefined> {
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams({ query }) });
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  const text = await answer.text();
  return isJson ? (JSON.parse(text) as Reading) : undefined;
}

/** What is read otherwise by upstream, by what it is. */
const KNOWN: readonly (readonly [what: string, shows: (expr: string, theirs: Reading) => boolean])[] = [
  [
    'a colon after a call in brackets, which upstream refuses before a duration and takes before anything else',
    (_, { error = '' }) => error.includes('unexpected colon before duration'),
  ],
  [
    'a comment in brackets, or between fill and its number, which upstream refuses',
    (expr, { error = '' }) => expr.includes('#') && /expression: '#'|unknown function with name "fill/.test(error),
  ],
  [
    'an offset of NaN, which upstream takes for the smallest whole number',
    (expr) => /offset\s*[-+\s(]*nan/i.test(expr),
  ],
];

/** @returns how many expressions are read otherwise, and not by a known difference; those are printed. */
export async function compareSyntax(
  [ours, theirs]: readonly [string, string],
  count: number,
  expressionAt: (i: number) => string,
): Promise<number> {
  const told = { asked: 0, accepted: 0, differing: 0 };
  const known = new Map<string, number>();
  const compareOne = async (expr: string): Promise<void> => {
    for (const path of PATHS) {
      const [mine, other] = await Promise.all([read(ours, path, expr), read(theirs, path, expr)]);
      if (mine !== undefined && other === undefined) continue;
      told.accepted += path === PATHS[0] && other?.status === 'success' ? 1 : 0;
      if (mine?.status === other?.status && isDeepStrictEqual(mine?.data, other?.data)) continue;
      const what = other && KNOWN.find(([, shows]) => shows(expr, other))?.[0];
      if (what !== undefined) known.set(what, (known.get(what) ?? 0) + 1);
      else if (++told.differing <= PRINTED_MAX) {
        const shown = [mine, other].map((reading) => reading?.error ?? JSON.stringify(reading?.data));
        console.log(`${path} ${JSON.stringify(expr)}\n  ${shown.join('\n  in place of ')}\n`);
      }
      return;
    }
  };
  const work = async (): Promise<void> => {
    while (told.asked < count) await compareOne(expressionAt(told.asked++));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`${told.asked} expressions, ${told.accepted} of them still valid: ${told.differing} are read otherwise`);
  for (const [what, times] of known) console.log(`${times} explained: ${what}`);
  return told.differing;
}
