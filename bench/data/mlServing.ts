/**
 * What a model service shows: latency histograms by model and version, request counters, gauges with few decimals. Values come from a seed, so
 * every run and every peer gets the same ones.
 */
import { labelsOf, type Labels } from '../../src/shared/model/labels.ts';
import { randomFrom, type Random } from './random.ts';

/** 19 bounds and +Inf: 20 buckets. Spelt with a decimal point, as all peers store them. */
const BOUNDS = [
  '0.001', '0.0025', '0.005', '0.01', '0.025', '0.05', '0.075', '0.1', '0.15', '0.2', '0.25', '0.3', '0.4', '0.5', '0.75', '1.0', '2.5', '5.0', '10.0',
]; // prettier-ignore
const UPPER = Float64Array.from([...BOUNDS, Infinity].map(Number));
const BUCKETS = UPPER.length;
/** Buckets, sum and count. */
export const HISTOGRAM_SERIES = BUCKETS + 2;
export const LATENCY = 'model_prediction_latency_seconds';

export interface ServingFamily {
  readonly name: string;
  readonly type: 'histogram' | 'counter' | 'gauge';
  readonly help: string;
  /** Its series: [from, to). */
  readonly from: number;
  readonly to: number;
}

export interface ServingShape {
  readonly seed: number;
  /** Latency histograms: pairs of model and version. */
  readonly histograms: number;
  /** Counters and gauges, in turns by family. */
  readonly plain: number;
  readonly intervalSeconds: number;
}

type Move = (before: number, random: Random) => number;

/** Plain families in turn, with how a value moves in one interval. */
const PLAIN: readonly { name: string; type: 'counter' | 'gauge'; help: string; label: string; move: Move }[] = [
  {
    name: 'http_requests_total',
    type: 'counter',
    help: 'Requests answered.',
    label: 'handler',
    move: (v, random) => v + Math.floor(40 * random() ** 3),
  },
  {
    name: 'accelerator_utilization_ratio',
    type: 'gauge',
    help: 'Share of time that the accelerator was busy.',
    label: 'device',
    move: (v, random) => decimals(Math.min(1, Math.max(0, v + 0.1 * (random() - 0.48))), 2),
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time used.',
    label: 'worker',
    move: (v, random) => decimals(v + 4 * random(), 2),
  },
  {
    name: 'accelerator_temperature_celsius',
    type: 'gauge',
    help: 'Temperature of the accelerator.',
    label: 'device',
    move: (v, random) => decimals(Math.max(30, v + 2 * (random() - 0.5)), 1),
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory in use.',
    label: 'worker',
    move: (v, random) => (random() < 0.6 ? v : Math.max(1, v / 4096 + Math.floor(200 * (random() - 0.45))) * 4096),
  },
  {
    name: 'requests_in_queue',
    type: 'gauge',
    help: 'Requests that wait.',
    label: 'queue',
    move: (_, random) => Math.floor(30 * random() ** 4),
  },
];

/** A service whose `values` move on with every `step()`. */
export class ServingService {
  readonly families: readonly ServingFamily[];
  /** Without job and instance. */
  readonly labels: readonly Labels[];
  /** One for each series, as of the last step. */
  readonly values: Float64Array;
  readonly #shape: ServingShape;
  readonly #random: Random;
  readonly #moves: readonly Move[];
  #steps = 0;

  constructor(shape: ServingShape) {
    this.#shape = shape;
    this.#random = randomFrom(shape.seed);
    const labels: Labels[] = [];
    const families: ServingFamily[] = [];
    for (let i = 0; i < shape.histograms; i++) labels.push(...histogramLabels(i));
    families.push({ name: LATENCY, type: 'histogram', help: 'Time to a prediction.', from: 0, to: labels.length });
    const moves: Move[] = [];
    PLAIN.forEach(({ name, type, help, label, move }, kind) => {
      const from = labels.length;
      for (let i = kind; i < shape.plain; i += PLAIN.length) {
        labels.push(labelsOf({ __name__: name, [label]: `${label}-${Math.floor(i / PLAIN.length)}` }));
        moves.push(move);
      }
      if (labels.length > from) families.push({ name, type, help, from, to: labels.length });
    });
    this.families = families;
    this.labels = labels;
    this.#moves = moves;
    this.values = new Float64Array(labels.length);
  }

  step(): void {
    const { values } = this;
    const { histograms } = this.#shape;
    for (let h = 0; h < histograms; h++) this.#observe(h);
    const from = histograms * HISTOGRAM_SERIES;
    for (let i = 0; i < this.#moves.length; i++) values[from + i] = this.#moves[i](values[from + i], this.#random);
    this.#steps++;
  }

  /** Some requests of one model and version in one interval: log-normal latencies, a rate that rises and falls, and pauses. */
  #observe(histogram: number): void {
    const { values } = this;
    const random = this.#random;
    const at = histogram * HISTOGRAM_SERIES;
    const rhythm = 1 + Math.sin((this.#steps * this.#shape.intervalSeconds) / 3600 + histogram);
    const requests = random() < 0.1 ? 0 : Math.round(3 * rhythm * this.#shape.intervalSeconds * random());
    const center = Math.log(0.02 * (1 + (histogram % 5)));
    for (let i = 0; i < requests; i++) {
      const normal = random() + random() + random() + random() - 2;
      const seconds = Math.exp(center + 1.4 * normal);
      let bucket = 0;
      while (seconds > UPPER[bucket]) bucket++;
      for (; bucket < BUCKETS; bucket++) values[at + bucket]++;
      values[at + BUCKETS] += seconds;
    }
    values[at + BUCKETS + 1] += requests;
  }
}

function histogramLabels(index: number): Labels[] {
  const own = { model: `model-${index >> 1}`, version: index % 2 === 0 ? '1.4.0' : '2.0.0' };
  return [
    ...[...BOUNDS, '+Inf'].map((le) => labelsOf({ __name__: `${LATENCY}_bucket`, ...own, le })),
    labelsOf({ __name__: `${LATENCY}_sum`, ...own }),
    labelsOf({ __name__: `${LATENCY}_count`, ...own }),
  ];
}

function decimals(v: number, count: number): number {
  return Number(v.toFixed(count));
}
