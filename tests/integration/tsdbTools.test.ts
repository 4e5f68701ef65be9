/** `isotherm tsdb …` and the admin API of the real process: what a server stored is told, verified, dumped, deleted and copied. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { api, runIsotherm, startSidecar, tempFolder, writeConfig } from '../support/sidecar.ts';
import { writeRemotely } from '../support/remoteWritten.ts';
import { copyAsKilled } from '../support/tsdbSamples.ts';

const START = 1_700_000_000_000;
const up = (instance: string) => labelsOf({ __name__: 'up', instance });
const odd = labelsOf({ __name__: 'my.metric', 'label.with.dots': 'a "b"\n\\', z: 'ü' });

/** Two series of a target in a block, one more row of them and three single samples in the log. */
async function filled(): Promise<string> {
  const folder = join(tempFolder(), 'data');
  const db = await openTsdb({ path: folder });
  const group = db.group('g');
  for (const instance of ['a', 'b']) group.column(up(instance));
  const row = async (minute: number) => {
    const appender = db.appender();
    appender.appendRow(group, START + minute * 60_000, Float64Array.of(minute, 0.5));
    await appender.commit();
  };
  for (let minute = 0; minute < 10; minute++) await row(minute);
  await db.flush();
  await row(10);
  const appender = db.appender();
  appender.append(odd, START + 1, -0);
  appender.append(odd, START + 2, Infinity);
  appender.appendStale(odd, START + 3);
  await appender.commit();
  const left = copyAsKilled(folder);
  await db.close();
  rmSync(folder, { recursive: true });
  renameSync(left, folder);
  return folder;
}

const flip = (file: string, at: number) => {
  const bytes = readFileSync(file);
  bytes[at] ^= 1;
  writeFileSync(file, bytes);
};

test('stats tells series, samples, encodings and blocks', async () => {
  const folder = await filled();
  const { code, stdout } = await runIsotherm(['tsdb', 'stats', folder]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/blocks {3}2 series, 20 samples, \d+ B, \d+\.\d{3} bytes a sample/);
  expect(stdout).toMatch(/^integers +1 +10 +\d+ B/m);
  expect(stdout).toMatch(/^constant +1 +10 +9 B/m);
  expect(stdout).toMatch(/^up +2 +20 +\d+ B/m);
  expect(stdout).toMatch(/^instance +2$/m);
  expect(stdout).toMatch(/^00000001\.block +2023-11-14T22:13:20Z +2023-11-14T22:22:20Z +2 +1 +1 +20/m);
  expect(readdirSync(folder).sort()).toEqual(['blocks', 'wal']);
});

test('verify passes what is whole, and says file, place and loss of what is not, without changing anything', async () => {
  const folder = await filled();
  const whole = await runIsotherm(['tsdb', 'verify', folder]);
  expect([whole.code, whole.stdout]).toEqual([
    0,
    expect.stringMatching(/1 blocks \(1 chunks\), 2 log files .*: all right\n$/),
  ]);

  const block = join(folder, 'blocks', '00000001.block');
  const segment = join(
    folder,
    'wal',
    readdirSync(join(folder, 'wal')).find((name) => name.endsWith('.wal'))!,
  );
  const copy = `${folder}-copy`;
  cpSync(folder, copy, { recursive: true });
  flip(block, 30);
  flip(segment, 30);
  const before = readFileSync(segment);
  const damaged = await runIsotherm(['tsdb', 'verify', folder]);
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toMatch(
    /^blocks\/00000001\.block at 16, \d+ bytes: damage in a chunk; lost: 10 rows of "g" \(2 series\), 2023-11-14T22:13:20\.000Z to /m,
  );
  expect(damaged.stdout).toMatch(/^wal\/\d{8}\.wal at \d+, \d+ bytes: damage in log records; lost: the records there/m);
  expect(damaged.stdout).toMatch(/: 2 damaged\n$/);
  expect(readFileSync(segment)).toEqual(before);

  flip(join(copy, 'blocks', '00000001.block'), readFileSync(block).length - 30);
  writeFileSync(join(copy, 'tombstones'), 'x');
  const segmentCopy = segment.replace(folder, copy);
  writeFileSync(segmentCopy, readFileSync(segmentCopy).subarray(0, -3));
  const others = await runIsotherm(['tsdb', 'verify', copy]);
  expect(others.stdout).toMatch(
    /^blocks\/00000001\.block at \d+, \d+ bytes: damage in its header, index, labels or footer; lost: all samples of the block/m,
  );
  expect(others.stdout).toMatch(/^tombstones at 0, 1 bytes/m);
  expect(others.stdout).toMatch(/^note: wal\/\d{8}\.wal ends with an incomplete record/m);
  expect([others.code, /: (\d) damaged\n$/.exec(others.stdout)?.[1]]).toEqual([1, '2']);
});

