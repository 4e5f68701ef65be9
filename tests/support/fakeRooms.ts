/** Rooms behind the HTTP rim, small and in memory: what a test puts in is what the API answers from. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SavedQueries } from '../../src/server/http/savedQueries.ts';
import { labelsOf, labelValue, NO_LABELS, type Labels } from '../../src/shared/model/labels.ts';
import type { Metadata } from '../../src/shared/model/metadata.ts';
import { compileMatcher, type Matcher } from '../../src/shared/model/matchers.ts';
import { STALE_HIGH, STALE_LOW } from '../../src/shared/model/sampleBits.ts';
import type { RelabelConfig } from '../../src/server/config/config.ts';
import { resolveOtlp } from '../../src/server/config/resolveOtlp.ts';
import type { HttpDeps, ServerRooms } from '../../src/server/http/deps.ts';
import { written } from '../../src/server/promql/engine.ts';
import { openAccess } from '../../src/server/http/access/access.ts';
import { Notifications } from '../../src/server/telemetry/notifications.ts';
import { createHttpServer, type HttpServer } from '../../src/server/http/server.ts';
import { traceRelabel } from '../../src/server/relabel/relabel.ts';
import { silentLog } from '../../src/server/telemetry/log.ts';
import { createSelfMetrics } from '../../src/server/telemetry/selfMetrics.ts';
import type { StoreAdmin } from '../../src/server/storage/admin.ts';
import type { Intake } from '../../src/server/remote/receive/intake.ts';
import type { Appender, AppendOutcome, GroupWriter, Storage } from '../../src/server/storage/appender.ts';
import type { AnsweringEngine, QueryRequest, QueryResult } from '../../src/server/storage/engine.ts';
import type { Queryable } from '../../src/server/storage/queryable.ts';
import { systemClock } from '../../src/server/telemetry/clock.ts';

export interface WrittenSample {
  readonly labels: Labels;
  readonly t: number;
  readonly v: number | 'stale';
}

/** A group of one series, its column 0. */
class FakeGroup {
  isDropped = false;
  readonly #labels: Labels;

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  columnLabels(): Labels {
    return this.#labels;
  }
}

const NO_COLUMNS: GroupWriter = {
  ref: 0,
  columnCount: 0,
  column: () => 0,
  columnLabels: () => NO_LABELS,
  metadata: new Map(),
};

