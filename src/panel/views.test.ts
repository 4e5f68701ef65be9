/** From histograms to what is drawn: marks, comparisons, files. */
import type { DataFrame } from '@grafana/data';
import { labelsOf } from '../shared/model/labels.ts';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { annotationMarks, exemplarsOf, versionMarks } from './events.ts';
import type { FrameMap } from './fromFrames.ts';
import { limitsFromQueries } from './limitQueries.ts';
import { safeHref, withBucket } from './links.ts';
import { completeOptions, readColorBound, type HeatmapOptions } from './options.ts';
import { csvOf } from './takeAway.ts';
import { resetsOf, toldResets, versionsOf } from './source/happenings.ts';
import { viewsOf } from './views.ts';

const MINUTE = 60_000;

function map(labels: Record<string, string>, columns: number[][], query = 'A'): FrameMap {
  const model: HeatmapModel = {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: columns.length + 1 }, (_, i) => i * MINUTE),
    yEdges: Float64Array.of(0, 0.1, 1, Infinity),
    counts: Float64Array.from(columns.flat()),
    countUnit: 'count',
    unit: 's',
    openTop: true,
    openBottom: true,
  };
  return { model, labels: labelsOf(labels), query };
}

const none = [0, 0, 0];
const fast = [90, 10, 0];
const slow = [50, 40, 10];

const frameOf = (fields: Record<string, unknown[]>, more: object = {}): DataFrame => {
  const lists = Object.entries(fields);
  return {
    length: lists[0][1].length,
    fields: lists.map(([name, values]) => ({ name, values, config: {}, type: /time/i.test(name) ? 'time' : 'number' })),
    ...more,
  } as unknown as DataFrame;
};

const views = (maps: FrameMap[], options: Partial<HeatmapOptions> = {}, annotations: DataFrame[] = []) =>
  viewsOf({ maps, annotations, options: completeOptions(options), timeZone: 'UTC' });

test('a version that begins later is marked on the maps of all versions', () => {
  const maps = [map({ version: 'v1' }, [fast, fast, fast]), map({ version: 'v2' }, [none, slow, slow])];
  expect(versionMarks(maps)).toEqual([{ kind: 'version', time: MINUTE, text: 'version v2', short: 'v2' }]);
  expect(views(maps).views.map(({ marks }) => marks.length)).toEqual([1, 1]);
});

const side = (
  labels: Record<string, string>,
  minutes: number[],
  values: unknown[] = minutes.map(() => 1),
): DataFrame => {
  const frame = frameOf({ Time: minutes.map((m) => m * MINUTE), Value: values });
  return { ...frame, fields: frame.fields.map((field, i) => (i === 1 ? { ...field, labels } : field)) };
};

test('a version of build_info that comes later is marked where the maps themselves tell of none', () => {
  const versions = versionsOf([
    side({ version: '1.0' }, [1, 2]),
    side({ version: '1.1' }, [2, 3]),
    side({ version: '' }, [3]),
  ]);
  expect(versions).toEqual([{ kind: 'version', time: 2 * MINUTE, text: 'version 1.1', short: '1.1' }]);
  const happenings = { versions, resets: [] };
  const marksOf = (maps: FrameMap[], marks = true) =>
    viewsOf({ maps, annotations: [], options: completeOptions({ marks }), happenings }).views.flatMap(
      (view) => view.marks,
    );
  expect(marksOf([map({ job: 'a' }, [fast, fast])])).toEqual(versions);
  expect(marksOf([map({ version: 'a' }, [fast, fast]), map({ version: 'b' }, [none, fast])])[0].text).toBe('version b');
  expect(marksOf([map({ job: 'a' }, [fast, fast])], false)).toEqual([]);
});

test('counters that began anew under a rate are marked once, on the map that they concern', () => {
  const resets = resetsOf([side({ model: 'a' }, [2, 3, 7]), side({ model: 'b' }, [5], [NaN])], MINUTE);
  expect(resets.map(({ time }) => time / MINUTE)).toEqual([1, 6]);
  const { views } = viewsOf({
    maps: [map({ model: 'a' }, [fast, fast]), map({ model: 'b' }, [fast, fast])],
    annotations: [],
    options: completeOptions({}),
    happenings: { versions: [], resets },
  });
  expect(views.map(({ marks }) => marks.map(({ kind }) => kind))).toEqual([['reset', 'reset'], []]);
});

test('resets that frames tell of themselves need no question', () => {
  const frame = (model: string, resets?: readonly number[]): DataFrame => {
    const bare = side({ model, le: '1' }, [1, 2]);
    return { ...bare, meta: { custom: { resets } } };
  };
  const told = toldResets([frame('a', [2 * MINUTE]), frame('b', [])], MINUTE);
  expect(told).toEqual([{ labels: [['model', 'a']], time: MINUTE }]);
  expect(toldResets([frame('a', [MINUTE]), frame('b')], MINUTE)).toBeUndefined();
  expect(toldResets([], MINUTE)).toBeUndefined();
});

test('versions of several models say whose they are and stay on that model’s maps', () => {
  const maps = [
    map({ model: 'a', version: 'v1' }, [fast, fast]),
    map({ model: 'a', version: 'v2' }, [none, fast]),
    map({ model: 'b', version: 'v1' }, [fast, fast]),
  ];
  expect(versionMarks(maps).map(({ text }) => text)).toEqual(['a v2']);
  expect(views(maps).views.map(({ marks }) => marks.length)).toEqual([1, 1, 0]);
});

