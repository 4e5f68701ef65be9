import fs from 'node:fs';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { bitsOf, setGap, setStale } from '../../shared/model/sampleBits.ts';
import { createEngine, DEFAULT_LIMITS } from '../promql/engine.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { openSelect } from '../tsdb/openSelect.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';
import { createQueryRunner, type QueryRunner } from './queryRunner.ts';

const START = 1_700_000_000_000;
const STEP = 15_000;
const BOUNDS = ['0.1', '0.5', '1', '+Inf'];
const BLOCK_ROWS = 500;
const ROWS = 900;
const timeOf = (row: number) => START + row * STEP;

let folder: string;
let db: Tsdb;
let runner: QueryRunner;

/** Two targets with a histogram, a counter that falls, gaps and stale marks; and a series that is pushed. */
async function fill(from: number, to: number): Promise<void> {
  for (let row = from; row < to; row++) {
    for (const name of ['a', 'b']) {
      const group = db.group(name);
      const instance = { job: 'j', instance: name };
      BOUNDS.forEach((le) => group.column(labelsOf({ __name__: 'x_bucket', le, ...instance })));
      group.column(labelsOf({ __name__: 'x_total', ...instance }));
      group.column(labelsOf({ __name__: 'gauge', ...instance }));
      const cells = Float64Array.from(BOUNDS, (_, b) => row * (b + 1) + (row % (7 - b)));
      const values = Float64Array.of(...cells, (row * 3) % 400, row % 5 === 0 ? row / 7 : 0.1 * row);
      const bits = bitsOf(values);
      if (row % 11 === 0) setGap(bits, 5);
      if (row % 97 === 0) setStale(bits, 4);
      const appender = db.appender();
      expect(appender.appendRow(group, timeOf(row), values)).toBe('ok');
      if (row % 3 === 0) appender.append(labelsOf({ __name__: 'pushed', job: 'j' }), timeOf(row), row * 2);
      await appender.commit();
    }
  }
}

beforeAll(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder });
  await fill(0, BLOCK_ROWS);
  await db.flush();
  await fill(BLOCK_ROWS, ROWS);
  const le = { name: 'le', op: '=', value: '0.5' } as const;
  await db.deleteSeries([[le]], { minTime: timeOf(100), maxTime: timeOf(650) });
  runner = createQueryRunner({ queryable: db, workers: 1, limits: DEFAULT_LIMITS, inlineWorkMax: -1 });
});
afterAll(async () => {
  await runner.close();
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

const EXPRESSIONS = [
  'x_bucket',
  'sum by (le) (rate(x_bucket[5m]))',
  'histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))',
  'increase(x_total[10m]) - delta(gauge[10m])',
  'topk(2, gauge) or pushed',
  'avg_over_time(gauge[7m]) + on (instance) max_over_time(x_total[3m])',
  'timestamp(gauge)',
  'sum({job="j"})',
  'count_over_time(pushed[1h]) / pushed',
  'quantile_over_time(0.5, rate(x_total[2m])[10m:1m])',
];

describe('what is read where it lies', () => {
  test.each(EXPRESSIONS)('%s is answered as from columns, over and over', async (expr) => {
    const columns = createEngine(asColumns(db), DEFAULT_LIMITS);
    for (const start of [timeOf(0), timeOf(333), timeOf(700)]) {
      const request = { expr, start, end: timeOf(ROWS), stepMs: 40_000 };
      const expected = await columns.query(request);
      for (let round = 0; round < 2; round++) {
        const { value, warnings, infos } = await runner.query(request);
        expect({ value, warnings, infos }).toEqual({
          value: expected.value,
          warnings: expected.warnings,
          infos: expected.infos,
        });
      }
    }
  });
});

/** The store without its door for packed selects. */
const asColumns = (store: Tsdb) => ({
  select: store.select.bind(store),
  series: store.series.bind(store),
  labelNames: store.labelNames.bind(store),
  labelValues: store.labelValues.bind(store),
  metadata: store.metadata.bind(store),
  exemplars: store.exemplars.bind(store),
});

test('what was packed is read though its block is replaced meanwhile', async () => {
  const spec = { matchers: [], minTime: timeOf(0), maxTime: timeOf(BLOCK_ROWS - 1) };
  const { select, labels, release } = db.pack!(spec);
  const sets = select.groups.map(({ refs }) => Array.from(refs, (ref) => labels(ref)));
  await db.cleanTombstones();
  const file = select.groups.flatMap(({ parts }) =>
    parts.map((part) => ('chunk' in part && 'file' in part.chunk ? part.chunk.file : '')),
  );
  expect(file.some((name) => name !== '' && !fs.existsSync(name))).toBe(true);
  const open = await openSelect(select, sets, new PackedChunkCache(), { maxSamples: Infinity });
  const cells = new Float64Array(open[0].times.length);
  expect(open[0].read(0, cells)).not.toBe('none');
  expect(cells[7]).toBe(7);
  release();
});