export class FakeRooms {
  series: Labels[] = [labelsOf({ __name__: 'up', job: 'a' }), labelsOf({ __name__: 'up', job: 'b', 'my.label': 'x' })];
  requests: QueryRequest[] = [];
  answer: (request: QueryRequest) => QueryResult | Promise<QueryResult> = () => vectorResult([], []);
  written: WrittenSample[] = [];
  outcome: AppendOutcome = 'ok';
  /** Of all series that a place was asked for. */
  groups: { isDropped: boolean }[] = [];
  /** As it was set last, by metric family. */
  readonly metadata = new Map<string, Metadata>();
  /** Of pool a. */
  relabel: readonly RelabelConfig[] = [];
  readonly engine: AnsweringEngine = {
    query: async (request) => {
      this.requests.push(request);
      return this.answer(request);
    },
    answer: async (request, format) => written(await this.engine.query(request), format, 0),
  };
  readonly queryable: Queryable = {
    select: () => Promise.reject(new Error('not asked by the HTTP rim')),
    series: async (sets) => this.#matching(sets),
    labelNames: async (sets) => [...new Set(this.#matching(sets).flatMap((l) => l.map(([name]) => name)))].sort(),
    labelValues: async (name, sets) =>
      [...new Set(this.#matching(sets).map((l) => labelValue(l, name)))].filter((v) => v !== '').sort(),
    metadata: (metric) =>
      new Map(metric === undefined || metric === 'up' ? [['up', [{ type: 'gauge', help: 'Up.', unit: '' }]]] : []),
    exemplars: () => [
      { labels: labelsOf({ __name__: 'up' }), exemplars: [{ labels: [['trace_id', 'abc']], v: 0.5, t: 1500 }] },
    ],
  };
  /** What the admin API asked for, as JSON. */
  asked: string[] = [];
  readonly admin: StoreAdmin = {
    blocks: () => [
      { number: 3, replaces: [1], minTime: 1, maxTime: 2, seriesCount: 4, chunkCount: 5, bytes: 6, version: 1 },
    ],
    deleteSeries: async (sets, range) => void this.asked.push(JSON.stringify({ sets, range })),
    cleanTombstones: async () => void this.asked.push('clean'),
    snapshot: async ({ skipHead } = {}) => {
      this.asked.push(`snapshot ${skipHead}`);
      return 'name';
    },
  };
  readonly savedQueries = new SavedQueries(join(mkdtempSync(join(tmpdir(), 'isotherm-saved-')), 'q.json'));
  readonly storage: Storage = {
    group: () => NO_COLUMNS,
    appender: () => this.#appender(),
  };

  intake(maxTime: number, startZeros = false): Intake {
    return { appender: this.storage.appender(), group: NO_COLUMNS, maxTime, startZeros };
  }

  rooms(): ServerRooms {
    return {
      engine: this.engine,
      queryable: this.queryable,
      ownQueryable: this.queryable,
      storage: this.storage,
      targets: {
        active: () => [
          {
            scrapePool: 'a',
            url: 'http://127.0.0.1:1/metrics',
            labels: labelsOf({ job: 'a', instance: '127.0.0.1:1' }),
            discoveredLabels: labelsOf({ __address__: '127.0.0.1:1', job: 'a' }),
            health: 'down',
            lastError: 'connection refused',
            lastScrape: 0,
            lastDurationMs: 1500,
            lastSamples: 0,
            lastBodyBytes: 0,
            intervalMs: 15_000,
            timeoutMs: 10_000,
            metadata: new Map([['up', { type: 'gauge', help: 'Up.', unit: '' }]]),
          },
        ],
        scrapeNow: async (pool, url) => this.asked.push(`scrape ${pool} ${url}`),
        relabelSteps: (pool, labels) => (pool === 'a' ? traceRelabel(labels, this.relabel) : undefined),
        dropped: () => [{ scrapePool: 'b', discoveredLabels: labelsOf({ __address__: 'x' }) }],
      },
      rules: { groups: () => [], backtest: () => Promise.reject(new Error('no rules here')) },
      alertmanagers: { active: () => new Map(), dropped: () => [] },
      admin: this.admin,
      savedQueries: this.savedQueries,
      headStats: () => ({
        series: this.series.length,
        chunks: 0,
        minTime: 1,
        maxTime: 2,
        corruptions: 0,
        logSegments: 1,
        logBytes: 100,
        blockBytes: 0,
        refusal: undefined,
      }),
    };
  }

  #matching(sets: readonly (readonly Matcher[])[]): Labels[] {
    if (sets.length === 0) return this.series;
    return this.series.filter((labels) =>
      sets.some((set) => set.every((matcher) => compileMatcher(matcher)(labelValue(labels, matcher.name)))),
    );
  }

  #appender(): Appender {
    const pending: WrittenSample[] = [];
    const take = (labels: Labels, t: number, v: number | 'stale') => {
      if (this.outcome === 'ok') pending.push({ labels, t, v });
      return this.outcome;
    };
    return {
      appendRow: () => 'ok',
      append: take,
      appendStale: (labels, t) => take(labels, t, 'stale'),
      place: (labels) => {
        const group = new FakeGroup(labels);
        this.groups.push(group);
        return { group, column: 0 };
      },
      appendCells: (group, { columns, times, bits }, from, to, refuse) => {
        let taken = 0;
        for (let i = from; i < to; i++) {
          const [low, high] = bits.subarray(2 * i, 2 * i + 2);
          const isStale = low === STALE_LOW && high === STALE_HIGH;
          const v = isStale ? 'stale' : new Float64Array(Uint32Array.of(low, high).buffer)[0];
          const outcome = take(group.columnLabels(columns[i]), times[i], v);
          if (outcome === 'ok') taken++;
          else refuse(outcome);
        }
        return taken;
      },
      appendHistogram: () => 'ok',
      appendCreated: (labels, _, created) => take(labels, created, 0) === 'ok',
      appendCreatedHistogram: () => false,
      appendCreatedColumns: () => undefined,
      appendExemplar: () => 'ok',
      setMetadata: (_, metric, metadata) => void this.metadata.set(metric, metadata),
      commit: async () => void this.written.push(...pending),
      rollback: () => void pending.splice(0),
    };
  }
}

/** A result with one value for each label set; `undefined` is "no sample". */
export function vectorResult(labels: Labels[], values: (number | undefined)[], t = 1_500): QueryResult {
  return {
    value: {
      kind: 'vector',
      grid: { start: t, end: t, stepMs: 0, count: 1 },
      matrix: {
        labels,
        values: Float64Array.from(values, (v) => v ?? NaN),
        present: Uint8Array.from(values, (v) => (v === undefined ? 0 : 1)),
        presentStride: 1,
      },
    },
    warnings: [],
    infos: [],
    stats: { samplesRead: 3, parseMs: 1, selectMs: 2, evalMs: 3 },
  };
}

/** `rows[s][i]`, with `undefined` for no sample, on a grid from `start`. */
export function matrixResult(
  labels: Labels[],
  rows: (number | undefined)[][],
  start: number,
  stepMs: number,
): QueryResult {
  const count = rows[0]?.length ?? 0;
  const presentStride = Math.ceil(count / 8);
  const present = new Uint8Array(presentStride * rows.length);
  rows.forEach((row, s) =>
    row.forEach((v, i) => {
      if (v !== undefined) present[s * presentStride + (i >> 3)] |= 1 << (i & 7);
    }),
  );
  const values = Float64Array.from(rows.flat(), (v) => v ?? NaN);
  return {
    ...vectorResult([], []),
    value: {
      kind: 'matrix',
      grid: { start, end: start + (count - 1) * stepMs, stepMs, count },
      matrix: { labels, values, present, presentStride },
    },
  };
}

export interface FakeServer {
  readonly server: HttpServer;
  readonly fake: FakeRooms;
  readonly calls: string[];
}

export function fakeServer(options: Partial<HttpDeps['options']> = {}, overrides: Partial<HttpDeps> = {}): FakeServer {
  const fake = new FakeRooms();
  const calls: string[] = [];
  const build = {
    version: '0.1.0',
    apiVersion: '3.14.0+isotherm.0.1.0',
    revision: 'r',
    branch: 'b',
    nodeVersion: 'v24',
  };
  const server = createHttpServer({
    options: {
      routePrefix: '',
      externalUrl: 'http://monitor.example:9090',
      corsOrigin: '.*',
      enableLifecycle: false,
      enableRemoteWrite: false,
      writeMessages: ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'],
      enableOtlp: false,
      enablePush: false,
      enableAdmin: false,
      readTimeoutMs: 10_000,
      connectionsMax: 10,
      queryTimeoutMs: 120_000,
      lookbackDeltaMs: 300_000,
      maxSamples: 50_000_000,
      queryBytesMax: Infinity,
      remoteReadSamplesMax: 50_000_000,
      remoteReadsMax: 10,
      remoteReadFrameBytesMax: 1024 * 1024,
      searchLimitMax: 10_000,
      webUiFolder: '/nonexistent',
      enabledFeatures: [],
      flagTexts: { 'log.level': 'info' },
      ...options,
    },
    build,
    access: openAccess('', silentLog),
    notifications: new Notifications(systemClock, 2),
    clock: { ...systemClock, now: () => 1_700_000_000_123 },
    log: silentLog,
    metrics: createSelfMetrics(build),
    rooms: () => fake.rooms(),
    metricsPage: async (collectors) => `# collected: ${collectors.join(',')}\n`,
    externalLabels: () => [],
    otlp: () => resolveOtlp(),
    configText: () => 'global: {}\n',
    runtime: () => ({ startedAt: 1_000, lastConfigAt: 2_000, reloadSucceeded: true, retention: '15d' }),
    reload: async () => void calls.push('reload'),
    quit: () => void calls.push('quit'),
    ...overrides,
  });
  return { server, fake, calls };
}