test('annotations are text, with a colour only if it is one', () => {
  const frame = frameOf({
    time: [1000, 2000],
    timeEnd: [1000, 5000],
    text: ['<b onclick="x">Deploy</b>', 'Incident'],
    color: ['url(javascript:x)', '#ff8800'],
  });
  expect(annotationMarks([frame])).toEqual([
    { kind: 'annotation', time: 1000, timeEnd: undefined, text: 'Deploy', color: undefined },
    { kind: 'annotation', time: 2000, timeEnd: 5000, text: 'Incident', color: '#ff8800' },
  ]);
});

test('exemplars bring their trace first, and no link that runs', () => {
  const frame = frameOf(
    { Time: [1000], Value: [0.5], job: ['a'], trace_id: ['abc'] },
    { name: 'exemplar', meta: { custom: { resultType: 'exemplar' } } },
  );
  frame.fields[3].getLinks = () => [{ href: 'javascript:alert(1)' }] as never;
  frame.fields[2].getLinks = () => [{ href: 'https://traces/abc' }] as never;
  expect(exemplarsOf([frame])).toEqual([
    {
      time: 1000,
      value: 0.5,
      labels: [
        ['trace_id', 'abc'],
        ['job', 'a'],
      ],
      href: 'https://traces/abc',
    },
  ]);
  expect(annotationMarks([frame])).toEqual([]);
});

test('compared with the time before a new version, cells of a column sum to zero', () => {
  const maps = [map({ version: 'v1' }, [fast, fast, fast]), map({ version: 'v2' }, [none, none, slow])];
  const { views: shown, notices } = views(maps, { compare: 'before' });
  expect(shown.map(({ model }) => model.countUnit)).toEqual(['shareDifference']);
  expect([...shown[0].model.counts].reduce((a, b) => a + b, 0)).toBeCloseTo(0, 12);
  expect(notices).toEqual(['1 of 2 maps have nothing observed at the time to compare with']);
});

test('a query is compared with the next one, label set by label set', () => {
  const maps = [
    map({ model: 'a', query: 'A' }, [slow], 'A'),
    map({ model: 'b', query: 'A' }, [slow], 'A'),
    map({ model: 'a', query: 'B' }, [fast], 'B'),
  ];
  const { views: shown } = views(maps, { compare: 'query' });
  expect(shown).toHaveLength(1);
  expect(shown[0].labels).toEqual([['model', 'a']]);
  expect([...shown[0].model.counts].map((v) => Math.round(v * 100))).toEqual([-40, 30, 10]);
  expect(views(maps.slice(0, 2), { compare: 'query' }).notices[0]).toMatch(/offset 1d/);
});

test('laid over each other, the map holds all observations and each histogram has its lines in its colour', () => {
  const maps = [map({ version: 'v1' }, [fast]), map({ version: 'v2' }, [slow])];
  const [{ model, lines }] = views(maps, { several: 'overlay', quantiles: [0.5, 0.9] }).views;
  expect(model.counts.reduce((a, b) => a + b, 0)).toBe(200);
  expect(lines.map(({ name, group }) => [name, group])).toEqual([
    ['v1 p50', 0],
    ['v1 p90', 0],
    ['v2 p50', 1],
    ['v2 p90', 1],
  ]);
});

test('the CSV has a line a cell, and labels are no formulas', () => {
  const { views: shown } = views([map({ model: '=cmd|"x"' }, [[1, NaN, 2]])]);
  expect(csvOf(shown).split('\r\n')).toEqual([
    'histogram,from,to,lower,upper,value',
    '"{model=""=cmd|\\""x\\""""}",1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,0,0.1,1',
    '"{model=""=cmd|\\""x\\""""}",1970-01-01T00:00:00.000Z,1970-01-01T00:01:00.000Z,1,+Inf,2',
    '',
  ]);
});

describe('links', () => {
  const box = { from: 1000, to: 2000, lower: 0.25, upper: Infinity };

  test('know the bounds, times and count of the cell', () => {
    const text = 'a=${__bucket.lower}&b=$__bucket.upper&c=${__bucket.from}&d=${__bucket.count}&e=${__bucket.other}';
    expect(withBucket(text, box, 7)).toBe('a=0.25&b=%2BInf&c=1000&d=7&e=${__bucket.other}');
  });

  for (const [href, safe] of [
    ['https://a/b', true],
    ['/d/abc', true],
    ['d/abc?x=1', true],
    ['javascript:alert(1)', false],
    [' JavaScript:alert(1)', false],
    ['data:text/html,x', false],
    ['', false],
  ] as const) {
    test(`${JSON.stringify(href)} is ${safe ? '' : 'not '}followed`, () =>
      expect(safeHref(href) !== undefined).toBe(safe));
  }
});

test('a limit may come from a query: its letter stands for its newest value, and it is no map', () => {
  const limit = frameOf({ Time: [1000, 2000, 3000], Value: [0.2, 0.25, NaN] }, { refId: 'B' });
  const data = frameOf({ Time: [1000], Value: [1] }, { refId: 'A' });
  expect(limitsFromQueries('B, 1s', [data, limit])).toEqual({ text: '0.25, 1s', frames: [data] });
  expect(limitsFromQueries('250ms', [data, limit])).toEqual({ text: '250ms', frames: [data, limit] });
  expect(limitsFromQueries('C', [data, limit]).text).toBe('C');
});

for (const [text, bound] of [
  ['500', 500],
  ['1.5k', 1500],
  ['40 %', 0.4],
  ['', undefined],
  ['many', NaN],
] as const) {
  test(`the colour bound ${JSON.stringify(text)} is ${bound}`, () => expect(readColorBound(text)).toBe(bound));
}