test('dump prints OpenMetrics with times, by matcher and time; export writes the same to a file', async () => {
  const folder = await filled();
  const text = async (...args: string[]) => (await runIsotherm(['tsdb', 'dump', ...args, folder])).stdout;
  const all = await text();
  const rows = (instance: string, value: (minute: number) => number) =>
    Array.from({ length: 11 }, (_, i) => `up{instance="${instance}"} ${value(i)} ${1_700_000_000 + 60 * i}\n`).join('');
  const odds = '{"my.metric","label.with.dots"="a \\"b\\"\\n\\\\",z="ü"}';
  const expected =
    `# TYPE "my.metric" unknown\n${odds} -0 1700000000.001\n${odds} +Inf 1700000000.002\n` +
    `# TYPE up unknown\n${rows('a', (i) => i)}${rows('b', () => 0.5)}# EOF\n`;
  expect(all).toBe(expected);
  expect(await text('--match=up{instance="b"}', '--start=2023-11-14T22:14:20Z', '--end=1700000120')).toBe(
    '# TYPE up unknown\nup{instance="b"} 0.5 1700000060\nup{instance="b"} 0.5 1700000120\n# EOF\n',
  );
  expect(await text('--match={z="ü"}', '--match=up', '--match={instance="a"}')).toBe(expected);
  expect(await text('--match=nothing')).toBe('# EOF\n');
  const file = join(folder, '..', 'all.om');
  const exported = await runIsotherm(['tsdb', 'export', folder, file]);
  expect([exported.code, readFileSync(file, 'utf8')]).toEqual([0, expected]);
  expect(exported.stderr).toMatch(/^24 samples of 2 metrics are in /);
});

