import { MemoryQueryable, type MemorySeries } from '../../../tests/support/memoryQueryable.ts';
import { exponentialOf } from '../../../tests/support/observedHistograms.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { createEngine, DEFAULT_LIMITS } from '../promql/engine.ts';
import type { QueryRequest } from '../storage/engine.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { FanIn } from '../storage/fanIn.ts';
import type { KeptSelect, Queryable } from '../storage/queryable.ts';
import type { QueryLog } from './queryLog.ts';
import { createQueryRunner, type QueryRunner } from './queryRunner.ts';

const SAMPLES = 200;
/** Seconds of sorting. */
const LONG = 'sum_over_time(quantile_over_time(0.5, x_bucket[40m:1s])[40m:1s])';
const series: MemorySeries[] = [];
for (let s = 0; s < 20; s++) {
  const samples = Array.from({ length: SAMPLES }, (_, i) => [i * 15_000, ((i * 7 + s * 3) % 97) + s] as const);
  const labels = labelsOf({ __name__: 'x_bucket', le: s % 4 === 3 ? '+Inf' : String(s % 4), job: `j${s >> 2}` });
  series.push({ labels, samples, group: `g${s % 2}` });
}
const native: MemorySeries[] = series.map(({ labels, samples, group }) => ({
  labels: labels.map(([name, value]) => [name, name === '__name__' ? 'native' : value] as const),
  samples: samples.map(([t, v]) => [t, exponentialOf([Number(v)], 0, 0, 'unknown')] as const),
  group: `native ${group}`,
}));
const queryable = new MemoryQueryable([...series, ...native]);
const ask = (expr: string, more: Partial<QueryRequest> = {}): QueryRequest => ({
  expr,
  start: 600_000,
  end: 2_400_000,
  stepMs: 20_000,
  ...more,
});

describe('queries on a worker', () => {
  let runner: QueryRunner;
  beforeAll(() => {
    runner = createQueryRunner({ queryable, workers: 1, limits: DEFAULT_LIMITS, inlineWorkMax: -1 });
  });
  afterAll(() => runner.close());

  test.each([
    'x_bucket',
    'sum by (le) (rate(x_bucket[5m]))',
    'histogram_quantile(0.9, sum by (le, job) (rate(x_bucket[5m])))',
    'topk(2, x_bucket)',
    'max_over_time(sum(x_bucket)[5m:1m]) offset 1m',
    'nothing_here',
    'rate(x[5m]) + sum(nothing_here)',
    '1 + 1',
  ])('answer %s as in the caller’s thread', async (expr) => {
    const inline = createEngine(queryable, DEFAULT_LIMITS);
    const [there, here] = await Promise.all([outcome(runner, ask(expr)), outcome(inline, ask(expr))]);
    expect(there).toEqual(here);
  });

  test('answer instant queries, raw samples and texts', async () => {
    const instant = { start: 600_000, end: 600_000, stepMs: 0 };
    const inline = createEngine(queryable, DEFAULT_LIMITS);
    for (const expr of ['x_bucket[1m]', 'x_bucket', '"text"', 'time()']) {
      expect(await outcome(runner, ask(expr, instant))).toEqual(await outcome(inline, ask(expr, instant)));
    }
  });

  test('refuse as in the caller’s thread', async () => {
    await expect(runner.query(ask('sum(x_bucket'))).rejects.toMatchObject({ errorType: 'bad_data' });
    await expect(runner.query(ask('x_bucket + on(job) x_bucket'))).rejects.toMatchObject({ errorType: 'execution' });
    await expect(runner.query(ask('x_bucket', { maxSamples: 100 }))).rejects.toMatchObject({ errorType: 'execution' });
  });

  test('run side by side, each to its own answer', async () => {
    const exprs = Array.from({ length: 12 }, (_, i) => `sum(x_bucket) + ${i}`);
    const results = await Promise.all(exprs.map((expr) => runner.query(ask(expr))));
    const firsts = results.map((r) => (r.value.kind === 'matrix' ? r.value.matrix.values[0] : NaN));
    expect(firsts.map((v) => v - firsts[0])).toEqual(exprs.map((_, i) => i));
  });

  test('stop when they are aborted or their time is over', async () => {
    const abort = new AbortController();
    const asked = runner.query(ask(LONG, { signal: abort.signal }));
    setTimeout(() => abort.abort(), 50);
    await expect(asked).rejects.toMatchObject({ errorType: 'canceled' });
    await expect(runner.query(ask(LONG, { timeoutMs: 50 }))).rejects.toMatchObject({ errorType: 'timeout' });
    await expect(runner.query(ask('sum(x_bucket)'))).resolves.toBeDefined();
  });
});

