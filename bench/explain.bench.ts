/**
 * A box on the heatmap of 100,000 bucket series explained, and their distribution, beside the one range query that draws the heatmap. The goal for
 * an explanation is a second.
 */
import { DISTRIBUTION_ROUTES } from '../src/server/http/distributionRoutes.ts';
import { Params } from '../src/server/http/params.ts';
import type { ApiAnswer, ApiCall } from '../src/server/http/route.ts';
import { createEngine, DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { readDistribution } from '../src/shared/api/distributionColumns.ts';
import { labelsOf } from '../src/shared/model/labels.ts';
import { randomFrom, type Random } from './data/random.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench } from './harness/report.ts';
import { inTempFolder } from './harness/server.ts';

const TARGETS = 250;
const LABEL_SETS = 20;
const BUCKETS = 20;
const ROWS = 60;
const STEP_MS = 30_000;
const END = Date.UTC(2026, 0, 31);
const START = END - ROWS * STEP_MS;
const ROUNDS = 3;
/** One version is slow in the last third. */
const SLOW_FROM = START + (ROWS * STEP_MS * 2) / 3;

async function fill(db: Tsdb): Promise<void> {
  const random = randomFrom(3);
  const targets = Array.from({ length: TARGETS }, (_, target) => {
    const group = db.group(`target ${target}`);
    for (let set = 0; set < LABEL_SETS; set++) {
      const own = { job: 'bench', instance: `10.0.0.${target}:8000`, route: `/r${set % 5}`, version: `v${set % 4}` };
      for (let b = 0; b < BUCKETS; b++) {
        const le = b === BUCKETS - 1 ? '+Inf' : String(2 ** b / 1024);
        group.column(labelsOf({ __name__: 'x_bucket', le, model: `m${set}`, ...own }));
      }
    }
    return { group, values: new Float64Array(LABEL_SETS * BUCKETS) };
  });
  for (let t = START + STEP_MS; t <= END; t += STEP_MS) {
    const appender = db.appender();
    for (const { group, values } of targets) {
      observe(values, t, random);
      if (appender.appendRow(group, t, values) !== 'ok') throw new Error('a row was refused');
    }
    await appender.commit();
  }
}

/** Three requests of each label set. */
function observe(values: Float64Array, t: number, random: Random): void {
  for (let set = 0; set < LABEL_SETS; set++) {
    const middle = set % 4 === 3 && t > SLOW_FROM ? 15 : 6;
    for (let n = 0; n < 3; n++) {
      const bucket = Math.min(BUCKETS - 1, Math.floor(middle + 4 * random()));
      for (let b = bucket; b < BUCKETS; b++) values[set * BUCKETS + b]++;
    }
  }
}

const QUERY = 'sum by (le) (increase(x_bucket[1m]))';
const GRID = { query: QUERY, start: String(START / 1000 + 60), end: String(END / 1000), step: '60' };
const BOX = { from: String(SLOW_FROM / 1000 + 60), to: String(END / 1000), lower: '4' };

await bench('explain', (add) =>
  inTempFolder(async (folder) => {
    const db = await openTsdb({ path: folder, syncIntervalMs: 60_000 });
    try {
      await fill(db);
      const engine = createEngine(db, DEFAULT_LIMITS);
      const call = (params: Record<string, string>) =>
        ({
          params: new Params(new URLSearchParams(params)),
          deps: { options: { queryTimeoutMs: 120_000 } },
          rooms: { engine, queryable: db },
          signal: new AbortController().signal,
        }) as unknown as ApiCall;
      const [distribution, explain] = DISTRIBUTION_ROUTES;
      const ask = async (route: typeof distribution, params: Record<string, string>) => {
        const answer = await route.answer(call(params));
        return bytesOf('pieces' in answer ? answer.pieces : answer);
      };
      const heatmap = () => engine.query({ expr: QUERY, start: Number(GRID.start) * 1000, end: END, stepMs: 60_000 });
      const more = { quantiles: '0.5,0.9,0.99', limits: '0.25' };
      const told = JSON.parse((await ask(explain, { ...GRID, ...BOX })).toString()) as {
        data: { labels: { label: string }[] };
      };
      if (told.data.labels[0].label !== 'version') throw new Error('the label that differs is not the first');
      for (const baseline of ['rest', 'sameTime']) {
        const { ours } = await medianCpuMs({ ours: () => ask(explain, { ...GRID, ...BOX, baseline }) }, ROUNDS);
        const goal = { against: 'the goal', theirs: 1000, better: 'less' } as const;
        add({ what: `explain among 100,000 series, against ${baseline}`, unit: 'CPU ms', ours, ...goal });
      }
      const compare = async (what: string, ours: () => Promise<unknown>) => {
        const ms = await medianCpuMs({ ours, theirs: heatmap }, ROUNDS);
        add({ what, unit: 'CPU ms', ours: ms.ours, against: 'the heatmap query', theirs: ms.theirs, better: 'less' });
      };
      await compare('explain', () => ask(explain, { ...GRID, ...BOX }));
      await compare('distribution with quantiles, mean, shares', () => ask(distribution, { ...GRID, ...more }));
      await compare('the same as columns', () => ask(distribution, { ...GRID, ...more, format: 'binary' }));
      const json = await ask(distribution, { ...GRID, ...more, by: 'model' });
      const columns = await ask(distribution, { ...GRID, ...more, by: 'model', format: 'binary' });
      const size = { ours: columns.length, against: 'JSON', theirs: json.length, better: 'less' } as const;
      add({ what: 'distribution by model, as columns', unit: 'bytes', ...size });
      const buffer = new Uint8Array(columns).buffer;
      const reads = await medianCpuMs(
        {
          ours: async () => readDistribution(buffer, (text) => Buffer.from(text).toString()),
          theirs: async () => JSON.parse(json.toString()) as unknown,
        },
        ROUNDS,
      );
      add({
        what: 'reading it',
        unit: 'CPU ms',
        ours: reads.ours,
        against: 'JSON',
        theirs: reads.theirs,
        better: 'less',
      });
    } finally {
      await db.close();
    }
  }),
);

async function bytesOf(pieces: ApiAnswer): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece));
  return Buffer.concat(all);
}
