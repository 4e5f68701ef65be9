/** What a metric's name, type and labels should be like, as the naming practices of Prometheus ask. One row a rule. */
import type { MetricType } from '../../../shared/model/metadata.ts';

export interface LintedFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Names of the labels of its series. */
  readonly labels: ReadonlySet<string>;
  /** A series stands twice. */
  readonly twice: boolean;
}

type Rule = (family: LintedFamily) => readonly string[];

const BASE_UNITS: Readonly<Record<string, readonly string[]>> = {
  amperes: [],
  bytes: ['bits'],
  celsius: ['fahrenheit', 'kelvins', 'rankine'],
  grams: ['ounces', 'pounds'],
  joules: ['calories'],
  meters: ['inches', 'miles', 'yards'],
  metres: [],
  moles: [],
  seconds: ['minutes', 'hours', 'days', 'weeks'],
  volts: [],
};
const PREFIXES = 'pico nano micro milli centi deci deca hecto kilo kibi mega mibi giga gibi tera tebi peta pebi'.split(
  ' ',
);
const ABBREVIATIONS = new Set('s ms us ns sec b kb mb gb tb pb m h d'.split(' '));

const says = (wrong: boolean, text: string): readonly string[] => (wrong ? [text] : []);
const parts = (name: string) => name.toLowerCase().split('_');

const RULES: readonly Rule[] = [
  ({ help }) => says(help === '', 'has no help text'),
  ({ twice }) => says(twice, 'has a series that stands twice'),
  ({ name }) => parts(name).flatMap(unitProblem),
  ({ name, type }) => says(type === 'counter' && !name.endsWith('_total'), 'is a counter; end its name with _total'),
  ({ name, type }) =>
    says(
      type !== 'counter' && type !== 'unknown' && name.endsWith('_total'),
      'is no counter; take _total off its name',
    ),
  ({ name, type }) => {
    if (type === 'unknown') return [];
    const suffixes = type === 'histogram' ? [] : type === 'summary' ? ['_bucket'] : ['_bucket', '_count', '_sum'];
    return suffixes
      .filter((suffix) => name.endsWith(suffix))
      .map((suffix) => `ends in ${suffix}, as only parts of a histogram or summary may`);
  },
  ({ labels, type }) =>
    says(type !== 'histogram' && type !== 'unknown' && labels.has('le'), 'is no histogram and has a label le'),
  ({ labels, type }) =>
    says(type !== 'summary' && type !== 'unknown' && labels.has('quantile'), 'is no summary and has a label quantile'),
  ({ name, type }) => says(parts(name).slice(1).includes(type), `names its type, ${type}`),
  ({ name }) => says(name.includes(':'), 'has a colon in its name, which is for recording rules'),
  ({ name }) => says(/[a-z][A-Z]/.test(name), 'is named in camelCase; write snake_case'),
  ({ labels }) =>
    [...labels]
      .filter((label) => /[a-z][A-Z]/.test(label))
      .map((label) => `has a label ${label} in camelCase; write snake_case`),
  ({ name }) =>
    says(
      parts(name).some((part) => ABBREVIATIONS.has(part)),
      'abbreviates a unit; write it out',
    ),
];

export function lintFamily(family: LintedFamily): string[] {
  return RULES.flatMap((rule) => rule(family));
}

function unitProblem(part: string): readonly string[] {
  for (const [base, others] of Object.entries(BASE_UNITS)) {
    const isScaled = PREFIXES.some(
      (prefix) => part === prefix + base || others.some((other) => part === prefix + other),
    );
    if (isScaled || others.includes(part)) return [`is in ${part}; the base unit is ${base}`];
  }
  return [];
}
