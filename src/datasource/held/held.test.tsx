/** Answers made of a held part and a new one are those of the whole range. */
import { dataFrameFromJSON, type DataFrame, type DataFrameJSON } from '@grafana/data';
import fc from 'fast-check';
import type { Frame } from '../../server/frames/frame.ts';
import { heatmapCellsFrames, heatmapRowsFrames } from '../../server/frames/heatmap.ts';
import { frameToJson } from '../../server/frames/json.ts';
import type { FrameSeries } from '../../server/frames/series.ts';
import { exemplarFrame, timeSeriesFrames, type FrameContext } from '../../server/frames/shapes.ts';
import { isGrowable } from './growable.ts';
import { createHeldAnswers, overlapOf, type Asked } from './heldAnswers.ts';
import { inOrder, mergeFrames } from './mergeFrames.ts';

const STEP_MS = 15_000;
const STEPS = 24;
const context: FrameContext = {
  refId: 'A',
  expr: 'sum by (le, version) (rate(x_seconds_bucket[1m]))',
  legendFormat: '',
  stepMs: STEP_MS,
  meta: { executedQueryString: 'Expr: x' },
};

const asGrafana = (frames: readonly Frame[]): DataFrame[] =>
  frames.map((frame) => dataFrameFromJSON(JSON.parse(JSON.stringify(frameToJson(frame))) as DataFrameJSON));

/** What can be seen of frames. */
const plain = (frames: readonly DataFrame[]): unknown =>
  frames.map(({ name, refId, meta, fields, length }) => ({
    name,
    refId,
    meta,
    length,
    fields: fields.map(({ name, type, labels, config, values }) => ({
      name,
      type,
      labels,
      config,
      values: [...values],
    })),
  }));

/** A series' value at each step of the whole time; undefined where it has no sample. */
type Steps = readonly (number | undefined)[];
interface Made {
  readonly labels: Record<string, string>;
  readonly steps: Steps;
}

/** Buckets are counts: a number, or none. */
const counted = (one: Made): Made => ({
  ...one,
  steps: one.steps.map((value) => (Number.isFinite(value) ? value : undefined)),
});

const within = ({ labels, steps }: Made, from: number, to: number): FrameSeries | undefined => {
  const present = steps
    .map((value, i) => [i, value] as const)
    .filter(([i, value]) => i >= from && i <= to && value !== undefined);
  if (present.length === 0) return undefined;
  return {
    labels,
    times: Float64Array.from(present, ([i]) => i * STEP_MS),
    values: Float64Array.from(present, ([, value]) => value as number),
  };
};

type Shape = (made: readonly Made[], from: number, to: number) => Frame[];
const seriesOf = (made: readonly Made[], from: number, to: number): FrameSeries[] =>
  made.map((one) => within(one, from, to)).filter((one) => one !== undefined);

const SHAPES: Readonly<Record<string, Shape>> = {
  series: (...of) => timeSeriesFrames(seriesOf(...of), context),
  rows: (made, ...range) =>
    heatmapRowsFrames(
      seriesOf(
        made.map(counted).map((one, i) => ({ ...one, labels: { ...one.labels, le: ['0.1', '1', '+Inf'][i % 3] } })),
        ...range,
      ),
      context,
    ),
  cells: (...of) =>
    heatmapCellsFrames(
      seriesOf(...of).map(({ labels, times, values }) => ({
        labels,
        times: new Float64Array(),
        values: new Float64Array(),
        histograms: Array.from(times, (t, i) => ({
          t,
          count: values[i],
          sum: 0,
          buckets: Array.from({ length: Math.abs(Math.round(values[i])) % 3 }, (_, k) => ({
            lower: 2 ** k,
            upper: 2 ** (k + 1),
            count: values[i],
          })),
        })),
      })),
      context,
    ),
  exemplars: (made, from, to) => {
    const found = seriesOf(made, from, to).map(({ labels, times, values }, n) => ({
      seriesLabels: labels,
      exemplars: Array.from(times, (t, i) => ({
        labels: { [`trace_${n % 2}`]: `t${t}` },
        value: String(values[i]),
        timestamp: t / 1000 + n / 1000,
      })),
    }));
    return found.length === 0 ? [] : [exemplarFrame(found, context)];
  },
};

