/** Series and samples as another engine holds them. */
import type { ApiQueryData } from '../../shared/api/prometheus.ts';
import {
  compareLabels,
  isPlainLabelName,
  labelsOf,
  METRIC_NAME,
  quoted,
  type Labels,
} from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { Metadata } from '../../shared/model/metadata.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import {
  SelectLimitError,
  type GroupColumns,
  type Queryable,
  type SelectSpec,
  type TimeRange,
} from '../storage/queryable.ts';
import { rawOf } from './engineAnswers.ts';
import type { EngineApi, EngineParameters } from './engineApi.ts';

/** How often types and help texts are asked for. */
const METADATA_MS = 60_000;
/** As far back as an engine may be asked; a store's own bounds are open. */
const RANGE_MS_MAX = 10 * 365 * 86_400_000;

type Sets = readonly (readonly Matcher[])[];

export class RemoteQueryable implements Queryable {
  readonly #api: EngineApi;
  readonly #clock: Clock;
  #metadata: ReadonlyMap<string, readonly Metadata[]> = new Map();

  constructor(api: EngineApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Keeps types and help texts fresh until `stop`; without them the rest works. */
  async watchMetadata(stop: AbortSignal, log: Log): Promise<void> {
    while (!stop.aborted) {
      try {
        const { data } = await this.#api.ask<Record<string, Metadata[]>>('/metadata', [], {
          signal: stop,
          method: 'GET',
        });
        this.#metadata = new Map(Object.entries(data));
      } catch (error) {
        if (!stop.aborted) log('debug', 'The engine tells no metadata', { engine: this.#api.url, err: error });
      }
      await this.#clock.sleepUntil(this.#clock.now() + METADATA_MS, stop);
    }
  }

  /** A range selector asked at one time gives the samples as they were stored. */
  async select({ matchers, minTime, maxTime, maxSamples = Infinity }: SelectSpec): Promise<readonly GroupColumns[]> {
    const [from, to] = this.#bounded({ minTime, maxTime });
    const { data } = await this.#api.ask<ApiQueryData>('/query', [
      // Left-open: one millisecond more, so that a sample at the start is among them.
      ['query', `${selectorText(matchers)}[${Math.max(1, to - from + 1)}ms]`],
      ['time', to / 1000],
    ]);
    if (data.resultType !== 'matrix') return [];
    let samples = 0;
    return data.result.map((series, ref) => {
      const { labels, times, values, histograms } = rawOf(series);
      samples += times.length;
      if (samples > maxSamples) throw new SelectLimitError(samples, maxSamples);
      return { times, columns: [{ ref, labels, values, ...(histograms !== undefined && { histograms }) }] };
    });
  }

  async series(sets: Sets, range: TimeRange): Promise<readonly Labels[]> {
    const { data } = await this.#api.ask<Record<string, string>[]>('/series', this.#about(orEverything(sets), range));
    return data.map(labelsOf).sort(compareLabels);
  }

  async labelNames(sets: Sets, range: TimeRange): Promise<readonly string[]> {
    return (await this.#api.ask<string[]>('/labels', this.#about(sets, range))).data;
  }

  async labelValues(name: string, sets: Sets, range: TimeRange): Promise<readonly string[]> {
    const path = `/label/${encodeURIComponent(name)}/values`;
    return (await this.#api.ask<string[]>(path, this.#about(sets, range), { method: 'GET' })).data;
  }

  metadata(metric?: string): ReadonlyMap<string, readonly Metadata[]> {
    if (metric === undefined) return this.#metadata;
    const found = this.#metadata.get(metric);
    return new Map(found === undefined ? [] : [[metric, found]]);
  }

  exemplars(): readonly [] {
    return [];
  }

  #about(sets: Sets, range: TimeRange): EngineParameters {
    const [from, to] = this.#bounded(range);
    return [['start', from / 1000], ['end', to / 1000], ...sets.map((set) => ['match[]', selectorText(set)] as const)];
  }

  #bounded({ minTime, maxTime }: TimeRange): readonly [number, number] {
    const to = Math.min(maxTime, this.#clock.now() + RANGE_MS_MAX);
    return [Math.max(minTime, 0, Math.min(to, this.#clock.now()) - RANGE_MS_MAX), to];
  }
}

const orEverything = (sets: Sets): Sets => (sets.length > 0 ? sets : [[{ name: METRIC_NAME, op: '=~', value: '.+' }]]);

/** Names are quoted only where they must be: older engines know no quoted names. */
function selectorText(matchers: readonly Matcher[]): string {
  const pairs = matchers.map(
    ({ name, op, value }) => `${isPlainLabelName(name) ? name : quoted(name)}${op}${quoted(value)}`,
  );
  return `{${pairs.join(',')}}`;
}