describe('how far it is', () => {
  const progressOf = async (...args: string[]) => (await runIsotherm(['tsdb', ...args])).stderr;
  const bar = /^\r\[[#.]{30}\] *\d+ % /;

  test.each(['stats', 'verify', 'dump', 'export', 'export --format=prometheus'])(
    '%s shows a bar where --progress asks for it, and only then',
    async (verb) => {
      const folder = await filled();
      const out = join(folder, '..', 'out');
      const words = [...verb.split(' '), folder, ...(verb.startsWith('export') ? [out] : [])];
      expect(await progressOf(...words, '--progress')).toMatch(bar);
      rmSync(out, { recursive: true, force: true });
      expect(await progressOf(...words)).not.toContain('\r');
    },
  );

  test('so do import and bench', async () => {
    const base = tempFolder();
    const page = join(base, 'page.om');
    writeFileSync(page, 'a 1 5\n# EOF\n');
    expect(await progressOf('import', `--storage.tsdb.path=${join(base, 'store')}`, page, '--progress')).toMatch(bar);
    expect(await progressOf('bench', '--series=150', '--hours=0.02', '--progress')).toMatch(bar);
  });
});

test('remote write fills what is months old, in any order, where out_of_order_time_window reaches so far', async () => {
  const folder = tempFolder();
  writeConfig(folder, 'storage: {tsdb: {out_of_order_time_window: 90d}}\n');
  const server = await startSidecar(folder, ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=1y']);
  const now = Math.floor(Date.now() / 1000) * 1000;
  const labels = labelsOf({ __name__: 'old_total', job: 'backfill' });
  const days = [0, 80, 3, 40, 79, 1];
  for (const day of days) {
    const samples = [[now - day * 86_400_000, 100 - day] as const];
    await writeRemotely(server.url, [{ labels, samples, group: 'g' }]);
  }
  const range = `start=${now / 1000 - 85 * 86_400}&end=${now / 1000}&step=86400`;
  const { data } = await api(server.url, `/query_range?query=old_total&${range}`);
  const seen = data.result[0].values.map(([t, v]: [number, string]) => [(now / 1000 - t) / 86_400, v]);
  expect(seen).toEqual([...days].sort((a, b) => b - a).map((day) => [day, String(100 - day)]));
  // Older than that is refused, and says so.
  const tooOld = [[now - 100 * 86_400_000, 1]] as const;
  await expect(writeRemotely(server.url, [{ labels, samples: tooOld, group: 'g' }])).rejects.toThrow(
    /400 1 samples refused: older than the out-of-order window/,
  );
  await server.stop();
});

test.each([
  [['nonsense'], 2, /write one of/],
  [['dump', '--match=up['], 2, /--match=up\[/],
  [['dump', '--match=sum(up)'], 2, /not a series selector/],
  [['dump', '--start=soon'], 2, /seconds since 1970/],
  [['dump', '--start=2', '--end=1'], 2, /--end is before --start/],
  [['stats', '--match=up'], 2, /Unknown option/],
  [['export', 'data'], 2, /a file is missing/],
  [['export', '--format=blocks', 'data', 'out'], 2, /write openmetrics .* or prometheus/],
  [['bench', '--series=none'], 2, /write a number above 0/],
  [['import'], 2, /what to import is missing/],
  [['import', '--from=here', '--start=1'], 2, /is no URL/],
  [['import', '--from=http://127.0.0.1:1'], 2, /--start is missing/],
  [['import', '--match=up', 'old'], 2, /go with --from/],
  [['import', '/nonexistent'], 1, /is not there/],
  [['stats', '/nonexistent'], 1, /is no data folder/],
  [['dump', '/nonexistent'], 1, /is no data folder/],
])('isotherm tsdb %j ends with %i and says why', async (args, code, why) => {
  const ended = await runIsotherm(['tsdb', ...args]);
  expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(why)]);
  expect(ended.stderr).not.toMatch(/ at .*\.ts:/);
});

test('the admin API deletes, cleans and copies; a folder in use is left alone by the tools', async () => {
  const folder = await filled();
  const base = join(folder, '..');
  writeConfig(base, 'global: {scrape_interval: 1m}\n');
  const sidecar = await startSidecar(base, ['--web.enable-admin-api', '--storage.tsdb.retention.time=100y']);
  const post = (path: string) => fetch(`${sidecar.url}/api/v1/admin/tsdb${path}`, { method: 'POST' });
  const values = async (query: string) =>
    (await api(sidecar.url, `/query?time=1700000600&query=${encodeURIComponent(query)}`)).data.result.map(
      (row: { value: [number, string] }) => row.value[1],
    );
  try {
    for (const verb of ['stats', 'verify', 'dump']) {
      const refused = await runIsotherm(['tsdb', verb, folder]);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/in use by process \d+; stop it/)]);
    }
    expect(await values('count_over_time(up[20m])')).toEqual(['11', '11']);
    expect((await post('/delete_series?match[]=up{instance="a"}&end=1700000540')).status).toBe(204);
    expect((await post('/delete_series?match[]={__name__="my.metric"}')).status).toBe(204);
    expect((await values('count_over_time(up[20m])')).sort()).toEqual(['1', '11']);
    const { name } = (await (await post('/snapshot')).json()).data;
    const snapshot = join(folder, 'snapshots', name);
    expect((await runIsotherm(['tsdb', 'verify', snapshot])).code).toBe(0);
    expect((await post('/clean_tombstones')).status).toBe(204);
    expect((await values('count_over_time(up[20m])')).sort()).toEqual(['1', '11']);
    expect((await api(sidecar.url, '/label/__name__/values')).data).toEqual(['up']);
    const dumped = (await runIsotherm(['tsdb', 'dump', snapshot])).stdout;
    expect([dumped.match(/^up/gm)?.length, dumped.includes('my.metric')]).toEqual([12, false]);
  } finally {
    await sidecar.stop();
  }
  expect(existsSync(join(folder, 'lock'))).toBe(false);
  const { stdout } = await runIsotherm(['tsdb', 'stats', folder]);
  expect(stdout).toMatch(/2 series, 12 samples/);
});