const value = fc.oneof(
  { weight: 3, arbitrary: fc.nat(50) },
  fc.constantFrom(undefined, undefined, NaN, Infinity, -Infinity, 0.5),
);
const made = fc
  .uniqueArray(fc.tuple(fc.constantFrom('v1', 'v2', 'v3'), fc.constantFrom('a', 'b')), {
    selector: String,
    maxLength: 6,
  })
  .chain((sets) =>
    fc
      .tuple(...sets.map(() => fc.array(value, { minLength: STEPS, maxLength: STEPS })))
      .map((columns) => sets.map(([version, job], i): Made => ({ labels: { job, version }, steps: columns[i] }))),
  );
/** from of the first and second range, ends of both, and where the new part begins. */
const ranges = fc
  .tuple(...[0, 1, 2, 3, 4].map(() => fc.nat(STEPS - 1)))
  .map((places) => [...places].sort((a, b) => a - b))
  .map(([first, second, since, end, later]) => ({ first, second, since, end, later }));

test('resets of both parts are told, where both tell them', () => {
  const rows = (from: number, to: number, resets?: readonly number[]) => {
    const bucket = (le: string) => ({ labels: { le }, steps: Array.from({ length: STEPS }, (_, i) => i) });
    const frames = heatmapRowsFrames(seriesOf([bucket('1'), bucket('+Inf')], from, to), context);
    const steps = resets?.map((step) => step * STEP_MS);
    return asGrafana(
      frames.map((one) => ({ ...one, meta: { ...one.meta, custom: { ...one.meta.custom, resets: steps } } })),
    );
  };
  const resetsOf = (held: readonly number[] | undefined, fresh: readonly number[] | undefined) => {
    const grown = mergeFrames(rows(0, 10, held), { frames: rows(8, 14, fresh), sinceMs: 8 * STEP_MS }, 2 * STEP_MS);
    return (grown[0].meta?.custom?.resets as number[] | undefined)?.map((time) => time / STEP_MS);
  };
  expect(resetsOf([2, 5, 8, 9], [9, 13])).toEqual([5, 8, 9, 13]);
  expect(resetsOf([], [12])).toEqual([12]);
  expect(resetsOf([5], undefined)).toBeUndefined();
  expect(resetsOf(undefined, [12])).toBeUndefined();
});

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`law: ${name} that are held and grown are those that the whole range would give`, () => {
    fc.assert(
      fc.property(made, ranges, (series, { first, second, since, end, later }) => {
        const held = asGrafana(shape(series, first, end));
        const fresh = asGrafana(shape(series, since, later));
        const grown = mergeFrames(held, { frames: fresh, sinceMs: since * STEP_MS }, second * STEP_MS);
        expect(plain(grown)).toEqual(plain(inOrder(asGrafana(shape(series, second, later)))));
      }),
      { numRuns: 300 },
    );
  });
}

test('what came late is taken where it is asked again', () => {
  const at = (values: Steps) => asGrafana(SHAPES.series([{ labels: {}, steps: values }], 0, 3));
  const grown = mergeFrames(at([1, 2, undefined]), { frames: at([9, 2, 3, 4]), sinceMs: STEP_MS }, 0);
  expect([...grown[0].fields[1].values]).toEqual([1, 2, 3, 4]);
});

const grows = (expr: string, expected: boolean) =>
  test(`${expr} ${expected ? 'grows' : 'is asked whole'}`, () => expect(isGrowable(expr)).toBe(expected));
grows('sum by (le) (rate(x_bucket[$__rate_interval]))', true);
grows('up offset 5m', true);
grows('x @ 1700000000', true);
grows('max_over_time(rate(x[5m])[1h:1m])', true);
grows('topk(5, x)', true);
grows('up offset -5m', false);
grows('x @ end()', false);
grows('max_over_time(x[1h:] @ start())', false);
grows('a / (b @ end())', false);
grows('WITH (f = up) f', false);
grows('sum(', false);

