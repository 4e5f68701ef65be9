/** What each step of a query looks at, as ours and a Prometheus that counts it too tell it. */
import fc from 'fast-check';
import { createEngine, DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { statsJson } from '../../src/server/promql/answer/statsJson.ts';
import { QueryError, type QueryEngine } from '../../src/server/storage/engine.ts';
import { featuresOf } from '../../src/shared/promql/features.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';
import { customOf, exponentialOf } from '../support/observedHistograms.ts';
import { generatedSeries, vectorExpression } from '../support/promqlExpressions.ts';
import { startPrometheus, type PrometheusPeer } from '../support/prometheusPeer.ts';
import { ANY_VERSION, beside } from '../support/prometheusProcess.ts';
import { startPrometheusWritten } from '../support/prometheusWritten.ts';

const START = 1_700_000_000_000;
const RUNS = Number(process.env.ISOTHERM_COMPAT_RUNS ?? 300);
const SEED = Number(process.env.ISOTHERM_SEED ?? 1);
/** What is read by step is counted since 3.12 or later. */
const PEER = { prometheus: [3, 14], promtool: ANY_VERSION } as const;

/** What every sample observes again. */
const VALUES = [-2, 0.05, 0.3, 0.31, 2, 9];
const AN_HOUR_MS = 3_600_000;

const FEATURES = [
  'promql-per-step-stats',
  'promql-experimental-functions',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
];
type When = readonly [start: number, end: number, stepMs: number];
/** Samples, as they are told; undefined where the query is refused. */
type Told = Readonly<Record<string, unknown>> | undefined;

/** A pinned subquery in a function of time: upstream evaluates it for all steps of the query, also where none looks. */
const READ_IN_VAIN = /predict_linear\(.*:\w*\] @/;

const WRITTEN = [
  '1 + 1',
  'time()',
  'g',
  'g @ 1700000777.5',
  'g smoothed',
  'timestamp(g)',
  'timestamp(g @ 1700000777.5)',
  'timestamp(abs(g @ 1700000777.5))',
  'rate(c_total[2m])',
  'rate(c_total[20s])',
  'rate(c_total[2m] @ end())',
  'rate(c_total[2m] anchored)',
  'rate(c_total[2m] smoothed)',
  'c_total + rate(c_total[2m] @ start())',
  'predict_linear(c_total[2m] @ 1700000777.5, time())',
  'quantile_over_time(scalar(c_total{job="b",instance="1"}), g[2m])',
  'topk(scalar(only_a{instance="1"}), g)',
  'count_values("v", only_a)',
  'absent(nothing)',
  'absent_over_time(nothing[5m])',
  'max_over_time(g[5m:1m])',
  'max_over_time(g[20s:7s])',
  'max_over_time(rate(c_total[1m])[5m:30s] offset 1m)',
  'max_over_time(sum(g)[5m:30s] @ end())',
  'sum_over_time(max_over_time(g[2m:20s])[3m:40s])',
  'sum_over_time((g @ 1700000777.5)[3m:40s])',
  'label_replace(g, "x", "$1", "job", "(.*)")',
  'info(g)',
  'info(c_total, {__name__="only_a"})',
  'info(rate(c_total[1m]), {__name__="only_a", job="a"})',
  'g + fill(0) only_a',
];
const RAW = ['g[2m]', 'g[2m] smoothed', 'g[2m] anchored', 'g[5m:1m]', 'rate(c_total[1m])[5m:1m] offset 1m', '(g[2m])'];

type Peer = Pick<PrometheusPeer, 'ask'>;

async function ours(engine: QueryEngine, expr: string, [start, end, stepMs]: When): Promise<Told> {
  try {
    const { stats } = await engine.query({ expr, start, end, stepMs, perStep: true });
    return statsJson(stats, 0).samples;
  } catch (fault) {
    if (fault instanceof QueryError && fault.errorType !== 'internal') return undefined;
    throw fault;
  }
}

async function theirs(peer: Peer, expr: string, [start, end, stepMs]: When): Promise<Told> {
  const [path, when] =
    stepMs === 0 ? ['/api/v1/query', { time: start }] : ['/api/v1/query_range', { start, end, step: stepMs }];
  const seconds = Object.entries(when).map(([name, ms]) => [name, String(ms / 1000)]);
  const answer = await peer.ask(path, { query: expr, stats: 'all', ...Object.fromEntries(seconds) });
  return answer.status === 'success' ? (answer.data as { stats: { samples: Told } }).stats.samples : undefined;
}

async function differencesOf(engine: QueryEngine, peer: Peer, expr: string, when: When): Promise<string[]> {
  const [mine, other] = await Promise.all([ours(engine, expr, when), theirs(peer, expr, when)]);
  if (mine === undefined || other === undefined) return mine === other ? [] : [`refused by one: ${expr}`];
  expect(Object.keys(mine).sort()).toEqual(Object.keys(other).sort());
  // How many samples are held at a time is each engine's own.
  return Object.keys(other)
    .filter((key) => key !== 'peakSamples' && JSON.stringify(mine[key]) !== JSON.stringify(other[key]))
    .map((key) => `${expr}\n${key} ${JSON.stringify(mine[key])}, not ${JSON.stringify(other[key])}`);
}

beside(PEER, 'samples by step', () => {
  const data = [...generatedSeries(11, START, 120, false), ...targetInfos()];
  const engine = createEngine(new MemoryQueryable(data), { ...DEFAULT_LIMITS, ...featuresOf(FEATURES) });
  let peer: PrometheusPeer;
  beforeAll(async () => {
    peer = await startPrometheus(data, FEATURES);
  });
  afterAll(() => peer?.close());

  const differences = (expr: string, when: When) => differencesOf(engine, peer, expr, when);
  const range = [START + 300_350, START + 1_800_350, 41_000] as const;
  const instant = [START + 900_350, START + 900_350, 0] as const;

  test.each(WRITTEN)('%s', async (expr) => {
    expect(await differences(expr, range)).toEqual([]);
    expect(await differences(expr, instant)).toEqual([]);
  });
  test.each(RAW)('%s', async (expr) => {
    expect(await differences(expr, instant)).toEqual([]);
  });
  test.each([
    ['of a range query', range],
    ['of an instant query', instant],
  ])('%s, whatever it is', async (_, when) => {
    await fc.assert(
      fc.asyncProperty(vectorExpression, async (expr) => {
        fc.pre(!READ_IN_VAIN.test(expr));
        const told = await differences(expr, when);
        if (told.length > 0) throw new Error(told.join('\n'));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

beside(PEER, 'native histograms by step', () => {
  const start = Math.floor(Date.now() / 60_000) * 60_000 - AN_HOUR_MS;
  const data = steadyHistograms(start);
  const engine = createEngine(new MemoryQueryable(data), { ...DEFAULT_LIMITS, ...featuresOf(FEATURES) });
  let peer: Peer & { close(): Promise<void> };
  beforeAll(async () => {
    peer = await startPrometheusWritten(data, FEATURES);
  }, 60_000);
  afterAll(() => peer?.close());

  test.each([
    'whole',
    'custom',
    'whole @ end()',
    'timestamp(whole)',
    'rate(whole[2m])',
    'rate(custom[20s])',
    'histogram_count(rate(whole[2m]))',
    'histogram_quantile(0.9, sum(rate(custom[2m])))',
    'histogram_avg(whole)',
    'count_over_time(whole[2m:30s])',
  ])('%s', async (expr) => {
    const times = [start + 300_350, start + 900_350] as const;
    expect(await differencesOf(engine, peer, expr, [...times, 41_000])).toEqual([]);
    expect(await differencesOf(engine, peer, expr, [times[0], times[0], 0])).toEqual([]);
  });
});

/** Histograms whose buckets are the same from the first sample on: how many empty ones a store keeps beside is its own. */
function steadyHistograms(start: number) {
  const times = Array.from({ length: 70 }, (_, i) => start + i * 15_000 + 137);
  const at = (make: (i: number) => NativeHistogram) => times.map((t, i) => [t, make(i + 1)] as const);
  const whole = at((i) =>
    exponentialOf(
      VALUES.flatMap((v) => Array<number>(i).fill(v)),
      2,
      0.001,
      'unknown',
    ),
  );
  const custom = at((i) =>
    customOf(
      VALUES.flatMap((v) => Array<number>(i).fill(v)),
      Float64Array.of(0.1, 1, 5, 20),
    ),
  );
  return [
    { labels: labelsOf({ __name__: 'whole' }), samples: whole },
    { labels: labelsOf({ __name__: 'custom' }), samples: custom },
  ];
}

/** What info() looks for. */
function targetInfos() {
  return ['1', '2'].map((instance) => ({
    labels: labelsOf({ __name__: 'target_info', job: 'a', instance, version: `v${instance}` }),
    samples: Array.from({ length: 60 }, (_, i) => [START + i * 30_000 + 137, 1] as const),
    group: `info${instance}`,
  }));
}
