/**
 * A data folder that a real Prometheus wrote (blocks, chunks of the head, log) and left when it was killed: ours answers as Prometheus does when
 * it is started on the folder again, and so does a Prometheus on what ours exports.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import type { MemorySeries, SampleValue } from '../support/memoryQueryable.ts';
import { besidePrometheus, installedVersion, PROMTOOL, runPrometheus } from '../support/prometheusProcess.ts';
import { writeRemotely } from '../support/remoteWritten.ts';
import { readAll } from '../support/tsdbSamples.ts';
import { api, runIsotherm, startSidecar, tempFolder, until, writeConfig } from '../support/sidecar.ts';

const withTool = spawnSync(PROMTOOL, ['--version']).status === 0 ? test : test.skip;
const hasHistograms = installedVersion !== undefined && installedVersion[0] >= 3;
/** Before version 3.2 native histograms that came late were refused. */
const takesLateHistograms =
  installedVersion !== undefined && (installedVersion[0] > 3 || (hasHistograms && installedVersion[1] >= 2));
const WRITES = 60;
const SCRAPES = 30;

const QUESTIONS = [
  'up',
  '{__name__=~"prometheus_tsdb_.*"}',
  'count({__name__=~".+"}) by (job)',
  'written',
  'changes(ends[3s])',
  'ends',
  'late',
  'count_over_time(late[9s])',
  // How rates reach beyond the start of a series changed with version 3.
  ...(hasHistograms
    ? [
        'rate(written[2s])',
        'rate(prometheus_http_requests_total[3s])',
        'histogram_quantile(0.9, sum by (le) (rate(prometheus_tsdb_compaction_chunk_range_seconds_bucket[5s])))',
        'exponential',
        'histogram_quantile(0.9, rate(exponential[2s]))',
        'bounded',
        'histogram_count(increase(bounded[2s]))',
        'histogram_count(late_exponential)',
        'histogram_sum(late_bounded)',
      ]
    : []),
];