describe('held answers', () => {
  const asked = (more: Partial<Asked> = {}): Asked => ({
    query: { refId: 'A', expr: 'rate(x[1m])', range: true },
    fromMs: 1_000_000_000,
    toMs: 1_000_000_000 + 3_600_000,
    intervalMs: 15_000,
    ...more,
  });
  const later = (ms: number, more: Partial<Asked> = {}): Asked => {
    const base = asked(more);
    return { ...base, fromMs: base.fromMs + ms, toMs: base.toMs + ms };
  };
  const frames = (from: number, to: number): DataFrame[] => {
    const first = Math.ceil(from / STEP_MS);
    const count = Math.floor(to / STEP_MS) - first + 1;
    const times = Float64Array.from({ length: count }, (_, i) => (first + i) * STEP_MS);
    return asGrafana(timeSeriesFrames([{ labels: { a: 'b' }, times, values: times.map((t) => t / STEP_MS) }], context));
  };
  const keeper = (now = { at: 0 }) =>
    createHeldAnswers({ scrapeIntervalMs: 15_000, overlapMs: 600_000, now: () => now.at });

  test('the first time all is asked, then what is younger than the overlap', () => {
    const held = keeper();
    const first = held.plan(asked())!;
    expect(first.sinceMs).toBeUndefined();
    held.complete(first, frames(asked().fromMs, asked().toMs));
    const second = held.plan(later(30_000))!;
    expect(second.sinceMs).toBe(Math.floor((Math.floor(asked().toMs / 15_000) * 15_000 - 600_000) / 15_000) * 15_000);
    const whole = held.complete(second, frames(second.sinceMs!, later(30_000).toMs));
    expect(plain(whole)).toEqual(plain(frames(Math.floor(later(30_000).fromMs / 15_000) * 15_000, later(30_000).toMs)));
  });

  const fresh = (name: string, second: Asked) =>
    test(`${name} is asked whole`, () => {
      const held = keeper();
      held.complete(held.plan(asked())!, frames(asked().fromMs, asked().toMs));
      expect(held.plan(second)?.sinceMs).toBeUndefined();
    });
  fresh('an earlier range', later(-60_000));
  fresh('a range that does not touch the held one', later(7_200_000));
  fresh('another expression', later(30_000, { query: { refId: 'A', expr: 'rate(y[1m])', range: true } }));
  fresh('another step', later(30_000, { intervalMs: 60_000 }));
  fresh('a table', later(30_000, { query: { refId: 'A', expr: 'rate(x[1m])', range: true, format: 'table' } }));
  fresh('one moment', later(30_000, { query: { refId: 'A', expr: 'rate(x[1m])', instant: true } }));

  test('once an hour all is asked', () => {
    const now = { at: 0 };
    const held = keeper(now);
    held.complete(held.plan(asked())!, frames(asked().fromMs, asked().toMs));
    now.at = 3_600_001;
    expect(held.plan(later(30_000))!.sinceMs).toBeUndefined();
  });

  test('what is pushed goes on where the held part ends, and is refused over a gap', () => {
    const held = keeper();
    const plan = held.plan(asked())!;
    held.complete(plan, frames(asked().fromMs, asked().toMs));
    const end = Math.floor(asked().toMs / STEP_MS) * STEP_MS;
    const part = (from: number, to: number) => ({ sinceMs: from, toMs: to, frames: frames(from, to) });
    const grown = held.push(plan, part(end, end + STEP_MS))!;
    const times = [...grown[0].fields[0].values] as number[];
    expect(times[times.length - 1]).toBe(end + STEP_MS);
    expect(times).toHaveLength(241);
    expect(held.push(plan, part(end + 4 * STEP_MS, end + 5 * STEP_MS))).toBeUndefined();
  });

  test('an overlap that cannot be read is the default', () => {
    expect([overlapOf(undefined), overlapOf('2m'), overlapOf('soon')]).toEqual([600_000, 120_000, 600_000]);
  });
});
