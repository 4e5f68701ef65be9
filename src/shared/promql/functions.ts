/** Every PromQL function, once: for the type check, the evaluator, the editor and the docs. */
import type { ValueType } from './valueType.ts';

export interface FunctionSignature {
  readonly args: readonly ValueType[];
  /** How many of the last arguments may be left out. */
  readonly optional?: number;
  /** The last argument may be repeated this many more times. */
  readonly more?: number;
  readonly returns: ValueType;
  /** Upstream has it behind a feature flag. */
  readonly experimental?: boolean;
}

const MANY = Number.MAX_SAFE_INTEGER;
const ofVector = { args: ['vector'], returns: 'vector' } as const;
const ofMatrix = { args: ['matrix'], returns: 'vector' } as const;
const ofTime = { args: ['vector'], optional: 1, returns: 'vector' } as const;
const bound = { args: ['vector', 'scalar'], returns: 'vector' } as const;
const experimentalOfMatrix = { args: ['matrix'], returns: 'vector', experimental: true } as const;
const experimentalScalar = { args: [], returns: 'scalar', experimental: true } as const;
const choice = { args: ['scalar', 'scalar'], returns: 'scalar', experimental: true } as const;

export const FUNCTIONS = {
  abs: ofVector,
  absent: ofVector,
  absent_over_time: ofMatrix,
  acos: ofVector,
  acosh: ofVector,
  asin: ofVector,
  asinh: ofVector,
  atan: ofVector,
  atanh: ofVector,
  avg_over_time: ofMatrix,
  ceil: ofVector,
  changes: ofMatrix,
  clamp: { args: ['vector', 'scalar', 'scalar'], returns: 'vector' },
  clamp_max: bound,
  clamp_min: bound,
  cos: ofVector,
  cosh: ofVector,
  count_over_time: ofMatrix,
  day_of_month: ofTime,
  day_of_week: ofTime,
  day_of_year: ofTime,
  days_in_month: ofTime,
  deg: ofVector,
  delta: ofMatrix,
  deriv: ofMatrix,
  double_exponential_smoothing: { args: ['matrix', 'scalar', 'scalar'], returns: 'vector', experimental: true },
  end: experimentalScalar,
  exp: ofVector,
  first_over_time: ofMatrix,
  floor: ofVector,
  histogram_avg: ofVector,
  histogram_count: ofVector,
  histogram_fraction: { args: ['scalar', 'scalar', 'vector'], returns: 'vector' },
  histogram_quantile: { args: ['scalar', 'vector'], returns: 'vector' },
  histogram_quantiles: {
    args: ['vector', 'string', 'scalar'],
    more: 9,
    returns: 'vector',
    experimental: true,
  },
  histogram_stddev: ofVector,
  histogram_stdvar: ofVector,
  histogram_sum: ofVector,
  hour: ofTime,
  idelta: ofMatrix,
  increase: ofMatrix,
  info: { args: ['vector', 'vector'], optional: 1, returns: 'vector', experimental: true },
  irate: ofMatrix,
  label_join: { args: ['vector', 'string', 'string', 'string'], optional: 1, more: MANY, returns: 'vector' },
  label_replace: { args: ['vector', 'string', 'string', 'string', 'string'], returns: 'vector' },
  last_over_time: ofMatrix,
  ln: ofVector,
  log10: ofVector,
  log2: ofVector,
  mad_over_time: experimentalOfMatrix,
  max_of: choice,
  max_over_time: ofMatrix,
  min_of: choice,
  min_over_time: ofMatrix,
  minute: ofTime,
  month: ofTime,
  pi: { args: [], returns: 'scalar' },
  predict_linear: { args: ['matrix', 'scalar'], returns: 'vector' },
  present_over_time: ofMatrix,
  quantile_over_time: { args: ['scalar', 'matrix'], returns: 'vector' },
  rad: ofVector,
  range: experimentalScalar,
  rate: ofMatrix,
  resets: ofMatrix,
  round: { args: ['vector', 'scalar'], optional: 1, returns: 'vector' },
  scalar: { args: ['vector'], returns: 'scalar' },
  sgn: ofVector,
  sin: ofVector,
  sinh: ofVector,
  sort: ofVector,
  sort_by_label: { args: ['vector', 'string'], optional: 1, more: MANY, returns: 'vector', experimental: true },
  sort_by_label_desc: { args: ['vector', 'string'], optional: 1, more: MANY, returns: 'vector', experimental: true },
  sort_desc: ofVector,
  sqrt: ofVector,
  start: experimentalScalar,
  start_timestamp: { args: ['vector'], returns: 'vector', experimental: true },
  stddev_over_time: ofMatrix,
  stdvar_over_time: ofMatrix,
  step: experimentalScalar,
  sum_over_time: ofMatrix,
  tan: ofVector,
  tanh: ofVector,
  time: { args: [], returns: 'scalar' },
  timestamp: ofVector,
  ts_of_first_over_time: experimentalOfMatrix,
  ts_of_last_over_time: experimentalOfMatrix,
  ts_of_max_over_time: experimentalOfMatrix,
  ts_of_min_over_time: experimentalOfMatrix,
  vector: { args: ['scalar'], returns: 'vector' },
  year: ofTime,
} as const satisfies Record<string, FunctionSignature>;

export type FunctionName = keyof typeof FUNCTIONS;

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(FUNCTIONS, name);
}

export function signatureOf(name: FunctionName): FunctionSignature {
  return FUNCTIONS[name];
}