besidePrometheus('a data folder of Prometheus', () => {
  const base = tempFolder();
  const written = join(base, 'peer');
  let range: { start: number; end: number };

  beforeAll(async () => {
    const { url, stop } = await runPrometheus({
      config: (address) =>
        'global: {scrape_interval: 250ms, scrape_timeout: 250ms}\nscrape_configs:\n' +
        `  - {job_name: self, static_configs: [{targets: ['${address}']}]}\n` +
        "  - {job_name: nobody, static_configs: [{targets: ['127.0.0.1:1']}]}\n" +
        'storage: {tsdb: {out_of_order_time_window: 30m}}\n',
      folder: base,
      flags: ['--web.enable-remote-write-receiver', '--web.enable-admin-api', '--enable-feature=native-histograms'],
    });
    const start = Date.now() - 1_000;
    for (let i = 0; i < WRITES; i++) {
      await writeRemotely(url, samplesAt(i, start - 60_000 + i * 1_000));
    }
    await until(async () => {
      const counted = await api(url, '/query?query=count_over_time(up[5m])');
      return Number(counted.data.result[0]?.value[1] ?? 0) >= SCRAPES;
    });
    // Off the grid of the samples: whether a window's left end is part of it changed with version 3.
    range = { start: start / 1000 - 61.137, end: Date.now() / 1000 + 2 };
    await stop('SIGKILL');
  }, 240_000);
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  const copy = () => {
    const folder = mkdtempSync(join(base, 'copy-'));
    cpSync(written, join(folder, 'peer'), { recursive: true });
    return folder;
  };
  const answers = async (url: string) => {
    const asked = QUESTIONS.map(async (query) => {
      const path = `/query_range?query=${encodeURIComponent(query)}&start=${range.start}&end=${range.end}&step=0.7`;
      return [query, seriesOf(await api(url, path))];
    });
    return Object.fromEntries(await Promise.all(asked)) as Record<string, unknown[]>;
  };
  const answersOfPrometheus = async (folder: string) => {
    const { url, stop } = await runPrometheus({ config: 'global: {}\n', folder });
    const all = await answers(url);
    await stop();
    return all;
  };

  test('ours answers on the folder as Prometheus does, and leaves all files as they are', async () => {
    const folder = copy();
    cpSync(join(folder, 'peer'), join(folder, 'data'), { recursive: true });
    const before = filesIn(join(folder, 'peer'));
    // What came late is in a log of its own.
    expect(before.filter(([name, size]) => /^wbl\/\d+$/.test(name) && size > 1000)).not.toEqual([]);
    writeConfig(folder, 'global: {scrape_interval: 1h}\n');
    const serve = () => startSidecar(folder);
    const first = await serve();
    const ours = await answers(first.url);
    await first.stop();
    expect(first.stderr()).toMatch(/The data of Prometheus is taken over" samples=\d{4,} damages=0/);
    const again = await serve();
    const later = await answers(again.url);
    await again.stop();
    expect(again.stderr()).toMatch(/was taken over before/);
    const theirs = await answersOfPrometheus(copy());
    for (const query of QUESTIONS) {
      expect([query, ours[query]]).toEqual([query, theirs[query]]);
      expect([query, later[query]]).toEqual([query, theirs[query]]);
    }
    for (const query of ['up', 'written', 'late', ...(hasHistograms ? ['bounded'] : [])]) {
      expect(theirs[query].length).toBeGreaterThan(0);
    }
    const after = filesIn(join(folder, 'data'));
    expect(after.filter(([name]) => !name.startsWith('isotherm'))).toEqual(before);
  }, 240_000);

  test('what ours exports answers the same in Prometheus', async () => {
    const folder = copy();
    const [store, out] = [join(folder, 'data'), join(folder, 'out')];
    const theirs = await answersOfPrometheus(copy());
    const path = `--storage.tsdb.path=${store}`;
    const imported = await runIsotherm(['tsdb', 'import', path, join(folder, 'peer')]);
    expect([imported.code, imported.stderr]).toEqual([0, expect.stringMatching(/^\d+ samples of /)]);
    const again = await runIsotherm(['tsdb', 'import', path, join(folder, 'peer')]);
    expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/^all of .* already/)]);
    const exported = await runIsotherm(['tsdb', 'export', '--format=prometheus', store, join(out, 'peer')]);
    expect([exported.code, exported.stderr]).toEqual([0, expect.stringMatching(/ samples are in \d blocks/)]);
    const doubled = await runIsotherm(['tsdb', 'export', '--format=prometheus', store, join(out, 'peer')]);
    expect([doubled.code, doubled.stderr]).toEqual([1, expect.stringMatching(/may be there twice/)]);
    expect(await answersOfPrometheus(out)).toEqual(theirs);
  }, 240_000);

  withTool(
    'what ours exports is read by the tools of Prometheus (needs promtool on PATH)',
    async () => {
      const folder = copy();
      const [store, out] = [join(folder, 'data'), join(folder, 'out')];
      const path = `--storage.tsdb.path=${store}`;
      expect((await runIsotherm(['tsdb', 'import', path, join(folder, 'peer')])).code).toBe(0);
      expect((await runIsotherm(['tsdb', 'export', '--format=prometheus', store, join(out, 'peer')])).code).toBe(0);
      const sorted = (text: string) => text.split('\n').sort();
      const selection = ['--match={job="writer"}', join(out, 'peer')];
      const dumped = spawnSync(PROMTOOL, ['tsdb', 'dump', ...selection], { encoding: 'utf8' }).stdout;
      const ours = await runIsotherm(['tsdb', 'dump', '--format=promtool', selection[0], store]);
      expect(sorted(ours.stdout)).toEqual(sorted(dumped));
      expect(dumped).toContain('ends');
      for (const args of [['list'], ['analyze'], ['dump', '--match={job="self"}']]) {
        const [verb, ...rest] = args;
        const told = spawnSync(PROMTOOL, ['tsdb', verb, ...rest, join(out, 'peer')], {
          encoding: 'utf8',
          maxBuffer: 2 ** 28,
        });
        expect([verb, told.status, told.stdout.length > 100]).toEqual([verb, 0, true]);
      }
    },
    240_000,
  );

  test('what is asked over remote read is what the folder holds, and is asked once', async () => {
    const folder = copy();
    const { url, stop } = await runPrometheus({ config: 'global: {}\n', folder });
    const stored = async (name: string, ...source: string[]) => {
      const path = `--storage.tsdb.path=${join(folder, name)}`;
      const { code, stderr } = await runIsotherm(['tsdb', 'import', path, ...source]);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^\d+ samples of /)]);
      const db = await openTsdb({ path: join(folder, name), retention: { ageMs: 0, bytes: 0, percentage: 0 } });
      const all = await readAll(db);
      await db.close();
      return { all, count: Number.parseInt(stderr, 10) };
    };
    const from = [`--from=${url}`, `--start=${range.start}`, `--end=${range.end}`];
    const asked = await stored('asked', ...from);
    const again = await stored('asked', ...from);
    await stop();
    const read = await stored('read', join(folder, 'peer'));
    expect(asked.all).toEqual(read.all);
    expect([asked.count, again.count]).toEqual([read.count, 0]);
  }, 240_000);

  test('a log with damage gives what lies around it, and says where it is', async () => {
    const folder = copy();
    const wal = join(folder, 'peer', 'wal');
    const [segment] = readdirSync(wal).filter((name) => /^\d+$/.test(name));
    const file = join(wal, segment);
    const whole = await runIsotherm([
      'tsdb',
      'import',
      `--storage.tsdb.path=${join(folder, 'whole')}`,
      join(folder, 'peer'),
    ]);
    const bytes = readFileSync(file);
    bytes[Math.floor(bytes.length / 2)] ^= 0xff;
    writeFileSync(file, bytes);
    const part = await runIsotherm([
      'tsdb',
      'import',
      `--storage.tsdb.path=${join(folder, 'part')}`,
      join(folder, 'peer'),
    ]);
    const count = (text: string) => Number(/^(\d+) samples of/m.exec(text)?.[1] ?? 0);
    expect(count(part.stderr)).toBeGreaterThan(0);
    expect(count(part.stderr)).toBeLessThan(count(whole.stderr));
    expect(part.code).toBe(1);
    expect(part.stderr).toMatch(/wal\/\d+ at \d+: a damaged record/);
  }, 240_000);
});

