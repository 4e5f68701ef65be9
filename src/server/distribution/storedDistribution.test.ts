/** Distributions of what a store holds, in its head and in blocks, beside the PromQL that they stand in for, and as maps beside those made of its answers. */
import fs from 'node:fs';
import { customOf, exponentialOf } from '../../../tests/support/observedHistograms.ts';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { distributionPieces, eachSlice, readDistribution } from '../../shared/api/distributionColumns.ts';
import { heatmapFromBuckets } from '../../shared/heatmap/fromBuckets.ts';
import { heatmapFromCells } from '../../shared/heatmap/fromCells.ts';
import { heatmapFromDistribution, linesFromDistribution } from '../../shared/heatmap/fromDistribution.ts';
import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { quantileLines } from '../../shared/heatmap/quantileLines.ts';
import { bucketsOf } from '../../shared/histogram/buckets.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { labelsOf, labelsRecord, labelValue } from '../../shared/model/labels.ts';
import { DEFAULT_LIMITS } from '../promql/engine.ts';
import type { StepMatrix } from '../storage/engine.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { createQueryRunner, type QueryRunner } from '../workers/queryRunner.ts';
import { distribution, type Distribution, type DistributionGroup, type Omittable } from './distribution.ts';

const START = 1_700_000_000_000;
const SCRAPE = 15_000;
const ROWS = 120;
/** From here on there is one bucket more. */
const FINER_FROM = 70;
/** Nothing is scraped in these rows. */
const AWAY = [40, 52] as const;
/** The process starts anew before these rows: behind those without scrapes, and where it is seen. */
const RESTARTS = [52, 90];
const GRID = { start: START + 60_000, end: START + ROWS * SCRAPE + 120_000, stepMs: 60_000 };
const QUANTILES = [0, 0.1, 0.5, 0.9, 0.99, 1];
const LIMITS = [-0.5, 0, 0.05, 0.3, 1, 7];

const timeOf = (row: number) => START + row * SCRAPE;
/** The end of the slice in which a row lies. */
const sliceOfRow = (row: number) => GRID.start + Math.ceil((timeOf(row) - GRID.start) / GRID.stepMs) * GRID.stepMs;
/** Observations of a row, the same in every form. */
const observed = (row: number, instance: number): number[] =>
  Array.from(
    { length: 3 + ((row * 7 + instance) % 5) },
    (_, i) => ((row * 13 + i * 29 + instance * 5) % 41) / 40 + 0.01,
  );
/** The same with some below and at zero. */
const signed = (row: number, instance: number): number[] =>
  observed(row, instance).map((v, i) => (i === 1 ? -v : i === 2 ? 0 : v));

const CUSTOM = Float64Array.of(0.1, 0.5, 1);