test.each([
  ['few samples in few steps', 'sum(rate(x_bucket[40m]))', 2_000, true],
  ['native histograms in fewer', 'sum(rate(native[40m]))', 10_000, false],
  ['the same, series by series, in some steps', 'rate(x_bucket[40m])', 600, false],
  ['their sums in as many', 'sum(rate(x_bucket[40m]))', 600, true],
  ['the same in many steps', 'sum(rate(x_bucket[40m]))', 200, false],
  ['windows that are looked through', 'sum(quantile_over_time(0.5, x_bucket[40m]))', 2_000, false],
])('where a query is evaluated depends on what is to be done: %s', async (_, expr, stepMs, isSmall) => {
  const onThread: string[] = [];
  const begin = (query: string) => {
    onThread.push(query);
    return () => undefined;
  };
  const active = { begin, close: () => undefined };
  const runner = createQueryRunner({ queryable, workers: 1, limits: DEFAULT_LIMITS, active });
  await runner.query(ask(expr, { stepMs }));
  await runner.close();
  expect(onThread).toEqual(isSmall ? [] : [expr]);
});

test.each([
  ['the caller’s thread', Infinity],
  ['a worker', -1],
])('who takes an answer of %s may give its memory back', async (_, inlineWorkMax) => {
  const options = { queryable, workers: 1, limits: DEFAULT_LIMITS, keepsAnswers: false, inlineWorkMax };
  const runner = createQueryRunner(options);
  const texts: string[] = [];
  for (let i = 0; i < 2; i++) {
    const pieces = await runner.answer(ask('rate(x_bucket[5m])'), { limit: Infinity, stats: false });
    expect(pieces.areHandedOver).toBe(true);
    let text = '';
    for await (const piece of pieces) {
      text += Buffer.from(piece).toString();
      piece.fill(0);
    }
    texts.push(text);
  }
  await runner.close();
  expect(texts[1]).toBe(texts[0]);
});

