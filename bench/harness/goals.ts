/** What the store is to reach, and what a run of the benches says of it. */
import { ratioOf, type Line } from './report.ts';
import { numberText } from './table.ts';

interface Goal {
  readonly bench: string;
  /** How the line begins; and the other's name, where it is about one. */
  readonly what: string;
  readonly against?: string;
  /** How many times better than the other, or at most so much of the line's unit. */
  readonly better?: number;
  readonly atMost?: number;
}

const VICTORIA = 'victoria-metrics';
const GOALS: readonly Goal[] = [
  { bench: 'store', what: 'block, index included', against: VICTORIA, better: 2 },
  { bench: 'store', what: 'block, index included', against: 'prom', better: 4 },
  { bench: 'scrape', what: '100 targets: log', against: 'prometheus', better: 4 },
  { bench: 'scrape', what: '100 targets: resident memory', against: VICTORIA, better: 1 },
  { bench: 'ingest', what: 'remote write, processor', against: VICTORIA, better: 2 },
  { bench: 'ingest', what: 'a day of', atMost: 10 },
  { bench: 'restart', what: 'scraped: until the first right answer, by the clock', atMost: 1 },
  { bench: 'restart', what: 'scraped: samples of buckets lost', atMost: 0 },
  { bench: 'months', what: 'heatmap of', atMost: 200 },
  { bench: 'labels', what: 'values of path of metrics', atMost: 10 },
  { bench: 'labels', what: 'series of a metric and an instance', atMost: 10 },
];

export const GOAL_BENCHES = [...new Set(GOALS.map(({ bench }) => bench))];
/** The goals are about 1,000 buckets, 100,000 series and the log of two hours. */
export const GOAL_SETTINGS = {
  ISOTHERM_BENCH_TARGETS: '50',
  ISOTHERM_BENCH_SCENARIOS: 'hundred',
  ISOTHERM_BENCH_ROWS: '480',
};

/** Says where a bench keeps its data, not how much it does. */
const PLACES = new Set(['ISOTHERM_BENCH_DATA']);

/** Settings that make a run another one than the goals are about, as `NAME=value`. */
export function otherSettings(env: NodeJS.ProcessEnv): readonly string[] {
  const wanted: NodeJS.ProcessEnv = GOAL_SETTINGS;
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('ISOTHERM_BENCH_') && !PLACES.has(name) && value !== wanted[name])
    .map(([name, value]) => `${name}=${value}`);
}

/** @param took seconds by bench: the goals of those that ran are told. @param env of the run: where it asks for less or more, nothing is judged. */
export function goalTable(
  lines: readonly (readonly [bench: string, line: Line])[],
  took: ReadonlyMap<string, number>,
  env: NodeJS.ProcessEnv,
): string {
  const others = otherSettings(env);
  const verdict = (isMet: boolean) => {
    if (others.length > 0) return `not judged (other settings: ${others.join(' ')})`;
    return isMet ? 'reached' : 'MISSED';
  };
  const rows = GOALS.filter(({ bench }) => took.has(bench)).map((goal) => {
    const of = [goal.bench, `${numberText(took.get(goal.bench)!)} s`, goal.what, wanted(goal)];
    const found = lines.find(([bench, line]) => bench === goal.bench && isAbout(goal, line))?.[1];
    if (found?.ours === undefined) return [...of, '', 'not measured'];
    const { ours, unit = '' } = found;
    if (goal.atMost !== undefined) return [...of, `${numberText(ours)} ${unit}`, verdict(ours <= goal.atMost)];
    if ('skipped' in found) return [...of, `${numberText(ours)} ${unit}`, found.skipped];
    const seen = `${numberText(ours)} beside ${numberText(found.theirs)} ${unit}`;
    return [...of, seen, verdict(ratioOf(found) >= goal.better!)];
  });
  const all = [['bench', 'took', 'what', 'goal', 'found', ''], ...rows];
  const widths = all[0].map((_, c) => Math.max(...all.map((row) => row[c].length)));
  return all
    .map((row) =>
      row
        .map((text, c) => text.padEnd(widths[c]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function wanted({ against, better, atMost }: Goal): string {
  return atMost !== undefined
    ? `at most ${atMost}`
    : better === 1
      ? `as ${against}`
      : `${better}× better than ${against}`;
}

function isAbout({ what, against }: Goal, line: Line): boolean {
  if (!line.what.startsWith(what)) return false;
  return against === undefined || ('against' in line && line.against.startsWith(against));
}
