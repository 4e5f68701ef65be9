/** What model services show, made up: latency histograms, counters, decimal gauges, some of them idle. The same numbers in every run. */
import { labelsOf, type Labels } from '../../../shared/model/labels.ts';

const BOUNDS = ['0.001', '0.0025', '0.005', '0.01', '0.025', '0.05', '0.075', '0.1', '0.15', '0.2'];
const MORE_BOUNDS = ['0.25', '0.3', '0.4', '0.5', '0.75', '1.0', '2.5', '5.0', '10.0', '+Inf'];
const ALL_BOUNDS = [...BOUNDS, ...MORE_BOUNDS];
/** Buckets, sum and count. */
const HISTOGRAM_SERIES = ALL_BOUNDS.length + 2;
const UPPER = ALL_BOUNDS.map((bound) => Number(bound.replace('+Inf', 'Infinity')));
/** Of a service: three fifths of its series are buckets. */
const HISTOGRAMS = 6;
const COUNTERS = 40;
const GAUGES = 28;
/** Of twenty series one does nothing. */
const IDLE = 20;
export const SERVICE_SERIES = HISTOGRAMS * HISTOGRAM_SERIES + COUNTERS + GAUGES;
export const LATENCY = 'model_latency_seconds';
export const REQUESTS = 'requests_total';

export class ModelService {
  readonly labels: readonly Labels[];
  /** One for each series, as of the last step. */
  readonly values = new Float64Array(SERVICE_SERIES);
  #seed: number;

  constructor(number: number) {
    this.#seed = number + 1;
    const own = { job: 'serving', instance: `10.0.${number >> 8}.${number & 255}:8000` };
    const series: Labels[] = [];
    for (let h = 0; h < HISTOGRAMS; h++) {
      const model = `m${h}`;
      for (const le of ALL_BOUNDS) series.push(labelsOf({ __name__: `${LATENCY}_bucket`, ...own, model, le }));
      for (const part of ['sum', 'count']) series.push(labelsOf({ __name__: `${LATENCY}_${part}`, ...own, model }));
    }
    for (let c = 0; c < COUNTERS; c++) series.push(labelsOf({ __name__: REQUESTS, ...own, route: `/r${c}` }));
    for (let g = 0; g < GAUGES; g++) series.push(labelsOf({ __name__: 'device_load', ...own, device: String(g) }));
    this.labels = series;
  }

  step(): void {
    const { values } = this;
    for (let h = 0; h < HISTOGRAMS; h++) this.#observe(h * HISTOGRAM_SERIES);
    const counters = HISTOGRAMS * HISTOGRAM_SERIES;
    for (let c = 0; c < COUNTERS; c++) if (c % IDLE > 0) values[counters + c] += Math.floor(40 * this.#random() ** 3);
    const gauges = counters + COUNTERS;
    for (let g = 0; g < GAUGES; g++) {
      const next = values[gauges + g] + 0.1 * (this.#random() - 0.5);
      if (g % IDLE > 0) values[gauges + g] = Math.round(100 * Math.min(1, Math.max(0, next))) / 100;
    }
  }

  #observe(from: number): void {
    const { values } = this;
    for (let left = Math.floor(30 * this.#random() ** 2); left > 0; left--) {
      const latency = 0.02 * Math.exp(2.5 * (this.#random() + this.#random() - 1));
      for (let b = ALL_BOUNDS.length - 1; b >= 0 && latency <= UPPER[b]; b--) values[from + b]++;
      values[from + ALL_BOUNDS.length] += latency;
      values[from + ALL_BOUNDS.length + 1]++;
    }
  }

  /** In [0, 1). Source: mulberry32. */
  #random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
