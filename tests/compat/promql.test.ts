import fc from 'fast-check';
import { formatValue, type ApiQueryData, type ApiSample } from '../../src/shared/api/prometheus.ts';
import { formatLabels, labelsOf } from '../../src/shared/model/labels.ts';
import { createEngine, DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { QueryError, type QueryValue } from '../../src/server/storage/engine.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';
import { generatedSeries, vectorExpression } from '../support/promqlExpressions.ts';
import { prometheusVersion, startPrometheus, type PrometheusPeer } from '../support/prometheusPeer.ts';

const START = 1_700_000_000_000;
const RUNS = Number(process.env.ISOTHERM_COMPAT_RUNS ?? 300);
const SEED = Number(process.env.ISOTHERM_SEED ?? 1);
const version = prometheusVersion();
const isOld = version !== undefined && version[0] < 3;

/** What a Prometheus before 3 does otherwise, or does not have. */
const CHANGED_IN_3: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['counters are extrapolated to zero after the threshold is applied, no more before', /\b(rate|increase)\(/],
  ['first_over_time did not exist', /first_over_time/],
  ['durations were no numbers', /(?<!offset |offset -|\[)\b5m\b/],
  ['windows were closed on the left, which shows where a grid lies inside another', /:(?:\d+s)?\].*:(?:\d+s)?\]/],
  ['equal label sets of a range function met only where both had samples', /\{__name__/],
];

/** Texts of the values, by series and time. */
type Answer = { readonly refused: boolean; readonly series: Map<string, ApiSample[]> };

async function ours(
  engine: ReturnType<typeof createEngine>,
  expr: string,
  start: number,
  end: number,
  stepMs: number,
): Promise<Answer> {
  try {
    return { refused: false, series: seriesOf((await engine.query({ expr, start, end, stepMs })).value) };
  } catch (fault) {
    if (fault instanceof QueryError && fault.errorType !== 'internal') return { refused: true, series: new Map() };
    throw fault;
  }
}

function seriesOf(value: QueryValue): Map<string, ApiSample[]> {
  if (value.kind === 'raw' || value.kind === 'string') throw new Error(`${value.kind} was not asked for`);
  const { matrix, grid } = value;
  return new Map(
    matrix.labels.map((labels, s) => {
      const samples: ApiSample[] = [];
      for (let i = 0; i < grid.count; i++) {
        if ((matrix.present[s * matrix.presentStride + (i >> 3)] & (1 << (i & 7))) === 0) continue;
        samples.push([(grid.start + i * grid.stepMs) / 1000, formatValue(matrix.values[s * grid.count + i])]);
      }
      return [formatLabels(labels), samples];
    }),
  );
}

async function theirs(peer: PrometheusPeer, expr: string, start: number, end: number, stepMs: number): Promise<Answer> {
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const answer =
    stepMs === 0
      ? await peer.ask('/api/v1/query', { query: expr, time: seconds(start) })
      : await peer.ask('/api/v1/query_range', {
          query: expr,
          start: seconds(start),
          end: seconds(end),
          step: seconds(stepMs),
        });
  if (answer.status !== 'success') return { refused: true, series: new Map() };
  const data = answer.data as ApiQueryData;
  if (data.resultType !== 'matrix' && data.resultType !== 'vector')
    throw new Error(`${data.resultType} was not asked for`);
  return {
    refused: false,
    series: new Map(data.result.map((s) => [formatLabels(labelsOf(s.metric)), s.values ?? [s.value!]])),
  };
}

/** Two engines may add in another order: eleven digits must agree. */
function isClose(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= 1e-11 * Math.max(Math.abs(x), Math.abs(y));
}

function differenceOf(mine: Answer, other: Answer): string | undefined {
  if (mine.refused !== other.refused) return `${mine.refused ? 'ours' : 'theirs'} refused`;
  const [names, otherNames] = [mine, other].map((a) => [...a.series.keys()].sort());
  if (names.join() !== otherNames.join()) return `series ${names.join(' ')} in place of ${otherNames.join(' ')}`;
  for (const [name, samples] of other.series) {
    const got = mine.series.get(name)!;
    if (got.length !== samples.length) return `${name}: ${got.length} samples in place of ${samples.length}`;
    const at = samples.findIndex(([t, v], i) => got[i][0] !== t || !isClose(got[i][1], v));
    if (at >= 0) return `${name}: ${got[at].join(': ')} in place of ${samples[at].join(': ')}`;
  }
  return undefined;
}

(version === undefined ? describe.skip : describe)(
  version === undefined
    ? 'beside Prometheus (skipped: no prometheus and promtool on PATH)'
    : `beside Prometheus ${version.join('.')}`,
  () => {
    const data = generatedSeries(11, START, 120, false);
    const engine = createEngine(new MemoryQueryable(data), DEFAULT_LIMITS);
    let peer: PrometheusPeer;
    beforeAll(async () => {
      peer = await startPrometheus(data);
    });
    afterAll(() => peer?.close());

    test.each([
      ['a range query', START + 300_350, START + 1_800_350, 41_000],
      ['an instant query', START + 900_350, START + 900_350, 0],
    ])('%s has the same answer', async (_name, start, end, stepMs) => {
      await fc.assert(
        fc.asyncProperty(vectorExpression, async (expr) => {
          fc.pre(!isOld || !CHANGED_IN_3.some(([, pattern]) => pattern.test(expr)));
          const [mine, other] = await Promise.all([
            ours(engine, expr, start, end, stepMs),
            theirs(peer, expr, start, end, stepMs),
          ]);
          const difference = differenceOf(mine, other);
          if (difference !== undefined) throw new Error(`${expr}\n${difference}`);
        }),
        { numRuns: RUNS, seed: SEED, maxSkipsPerRun: 20 },
      );
    });
  },
);