test('a folder that is none of Prometheus is refused with what to do', async () => {
  const folder = tempFolder();
  const refused = await runIsotherm(['tsdb', 'import', folder]);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/no data folder of Prometheus.*name the folder/),
  ]);
});

function samplesAt(i: number, t: number): MemorySeries[] {
  const series = (name: string, v: SampleValue, at = t): MemorySeries => ({
    labels: labelsOf({ __name__: name, job: 'writer', instance: 'a' }),
    samples: [[at, v]],
  });
  // In another order than that of time, so that most of them come late.
  const shuffled = (i * 37) % WRITES;
  const lateAt = t + (shuffled - i) * 1_000;
  const floats = [
    series('written', i * 1.5 + (i % 7)),
    series('ends', i % 10 === 9 ? 'stale' : i),
    series('late', shuffled / 8, lateAt),
  ];
  if (!hasHistograms) return floats;
  const histograms = [series('exponential', histogram(i, 2)), series('bounded', histogram(i, -53))];
  const late = [
    series('late_exponential', histogram(shuffled, 2), lateAt),
    series('late_bounded', histogram(shuffled, -53), lateAt),
  ];
  return [...floats, ...histograms, ...(takesLateHistograms ? late : [])];
}

/** Grows by one bucket, and begins again once. */
function histogram(i: number, schema: number): NativeHistogram {
  const n = i < 40 ? i + 1 : i - 39;
  const buckets = i < 20 ? [n, 2 * n] : [n, 2 * n, n];
  const zeroCount = schema === -53 ? 0 : n;
  return {
    ...{ schema, zeroThreshold: schema === -53 ? 0 : 0.001, zeroCount, sum: 1.25 * n },
    count: zeroCount + buckets.reduce((sum, b) => sum + b, 0),
    positiveSpans: [{ offset: 1, length: buckets.length }],
    positiveBuckets: Float64Array.from(buckets),
    ...{ negativeSpans: [], negativeBuckets: new Float64Array(), counterReset: 'unknown' },
    ...(schema === -53 && { customValues: Float64Array.of(0.1, 0.5, 1, 2.5, 10) }),
  };
}

interface Answer {
  readonly data: { readonly result: { metric: Record<string, string>; values?: unknown; histograms?: unknown }[] };
}

/** Series in a fixed order, numbers to twelve digits: sums may be added up in another order. */
function seriesOf({ data }: Answer): unknown[] {
  const plain = (_: string, v: unknown) =>
    typeof v === 'string' && v !== '' && Number.isFinite(Number(v)) ? Number(v).toPrecision(12) : v;
  return data.result
    .map(({ metric, values, histograms }) => {
      const labels = JSON.stringify(Object.entries(metric).sort());
      return [labels, JSON.parse(JSON.stringify([values ?? [], histograms ?? []], plain)) as unknown] as const;
    })
    .sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

function filesIn(folder: string): [name: string, size: number][] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .sort()
    .map((name) => [name, statSync(join(folder, name)).size]);
}