describe('importing OpenMetrics text', () => {
  const importText = async (text: string, ...more: string[]) => {
    const base = tempFolder();
    const [file, store] = [join(base, 'page.om'), join(base, 'store')];
    writeFileSync(file, text);
    const run = () => runIsotherm(['tsdb', 'import', `--storage.tsdb.path=${store}`, file, ...more]);
    const dumped = async () => (await runIsotherm(['tsdb', 'dump', store])).stdout;
    return { ...(await run()), run, dumped };
  };

  test('samples of any age and in any order are there, once, with their exemplars', async () => {
    const lines = [5, 3, 4, 1, 2].map((n) => `a_total{n="ü"} ${n} ${1_600_000_000 + n * 86_400}`);
    const text = [
      '# TYPE a counter',
      `${lines[0]} # {trace_id="x"} 0.5`,
      ...lines.slice(1),
      'b NaN 1e9',
      '# EOF',
      '',
    ].join('\n');
    const { code, stderr, run, dumped } = await importText(text);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^6 samples of .*page\.om are in /)]);
    const all = await dumped();
    expect(all.split('\n').filter((line) => line.startsWith('a_total'))).toEqual(
      [1, 2, 3, 4, 5].map((n) => `a_total{n="ü"} ${n} ${1_600_000_000 + n * 86_400}`),
    );
    expect(all).toContain('b NaN 1000000000\n');
    expect((await run()).stderr).toMatch(/^all of .* already/);
    expect(await dumped()).toBe(all);
  });

  test.each([
    ['a 1\n# EOF\n', /page\.om: line 1: the sample has no time.*"a 1"; nothing of it is imported/],
    ['# TYPE a gauge\na 1 5\na x 6\n# EOF\n', /line 3: expected a number as value: "a x 6"; nothing/],
    ['a 1 5\n', /line 2: the page does not end with # EOF/],
    ['a 1 5\n# EOF\na 2 6\n', /nothing may follow # EOF/],
    ['{a="1"} 1 5\n# EOF\n', /line 1: .*; nothing of it is imported/],
  ])('%j is refused with its line, and nothing of it is stored', async (text, why) => {
    const { code, stderr, dumped } = await importText(text);
    expect([code, stderr]).toEqual([1, expect.stringMatching(why)]);
    expect(await dumped()).toBe('# EOF\n');
  });
});

test('isotherm tsdb bench measures each step, and leaves nothing behind', async () => {
  const { code, stdout } = await runIsotherm(['tsdb', 'bench', '--series=150', '--hours=0.1']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^200 series of 1 services, 0.1 h at 15 s, 4800 samples$/m);
  for (const step of ['append, log and pack', 'open after a kill, all in the log', 'select all buckets']) {
    expect(stdout).toMatch(new RegExp(`^${step} +\\d+\\.\\d{3} s +\\d+\\.\\d M$`, 'm'));
  }
  expect(stdout).toMatch(/^block, index included +\d.* bytes\/sample$/m);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('isotherm-store-bench-'))).toEqual([]);
});