describe.each(['in the head', 'in a block and in the head', 'in blocks'])('what lies %s', (where) => {
  let folder: string;
  let db: Tsdb;
  let runner: QueryRunner;

  beforeAll(async () => {
    folder = makeFolder();
    db = await openTsdb({ path: folder });
    const all = [0, 1].map(() => ({ classic: [] as number[], signed: [] as number[] }));
    for (let row = 0; row < ROWS; row++) {
      if (where !== 'in the head' && row === ROWS / 2) await db.flush();
      if (row >= AWAY[0] && row < AWAY[1]) continue;
      if (RESTARTS.includes(row)) for (const one of all) [one.classic, one.signed] = [[], []];
      const appender = db.appender();
      all.forEach((one, i) => {
        const labels = { job: 'j', instance: `i${i}`, version: `v${i % 2}` };
        one.classic.push(...observed(row, i));
        one.signed.push(...signed(row, i));
        const append = (name: string, v: number, le = '') =>
          appender.append(labelsOf({ __name__: name, le, ...labels }), timeOf(row), v);
        for (const le of ['0.1', ...(row >= FINER_FROM ? ['0.25'] : []), '0.5', '1', '+Inf']) {
          append('x_bucket', one.classic.filter((v) => v <= (le === '+Inf' ? Infinity : Number(le))).length, le);
        }
        append('x_count', one.classic.length);
        append(
          'x_sum',
          one.classic.reduce((sum, v) => sum + v, 0),
        );
        const native = (name: string, h: NativeHistogram) =>
          appender.appendHistogram(labelsOf({ __name__: name, ...labels }), timeOf(row), h);
        native('exponential', exponentialOf(one.signed, row < FINER_FROM ? 2 : 1, 0.02));
        native('thin', exponentialOf(one.signed, 3, 0));
        native('custom', customOf(one.classic, CUSTOM));
      });
      await appender.commit();
    }
    if (where === 'in blocks') await db.flush();
    runner = createQueryRunner({ queryable: db, workers: 1, limits: DEFAULT_LIMITS, keepsAnswers: false });
  });
  afterAll(async () => {
    await runner.close();
    await db.close();
    fs.rmSync(folder, { recursive: true });
  });

  const ask = (expr: string) => distribution(runner, { expr, ...GRID, quantiles: QUANTILES, limits: LIMITS });

  async function matrixOf(expr: string): Promise<StepMatrix & { readonly count: number }> {
    const { value } = await runner.query({ expr, ...GRID });
    if (value.kind !== 'matrix') throw new Error(value.kind);
    return { ...value.matrix, count: value.grid.count };
  }
  const rowOf = ({ values, present, presentStride, count }: Awaited<ReturnType<typeof matrixOf>>, s: number) =>
    Float64Array.from({ length: count }, (_, i) =>
      (present[s * presentStride + (i >> 3)] >> (i & 7)) & 1 ? values[s * count + i] : NaN,
    );
  /** By version. */
  async function promql(expr: string): Promise<Map<string, Float64Array>> {
    const matrix = await matrixOf(expr);
    return new Map(matrix.labels.map((labels, s) => [labelValue(labels, 'version'), rowOf(matrix, s)]));
  }

  const expectClose = (ours: ArrayLike<number>, theirs: ArrayLike<number>) => {
    expect(ours.length).toBe(theirs.length);
    for (let i = 0; i < ours.length; i++) {
      if (!Number.isFinite(theirs[i])) expect([i, ours[i]]).toEqual([i, theirs[i]]);
      else expect(Math.abs(ours[i] - theirs[i])).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(theirs[i])));
    }
  };

  /** What is read from the counts, beside functions of PromQL over the same expression. */
  async function expectReadings({ groups, expr }: Distribution, count: string, sum: string, resets: string) {
    expect(groups.map(({ labels }) => labelValue(labels, 'version'))).toEqual(['v0', 'v1']);
    const same = async (theirsExpr: string, ours: (group: DistributionGroup) => Float64Array) => {
      const theirs = await promql(theirsExpr);
      for (const group of groups) expectClose(ours(group), theirs.get(labelValue(group.labels, 'version'))!);
    };
    await same(count, ({ total }) => total);
    await same(`${sum} / (${count} > 0)`, ({ mean }) => mean!);
    await same(`${resets} and ${count}`, (group) => group.resets!);
    for (const [k, q] of QUANTILES.entries())
      await same(`histogram_quantile(${q}, ${expr})`, (group) => group.quantiles[k]);
    for (const [k, limit] of LIMITS.entries()) {
      await same(`histogram_fraction(-Inf, ${limit}, ${expr})`, (group) => group.shares[k]);
    }
    for (const { resets: told, layoutOf } of groups) {
      expect([...layoutOf].some(Number.isNaN)).toBe(true);
      expect(told!.length).toBe(layoutOf.length);
    }
  }

  const modelOf = ({ groups, grid, windowMs }: Distribution, g: number, countUnit: 'count' | 'perSecond' = 'count') => {
    const edges = Float64Array.from({ length: grid.count + 1 }, (_, x) => grid.start + (x - 1) * grid.stepMs);
    const model = heatmapFromDistribution({
      group: groups[g],
      edges,
      windowSeconds: windowMs / 1000,
      countUnit,
      unit: 's',
    });
    if (model.kind === 'empty') throw new Error(model.reason);
    return { model, lines: linesFromDistribution(model, { group: groups[g], edges }, QUANTILES) };
  };
  const expectSameMap = (ours: HeatmapModel, theirs: HeatmapModel | undefined | { kind: 'empty' }) => {
    if (theirs?.kind !== 'heatmap') throw new Error('no map');
    const { counts, resets: _, title: _title, ...shape } = ours;
    const { counts: expected, title: _none, ...expectedShape } = theirs;
    expect(shape).toEqual(expectedShape);
    expectClose(counts, expected);
  };

  test('classic: counts, layouts, resets, gaps and readings are those of PromQL', async () => {
    const found = await ask('sum by (le, version) (rate(x_bucket[2m]))');
    const increase = (name: string) => `sum by (version) (increase(x_${name}[2m]))`;
    await expectReadings(found, increase('count'), increase('sum'), 'sum by (version) (resets(x_count[2m]))');
    const matrix = await matrixOf(found.expr);
    for (const group of found.groups) {
      const version = labelValue(group.labels, 'version');
      const rows = matrix.labels.flatMap((labels, s) =>
        labelValue(labels, 'version') === version
          ? [{ bound: Number(labelValue(labels, 'le').replace('+Inf', 'Infinity')), values: rowOf(matrix, s) }]
          : [],
      );
      rows.sort((a, b) => a.bound - b.bound);
      eachSlice(group, (x, { bounds }, at) => {
        const present = rows.filter(({ values }) => !Number.isNaN(values[x]));
        expect([...bounds]).toEqual([0, ...present.map(({ bound }) => bound)]);
        // Where the new bucket has begun within the window, it counts less than the one below it; it is raised as quantiles raise it.
        let [sum, most] = [0, 0];
        present.forEach(({ values }, y) => {
          most = Math.max(most, values[x]);
          expectClose([(sum += group.counts[at + y])], [most]);
        });
      });
      expect(group.layouts.map(({ bounds }) => bounds.length)).toEqual([5, 6]);
    }
  });

  test('classic: the map is that of the rates', async () => {
    const expr = 'sum by (le, version) (rate(x_bucket[2m]))';
    const found = await ask(expr);
    const matrix = await matrixOf(expr);
    const times = Float64Array.from({ length: matrix.count }, (_, i) => GRID.start + i * GRID.stepMs);
    found.groups.forEach(({ labels: own }, g) => {
      const series = matrix.labels.flatMap((labels, s) =>
        labelValue(labels, 'version') === labelValue(own, 'version')
          ? [{ labels, times, values: rowOf(matrix, s) }]
          : [],
      );
      const made = heatmapFromBuckets({ series, countUnit: 'perSecond', unit: 's', stepMs: GRID.stepMs });
      const { model, lines } = modelOf(found, g, 'perSecond');
      expectSameMap(model, made.models[0]);
      quantileLines(made.models[0], QUANTILES).forEach((line, k) => {
        expectClose(lines[k].values, line.values);
        expect([lines[k].lows, lines[k].highs, lines[k].times]).toEqual([line.lows, line.highs, line.times]);
      });
      // Told once, though windows overlap.
      expect(Array.from(model.resets!, (x) => model.xEdges[x + 1])).toEqual([sliceOfRow(RESTARTS[1])]);
    });
  });

  test.each(['exponential', 'thin', 'custom'])(
    'native, %s: buckets, zero bucket, resets and readings are those of PromQL',
    async (name) => {
      const found = await ask(`sum by (version) (rate(${name}[2m]))`);
      const of = (func: string) => `histogram_${func}(sum by (version) (increase(${name}[2m])))`;
      await expectReadings(found, of('count'), of('sum'), `sum by (version) (resets(${name}[2m]))`);
      expect(found.expr).toBe(`sum by (version) (increase(${name}[2m]))`);
      const { labels, histograms, count } = await matrixOf(found.expr);
      found.groups.forEach((group, g) => {
        expect(labels[g]).toEqual(group.labels);
        const cells = { times: [] as number[], lowers: [] as number[], uppers: [] as number[], counts: [] as number[] };
        const told = new Set<number>();
        eachSlice(group, (x, layout, at) => {
          told.add(x);
          const h = histograms!.get(g * count + x)!;
          expect([layout.schema, layout.zeroThreshold]).toEqual(
            name === 'custom' ? [undefined, undefined] : [h.schema, h.zeroThreshold],
          );
          const buckets = bucketsOf(h).filter((bucket) => bucket.count !== 0);
          for (const bucket of buckets) {
            cells.times.push(GRID.start + x * GRID.stepMs);
            cells.lowers.push(bucket.lower);
            cells.uppers.push(bucket.upper);
            cells.counts.push(bucket.count);
          }
          const own = Array.from(group.counts.subarray(at, at + layout.bounds.length - 1), (n, y) => ({
            lower: layout.bounds[y],
            upper: layout.bounds[y + 1],
            count: n,
          })).filter((bucket) => bucket.count !== 0);
          expect(own).toEqual(
            buckets.map((bucket) => ({ lower: bucket.lower + 0, upper: bucket.upper + 0, count: bucket.count })),
          );
          if (layout.zeroBucket !== undefined) expect(group.counts[at + layout.zeroBucket]).toBe(h.zeroCount);
        });
        expect([...told]).toEqual(
          Array.from({ length: count }, (_, x) => x).filter((x) => histograms!.has(g * count + x)),
        );
        const { model } = modelOf(found, g);
        expectSameMap(model, heatmapFromCells({ ...cells, countUnit: 'count', unit: 's', stepMs: GRID.stepMs }));
        expect(Array.from(model.resets!, (x) => model.xEdges[x + 1])).toEqual([sliceOfRow(RESTARTS[1])]);
        expect(group.layouts.length).toBe(name === 'exponential' ? 2 : 1);
      });
    },
  );

  test('what is no native histogram says what to write', async () => {
    await expect(ask('sum(rate(x_sum[2m]))')).rejects.toThrow(/write x_bucket/);
    await expect(ask('rate(none[2m])')).resolves.toMatchObject({ groups: [] });
  });

  test('what is not needed is left out', async () => {
    const omitted = async (expr: string, omit: readonly Omittable[]) => {
      const { groups } = await distribution(runner, { expr, ...GRID, quantiles: [], limits: [], omit });
      return groups.map(({ mean, resets }) => [mean === undefined, resets === undefined]);
    };
    expect(await omitted('sum by (le) (rate(x_bucket[2m]))', ['mean'])).toEqual([[true, false]]);
    expect(await omitted('sum by (le) (rate(x_bucket[2m]))', ['resets'])).toEqual([[false, true]]);
    expect(await omitted('sum by (le) (rate(x_bucket[2m]))', ['mean', 'resets'])).toEqual([[true, true]]);
    // The histograms have their sums by themselves.
    expect(await omitted('sum(rate(custom[2m]))', ['mean', 'resets'])).toEqual([[false, true]]);
  });

  test('a refresh is continued, and the same as one that is not', async () => {
    const keeping = createQueryRunner({ queryable: db, workers: 0, limits: DEFAULT_LIMITS });
    const expr = 'sum by (le, version) (rate(x_bucket[2m]))';
    for (let steps = -6; steps <= 0; steps++) {
      const shifted = {
        start: GRID.start + steps * GRID.stepMs,
        end: GRID.end + steps * GRID.stepMs,
        stepMs: GRID.stepMs,
      };
      // Now and then something else is read.
      const request = { expr, ...shifted, quantiles: QUANTILES, limits: steps % 3 === 0 ? [1] : LIMITS };
      expect(await distribution(keeping, request)).toEqual(await distribution(runner, request));
    }
    // The first of either are not continued.
    expect([keeping.cache!.hits, keeping.cache!.misses]).toEqual([5, 2]);
    await distribution(keeping, { expr, ...GRID, quantiles: [], limits: [], fresh: true });
    expect([keeping.cache!.hits, keeping.cache!.misses]).toEqual([5, 2]);
    await keeping.close();
  });

  test('the compact form holds the same', async () => {
    for (const expr of ['sum by (le) (rate(x_bucket[2m]))', 'rate(exponential[2m])', 'sum(rate(custom[2m]))']) {
      const { groups, grid, expr: counted } = await ask(expr);
      const asked = {
        start: grid.start,
        step: grid.stepMs,
        slices: grid.count,
        quantiles: QUANTILES.map(String),
        limits: LIMITS.map(String),
      };
      const named = groups.map(({ labels, ...group }) => ({ ...group, metric: labelsRecord(labels) }));
      const pieces = distributionPieces({ expr: counted, window: 60 }, asked, named, (text) => Buffer.from(text));
      const read = readDistribution(Buffer.concat([...pieces]), (text) => Buffer.from(text).toString());
      expect(read.groups.map((group, i) => ({ ...group, metric: read.head.groups[i].metric }))).toEqual(named);
    }
  });
});
