/** Data that looks like that of real servers: their buckets, a day's load, deploys, slow instances, gaps. The same in every run. */
import { createDataFrame, DataFrameType, FieldType, type DataFrame } from '@grafana/data';

export const END = Date.UTC(2026, 10, 26, 16, 0);
export const MINUTE = 60_000;

/** Bucket bounds as the servers have them, in seconds unless said otherwise. */
export const BUCKETS = {
  vllmFirstToken: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80],
  vllmOldRequest: [1, 2.5, 5, 10, 15, 20, 30, 40, 50, 60],
  vllmRequest: [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120],
  /** Microseconds: TensorFlow Serving. */
  tensorflowServing: Array.from({ length: 33 }, (_, i) => Math.round(10 * 1.8 ** i)),
  /** Text Embeddings Inference. */
  embeddings: Array.from({ length: 35 }, (_, i) => Number((0.00001 * 1.5 ** (i + 1)).toPrecision(4))),
  python: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
};

export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A part of the load: its weight, median and spread (of the logarithm). */
export interface Part {
  readonly weight: number;
  readonly median: number;
  readonly spread: number;
}

export interface Load {
  /** Observations of the slice; 0 or less is none, NaN no data. */
  readonly count: (time: number) => number;
  readonly parts: (time: number) => readonly Part[];
}

/** Share of a log-normal distribution up to a value. */
function shareUpTo(value: number, { median, spread }: Part): number {
  if (value <= 0) return 0;
  const z = Math.log(value / median) / spread;
  // Abramowitz and Stegun 7.1.26, good to 1e-7.
  const t = 1 / (1 + (0.3275911 * Math.abs(z)) / Math.SQRT2);
  const erf =
    1 -
    t *
      (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
      Math.exp((-z * z) / 2);
  return z < 0 ? (1 - erf) / 2 : (1 + erf) / 2;
}

export interface Times {
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

export const lastHours = (hours: number, slices: number): Times => ({
  from: END - hours * 60 * MINUTE,
  to: END,
  stepMs: (hours * 60 * MINUTE) / slices,
});

export const timesOf = ({ from, to, stepMs }: Times): number[] =>
  Array.from({ length: Math.round((to - from) / stepMs) }, (_, i) => from + (i + 1) * stepMs);

/** Counts by time and bucket, the open one last; null where there is no data. */
export function countsOf(
  load: Load,
  bounds: readonly number[],
  times: readonly number[],
  seed: number,
): (number | null)[][] {
  const random = randomFrom(seed);
  const gauss = () => random() + random() + random() + random() - 2;
  return times.map((time) => {
    const count = load.count(time);
    if (Number.isNaN(count)) return [...bounds.map(() => null), null];
    const parts = load.parts(time);
    const weights = parts.reduce((sum, { weight }) => sum + weight, 0);
    let below = 0;
    return [...bounds, Infinity].map((bound) => {
      const upTo =
        bound === Infinity ? 1 : parts.reduce((sum, part) => sum + (part.weight / weights) * shareUpTo(bound, part), 0);
      const mean = Math.max(0, count * (upTo - below));
      below = upTo;
      if (mean < 12) return poisson(mean, random);
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss() * 1.7));
    });
  });
}

function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let k = 0;
  for (let p = random(); p > limit; p *= random()) k++;
  return k;
}

const boundText = (bound: number): string => (bound === Infinity ? '+Inf' : String(bound));

/** A frame as the data source gives it: a field a bucket. */
export function rowsFrame(
  labels: Record<string, string>,
  load: Load,
  bounds: readonly number[],
  span: Times,
  { expr, seed = 1, refId = 'A' }: { expr: string; seed?: number; refId?: string },
): DataFrame {
  const times = timesOf(span);
  const counts = countsOf(load, bounds, times, seed);
  return createDataFrame({
    refId,
    meta: {
      type: DataFrameType.HeatmapRows,
      preferredVisualisationPluginId: 'isotherm-heatmap-panel',
      executedQueryString: `Expr: ${expr}\nStep: ${span.stepMs / 1000}s`,
    },
    fields: [
      { name: 'Time', type: FieldType.time, values: times, config: { interval: span.stepMs } },
      ...[...bounds, Infinity].map((bound, b) => ({
        name: boundText(bound),
        type: FieldType.number,
        labels: { ...labels, le: boundText(bound) },
        values: counts.map((column) => column[b]),
        config: { displayNameFromDS: boundText(bound) },
      })),
    ],
  });
}

/** Buckets as Prometheus data sources give them: cumulative, a frame a series. */
export function seriesFrames(
  labels: Record<string, string>,
  load: Load,
  bounds: readonly number[],
  span: Times,
  seed: number,
): DataFrame[] {
  const times = timesOf(span);
  const counts = countsOf(load, bounds, times, seed).map((column) => {
    let sum = 0;
    return column.map((count) => (count === null ? null : (sum += count)));
  });
  return [...bounds, Infinity].map((bound, b) =>
    createDataFrame({
      refId: 'explain',
      meta: { executedQueryString: 'Expr: increase(x_bucket[1m])' },
      fields: [
        { name: 'Time', type: FieldType.time, values: times, config: { interval: span.stepMs } },
        {
          name: 'Value',
          type: FieldType.number,
          labels: { ...labels, le: boundText(bound) },
          values: counts.map((column) => column[b]),
        },
      ],
    }),
  );
}

/** A native histogram: cells with their own bounds, growing by 2^(2^-schema). */
export function cellsFrame(
  labels: Record<string, string>,
  load: Load,
  span: Times,
  schema: number,
  expr: string,
): DataFrame {
  const base = 2 ** (2 ** -schema);
  const [low, high] = [Math.ceil(Math.log(0.001) / Math.log(base)), Math.ceil(Math.log(60) / Math.log(base))];
  const bounds = Array.from({ length: high - low + 1 }, (_, i) => base ** (low + i));
  const times = timesOf(span);
  const counts = countsOf(load, bounds, times, 5);
  const cells = { xMax: [] as number[], yMin: [] as number[], yMax: [] as number[], count: [] as number[] };
  counts.forEach((column, x) =>
    column.slice(0, -1).forEach((count, b) => {
      if (count === null || count === 0) return;
      cells.xMax.push(times[x]);
      cells.yMin.push(b === 0 ? bounds[0] / base : bounds[b - 1]);
      cells.yMax.push(bounds[b]);
      cells.count.push(count);
    }),
  );
  return createDataFrame({
    refId: 'A',
    meta: { type: DataFrameType.HeatmapCells, executedQueryString: `Expr: ${expr}\nStep: ${span.stepMs / 1000}s` },
    fields: [
      { name: 'xMax', type: FieldType.time, values: cells.xMax, config: { interval: span.stepMs } },
      { name: 'yMin', type: FieldType.number, values: cells.yMin, config: { unit: 's' } },
      { name: 'yMax', type: FieldType.number, values: cells.yMax, config: { unit: 's' } },
      { name: 'count', type: FieldType.number, labels, values: cells.count },
    ],
  });
}

/** A rate in waves, so that load rises and falls. */
export const waves =
  (mean: number, depth = 0.4, hours = 6) =>
  (time: number): number =>
    mean *
    (1 +
      depth * Math.sin(((time - END) / (hours * 60 * MINUTE)) * 2 * Math.PI) +
      0.12 * Math.sin(time / (13 * MINUTE)));