test('a closed runner refuses, and what was running is canceled', async () => {
  const runner = createQueryRunner({ queryable, workers: 1, limits: DEFAULT_LIMITS, inlineWorkMax: -1 });
  const running = runner.query(ask(LONG));
  const refused = expect(running).rejects.toMatchObject({ errorType: 'canceled' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await runner.close();
  await refused;
  await expect(runner.query(ask('1'))).rejects.toMatchObject({ errorType: 'canceled' });
});

/** Value and annotations, or the refusal. */
async function outcome(engine: { query: QueryRunner['query'] }, request: QueryRequest): Promise<unknown> {
  try {
    const { value, warnings, infos } = await engine.query(request);
    return { value, warnings, infos };
  } catch (fault) {
    return { message: (fault as Error).message };
  }
}

describe('an answer written on a worker', () => {
  let runner: QueryRunner;
  beforeAll(() => {
    runner = createQueryRunner({ queryable, workers: 1, limits: DEFAULT_LIMITS, inlineWorkMax: -1 });
  });
  afterAll(() => runner.close());

  const format = { limit: Infinity, stats: false };
  /** Some megabytes of JSON. */
  const large = () => ask('x_bucket', { start: 0, end: 3_000_000, stepMs: 300 });
  const textOf = async (pieces: AsyncIterable<Uint8Array>) => {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    return Buffer.concat(all).toString();
  };

  test.each([
    ['sum by (le) (rate(x_bucket[5m]))', ask('sum by (le) (rate(x_bucket[5m]))')],
    ['a large one', large()],
  ])('is that of the caller’s thread: %s', async (_, request) => {
    const inline = createEngine(queryable, DEFAULT_LIMITS);
    const here = await textOf(await inline.answer(request, format));
    expect(await textOf(await runner.answer(request, format))).toBe(here);
  });

  test('tells what each step looked at, as in the caller’s thread', async () => {
    const limits = { ...DEFAULT_LIMITS, perStepStats: true };
    const counting = createQueryRunner({ queryable, workers: 1, limits, inlineWorkMax: -1 });
    const asked = ask('max_over_time(sum(rate(x_bucket[5m]))[10m:1m])', { perStep: true });
    const told = async (engine: Pick<QueryRunner, 'answer'>) => {
      const text = await textOf(await engine.answer(asked, { limit: Infinity, stats: true }));
      return (JSON.parse(text) as { data: { stats: { samples: Record<string, unknown> } } }).data.stats.samples;
    };
    const there = await told(counting);
    await counting.close();
    expect(there.totalQueryableSamplesPerStep).toHaveLength(91);
    expect(there).toEqual(await told(createEngine(queryable, limits)));
  });

  test('is refused before its first piece', async () => {
    await expect(runner.answer(ask('x_bucket + on(job) x_bucket'), format)).rejects.toMatchObject({
      errorType: 'execution',
    });
  });

  test('that nobody takes further is let go, and others are answered', async () => {
    for await (const piece of await runner.answer(large(), format)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(await textOf(await runner.answer(ask('1 + 1'), format))).toContain('"2"');
  });

  test('ends with an error where the query is canceled before all of it is taken', async () => {
    const gone = new AbortController();
    const pieces = await runner.answer({ ...large(), signal: gone.signal }, format);
    const taking = (async () => {
      for await (const piece of pieces) if (piece.length > 0) gone.abort();
    })();
    await expect(taking).rejects.toMatchObject({ errorType: 'canceled' });
  });
});

describe('a query is kept', () => {
  const kept = (limits: Partial<typeof DEFAULT_LIMITS>, held: Queryable = keeping) =>
    createQueryRunner({ queryable: held, workers: 0, limits: { ...DEFAULT_LIMITS, ...limits } }).keep?.(parseExpr('y'));
  const keeping: Queryable = Object.assign(Object.create(queryable) as Queryable, {
    keep: (): KeptSelect => ({ found: () => ({ refs: new Uint32Array(0), labels: () => [] }), read: () => [] }),
  });

  test('where the store keeps series', () => {
    expect(kept({})?.at(0)).toMatchObject({ labels: [], samplesRead: 0 });
    expect(kept({}, queryable)).toBeUndefined();
  });
  test('unless it might have to be refused, or names are dropped late', () => {
    expect(kept({ maxSamples: 999_999 })).toBeUndefined();
    expect(kept({ maxBytes: 1024 })).toBeUndefined();
    expect(kept({ delayedNameRemoval: true })).toBeUndefined();
  });
  test('unless it is to be logged', () => {
    const isOn = { isOn: true } as QueryLog;
    const runner = createQueryRunner({ queryable: keeping, workers: 0, limits: DEFAULT_LIMITS, queryLog: isOn });
    expect(runner.keep!(parseExpr('y'))?.at(0)).toBeUndefined();
  });
  test('without other servers that are to be asked too', () => {
    const local = Object.assign(keeping, { changes: { mark: () => 0, oldestSince: () => Infinity } });
    const both = new FanIn(
      local,
      () => 0,
      async () => [],
    );
    const asked = createQueryRunner({ queryable: both, workers: 0, limits: DEFAULT_LIMITS }).keep!(parseExpr('y'))!;
    expect(asked.at(0)).toBeDefined();
    both.ask([{ concerns: () => undefined, read: async () => [] }]);
    expect(asked.at(0)).toBeUndefined();
    both.ask([]);
    expect(asked.at(0)).toBeDefined();
  });
});
