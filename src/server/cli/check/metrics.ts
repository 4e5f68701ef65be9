/** `isotherm check metrics < PAGE`: whether a text page can be read, and whether its metrics are named and typed as they should be. */
import { labelValue, METRIC_NAME } from '../../../shared/model/labels.ts';
import type { MetricType } from '../../../shared/model/metadata.ts';
import { END, HELP, ParseError, SERIES, TYPE, type EntryCursor } from '../../textparse/entryCursor.ts';
import { createCursor } from '../../textparse/pageCursor.ts';
import { lintFamily, type LintedFamily } from './metricLint.ts';

/** Upstream's exit code for metrics that can be read and are not as they should be. */
const LINT_EXIT = 3;
const PAGE_BYTES_MAX = 64 * 1024 * 1024;

export async function checkMetrics(input: AsyncIterable<Uint8Array>): Promise<number> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of input) {
    size += part.length;
    if (size > PAGE_BYTES_MAX) return complain(`the page is larger than ${PAGE_BYTES_MAX} bytes`, 1);
    parts.push(part);
  }
  let problems: string[];
  try {
    problems = lintPage(Buffer.concat(parts));
  } catch (error) {
    if (error instanceof ParseError) return complain(error.message, 1);
    throw error;
  }
  for (const problem of problems) complain(problem, LINT_EXIT);
  return problems.length === 0 ? 0 : LINT_EXIT;
}

function complain(text: string, exitCode: number): number {
  process.stderr.write(`${text}\n`);
  return exitCode;
}

/** `name: what should be otherwise`, by name. @throws ParseError */
export function lintPage(bytes: Uint8Array): string[] {
  const families = new Map<string, MutableFamily>();
  const family = (name: string) => {
    let found = families.get(name);
    if (found === undefined)
      families.set(
        name,
        (found = {
          ...{ name, type: 'unknown', help: '', isTyped: false, isHelped: false, twice: false },
          ...{ labels: new Set(), series: new Set() },
        }),
      );
    return found;
  };
  const cursor = createCursor('text');
  cursor.open(bytes);
  for (let kind = cursor.next(); kind !== END; kind = cursor.next()) {
    if (kind === SERIES) addSeries(cursor, families, family);
    else if (kind === TYPE || kind === HELP) {
      const told = family(cursor.metric);
      const fault = tell(told, kind === TYPE ? { type: cursor.type } : { help: cursor.text });
      if (fault !== '') throw new ParseError(bytes, cursor.offset, `${told.name} ${fault}`);
    }
  }
  return [...families.values()]
    .filter(({ series }) => series.size > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((one) => lintFamily(one).map((problem) => `${one.name}: ${problem}`));
}

/** Takes what a line says of a family. @returns what is wrong with there being such a line here, '' if nothing is. A scrape does not mind. */
function tell(family: MutableFamily, { type, help }: { type?: MetricType; help?: string }): string {
  if (type !== undefined) {
    if (family.isTyped) return 'has a second TYPE line; keep one';
    if (family.series.size > 0) return 'has its TYPE line after a sample; move it up';
    family.type = type;
    family.isTyped = true;
  }
  if (help !== undefined) {
    if (family.isHelped) return 'has a second HELP line; keep one';
    family.help = help;
    family.isHelped = true;
  }
  return '';
}

interface MutableFamily extends LintedFamily {
  type: MetricType;
  help: string;
  isTyped: boolean;
  isHelped: boolean;
  readonly labels: Set<string>;
  readonly series: Set<string>;
  twice: boolean;
}

/** Suffixes that belong to the family, by its type. */
const OWN_SUFFIXES: Partial<Record<MetricType, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

function addSeries(
  cursor: EntryCursor,
  families: ReadonlyMap<string, MutableFamily>,
  family: (name: string) => MutableFamily,
): void {
  const labels = cursor.labels();
  const name = labelValue(labels, METRIC_NAME);
  const suffix = /_(?:bucket|sum|count)$/.exec(name)?.[0] ?? '';
  const base = families.get(name.slice(0, name.length - suffix.length));
  const of = base !== undefined && OWN_SUFFIXES[base.type]?.includes(suffix) ? base : family(name);
  for (const [label] of labels) if (label !== METRIC_NAME) of.labels.add(label);
  const key = JSON.stringify(labels);
  of.twice ||= of.series.has(key);
  of.series.add(key);
}
