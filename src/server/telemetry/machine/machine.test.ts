import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../tests/support/prometheusProcess.ts';
import { machinePage } from './machine.ts';

/** Families by name, and samples by their text up to the value. */
function read(page: string) {
  const types = new Map<string, string>();
  const samples = new Map<string, number>();
  for (const line of page.split('\n')) {
    const type = /^# TYPE (\S+) (\S+)$/.exec(line);
    if (type !== null) types.set(type[1], type[2]);
    const sample = /^([^#].*) (\S+)$/.exec(line);
    if (sample !== null) samples.set(sample[1], Number(sample[2]));
  }
  return { types, samples };
}

/** Families that dashboards over node_exporter stand on. */
const EXPECTED =
  /^node_(cpu_|memory_|disk_(?!info)|filesystem_|load|boot_time|time_seconds|uname_info|intr_|forks|procs_|context|network_(receive|transmit|up|mtu|speed)(?!.*nohandler))/;

const peer = spawnSync('prometheus-node-exporter', ['--version']).status === 0;
const beside = peer ? describe : describe.skip;

beside('beside node_exporter (needs prometheus-node-exporter on PATH)', () => {
  let exporter: ChildProcess;
  let url: string;
  beforeAll(async () => {
    const port = await freePort();
    exporter = spawn('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
    url = `http://127.0.0.1:${port}/metrics`;
    for (let i = 0; i < 100; i++) {
      if (
        await fetch(url)
          .then((r) => r.ok)
          .catch(() => false)
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('node_exporter did not start');
  });
  afterAll(() => exporter.kill());

  test('names, labels and types are the same, values near', async () => {
    const before = read(await machinePage());
    const theirs = read(await (await fetch(url)).text());
    const after = read(await machinePage());
    const expected = [...theirs.samples.keys()].filter((key) => EXPECTED.test(key));
    expect(expected.length).toBeGreaterThan(60);
    expect(expected.filter((key) => !after.samples.has(key))).toEqual([]);
    for (const [name, type] of theirs.types)
      if (after.types.has(name)) expect([name, after.types.get(name)]).toEqual([name, type]);
    for (const key of expected) {
      if (!/_total/.test(key)) continue;
      // A counter read after theirs is never below it, one read before never above (to a rounding of the last digit).
      const slack = 1e-6 + theirs.samples.get(key)! * 1e-9;
      expect([key, after.samples.get(key)! >= theirs.samples.get(key)! - slack]).toEqual([key, true]);
      // Idle and I/O wait may step back by a tick when another CPU updates them.
      if (/idle|iowait/.test(key)) continue;
      expect([key, before.samples.get(key)! <= theirs.samples.get(key)! + slack]).toEqual([key, true]);
    }
    for (const key of ['node_memory_MemTotal_bytes', 'node_boot_time_seconds', 'node_network_mtu_bytes{device="lo"}']) {
      expect([key, after.samples.get(key)]).toEqual([key, theirs.samples.get(key)]);
    }
  });
});

test('on a machine without /proc the page says which collectors found nothing', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'isotherm-proc-'));
  const { samples } = read(await machinePage({ proc: empty, sys: empty }));
  expect(samples.get('node_scrape_collector_success{collector="meminfo"}')).toBe(0);
  expect(samples.get('node_scrape_collector_success{collector="time"}')).toBe(1);
  expect([...samples.keys()].filter((key) => key.startsWith('node_memory_'))).toEqual([]);
});
