/** `isotherm tsdb …` and the admin API of the real process: what a server stored is told, verified, dumped, deleted and copied. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { api, runIsotherm, startSidecar, tempFolder, writeConfig } from '../support/sidecar.ts';

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
  await db.close();
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

test.each([
  [['nonsense'], 2, /write one of/],
  [['dump', '--match=up['], 2, /--match=up\[/],
  [['dump', '--match=sum(up)'], 2, /not a series selector/],
  [['dump', '--start=soon'], 2, /seconds since 1970/],
  [['dump', '--start=2', '--end=1'], 2, /--end is before --start/],
  [['stats', '--match=up'], 2, /Unknown option/],
  [['export', 'data'], 2, /a file is missing/],
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
