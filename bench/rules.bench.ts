/**
 * 5,000 rules over 100,000 series, in 100 groups that are evaluated every 15 s: quantiles of latency, rates, ratios, alerts. The program and a Prometheus
 * scrape the same targets at the same time and evaluate the same file; what each needs for it is the processor time beyond that of scraping alone, divided by the
 * rules that it evaluated. Where either does not evaluate all of them in their interval, or scrapes fail, figures mean nothing, and none are given.
 *
 * ISOTHERM_BENCH_TARGETS=100 (of 1,000 series, 50 rules each), ISOTHERM_BENCH_SECONDS=60 with rules.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LATENCY } from './data/mlServing.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf, residentBytesOf } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import { startIsotherm, startPrometheus, type Server, type ServerFolders } from './harness/server.ts';
import { startFarm } from './harness/targetFarm.ts';

const TARGETS = Number(process.env.ISOTHERM_BENCH_TARGETS ?? 100);
const SECONDS = Number(process.env.ISOTHERM_BENCH_SECONDS ?? 60);
const INTERVAL_SECONDS = 15;
/** Rates over a minute have something to say. */
const WARM_UP_SECONDS = 75;
const QUIET_SECONDS = 30;
/** The first evaluation of each group meets code and caches that are new. */
const FIRST_SECONDS = 20;
const RULES_A_TARGET = 50;
const SHAPE = { histograms: 44, plain: 32, scrapeSeconds: INTERVAL_SECONDS, gzip: false, redeploy: false };

/** Fifty rules over the series of one target. */
function rulesOf(target: number): string {
  const job = `job="model-${target}"`;
  const record = (name: string, expr: string) => `      - { record: '${name}', expr: '${expr}' }`;
  const alert = (name: string, expr: string) =>
    `      - { alert: '${name}', expr: '${expr}', for: 1m, labels: { severity: page }, annotations: { summary: '{{ $labels.job }}: {{ $value | humanize }}' } }`;
  const buckets = (model: string) => `rate(${LATENCY}_bucket{${job},model="${model}"}[1m])`;
  const models = Array.from({ length: 22 }, (_, i) => `model-${i}`);
  return [
    `  - name: target-${target}`,
    `    interval: ${INTERVAL_SECONDS}s`,
    '    rules:',
    ...models
      .slice(0, 12)
      .map((m) => record(`model:p99:${m}`, `histogram_quantile(0.99, sum by (job, le) (${buckets(m)}))`)),
    ...models
      .slice(0, 10)
      .map((m) => record(`model:rps:${m}`, `sum by (job, version) (rate(${LATENCY}_count{${job},model="${m}"}[1m]))`)),
    ...models
      .slice(10, 18)
      .map((m) =>
        record(
          `model:fast:${m}`,
          `sum by (job) (rate(${LATENCY}_bucket{${job},model="${m}",le="0.5"}[1m])) / sum by (job) (rate(${LATENCY}_count{${job},model="${m}"}[1m]))`,
        ),
      ),
    record('job:requests', `sum by (job, handler) (rate(http_requests_total{${job}}[1m]))`),
    record('job:busy', `avg by (job) (accelerator_utilization_ratio{${job}})`),
    ...models
      .slice(0, 10)
      .map((m) => alert(`Slow-${m}`, `histogram_quantile(0.9, sum by (job, le) (${buckets(m)})) > 0.05`)),
    ...models
      .slice(0, 8)
      .map((m) => alert(`Silent-${m}`, `sum by (job) (rate(${LATENCY}_count{${job},model="${m}"}[1m])) < 0`)),
    '',
  ].join('\n');
}

const configText = (port: number, rules: string) =>
  [
    `global: { scrape_interval: ${INTERVAL_SECONDS}s, scrape_timeout: ${INTERVAL_SECONDS}s, evaluation_interval: ${INTERVAL_SECONDS}s }`,
    `rule_files: ['${rules}']`,
    'scrape_configs:',
    ...Array.from(
      { length: TARGETS },
      (_, i) =>
        `  - { job_name: model-${i}, metrics_path: /x/${i}, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`,
    ),
    '',
  ].join('\n');

interface Running {
  readonly name: string;
  readonly server: Server;
  readonly rules: string;
}

interface Reading {
  readonly cpuMs: number;
  readonly at: number;
  readonly evaluations: number;
  readonly missed: number;
  readonly failures: number;
}

async function read({ server }: Running): Promise<Reading> {
  const page = await (await fetch(`${server.url}/metrics`)).text();
  const sum = (name: string) =>
    [...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].reduce((all, [, v]) => all + Number(v), 0);
  return {
    cpuMs: cpuMsOf(server.pid),
    at: Date.now(),
    evaluations: sum('prometheus_rule_evaluations_total'),
    missed: sum('prometheus_rule_group_iterations_missed_total'),
    failures: sum('prometheus_rule_evaluation_failures_total'),
  };
}

const between = (a: Reading, b: Reading) => ({
  cpuMs: b.cpuMs - a.cpuMs,
  seconds: (b.at - a.at) / 1000,
  evaluations: b.evaluations - a.evaluations,
  missed: b.missed - a.missed,
  failures: b.failures - a.failures,
});

/** All rules once in their interval; groups are at their own places in it, so that a span may hold one more or less of some. */
const RULES_A_SECOND = (TARGETS * RULES_A_TARGET) / INTERVAL_SECONDS;
const RATE_OFF_MAX = 0.05;
/** Of the targets' scrapes over the measured time. */
const UP_MIN = 0.95;

/** Why figures mean nothing; undefined where they do. */
async function faultOf({ name, server }: Running, found: ReturnType<typeof between>): Promise<string | undefined> {
  const rate = found.evaluations / found.seconds;
  const up = await averageUp(server.url, found.seconds);
  const told = [
    Math.abs(rate / RULES_A_SECOND - 1) > RATE_OFF_MAX &&
      `evaluated ${rate.toFixed(0)} rules/s in place of ${RULES_A_SECOND.toFixed(0)}`,
    found.missed > 0 && `missed ${found.missed} iterations`,
    found.failures > 0 && `failed ${found.failures} evaluations`,
    !(up >= UP_MIN) && `scraped only ${(100 * up).toFixed(0)} % of the targets in time`,
  ].filter((text) => text !== false);
  return told.length === 0 ? undefined : `${name} ${told.join(', ')}`;
}

async function averageUp(url: string, seconds: number): Promise<number> {
  const query = encodeURIComponent(`avg(avg_over_time(up[${Math.round(seconds)}s]))`);
  const answer = (await (await fetch(`${url}/api/v1/query?query=${query}`)).json()) as {
    data: { result: { value: [number, string] }[] };
  };
  return Number(answer.data.result[0]?.value[1] ?? NaN);
}

async function over(running: readonly Running[], seconds: number) {
  const before = await Promise.all(running.map(read));
  await sleep(seconds * 1000);
  const after = await Promise.all(running.map(read));
  return before.map((a, i) => between(a, after[i]));
}

await bench('rules', async (add) => {
  const peer = findPeer('prometheus');
  await inTempFolder(async (folder) => {
    const farm = await startFarm({ ...SHAPE, targets: TARGETS, seconds: 240 });
    const running: Running[] = [];
    try {
      const begin = async (name: string, start: (folders: ServerFolders) => Promise<Server>) => {
        const rules = path.join(folder, `${name}.rules.yml`);
        const config = path.join(folder, `${name}.yml`);
        fs.writeFileSync(config, configText(farm.port, rules));
        running.push({ name, rules, server: await start({ config, data: path.join(folder, name) }) });
      };
      await begin('ours', (folders) => startIsotherm(folders, ['--web.enable-lifecycle', '--log.level=warn']));
      if (typeof peer !== 'string')
        await begin('theirs', (folders) => startPrometheus(peer, folders, ['--web.enable-lifecycle']));
      await sleep(WARM_UP_SECONDS * 1000);
      const quiet = await over(running, QUIET_SECONDS);
      const text = `groups:\n${Array.from({ length: TARGETS }, (_, i) => rulesOf(i)).join('')}`;
      for (const { rules, server } of running) {
        fs.writeFileSync(rules, text);
        const { ok } = await fetch(`${server.url}/-/reload`, { method: 'POST' });
        if (!ok) throw new Error(`${server.url} refuses the rules`);
      }
      await sleep(FIRST_SECONDS * 1000);
      const busy = await over(running, SECONDS);
      const cost = busy.map(
        ({ cpuMs, seconds, evaluations }, i) =>
          (cpuMs - (quiet[i].cpuMs / quiet[i].seconds) * seconds) / (evaluations / 1000),
      );
      running.forEach(({ name, server }, i) => {
        const { cpuMs, seconds, evaluations, missed } = busy[i];
        const memory = residentBytesOf(server.pid) / 1024 / 1024;
        console.error(
          `${name}: ${(evaluations / seconds).toFixed(0)} rules/s, ${missed} iterations missed, ${(cpuMs / seconds / 10).toFixed(1)} % of a core ` +
            `(${(quiet[i].cpuMs / quiet[i].seconds / 10).toFixed(1)} % without rules), ${memory.toFixed(0)} MiB`,
        );
      });
      const what = `${TARGETS * RULES_A_TARGET} rules over ${TARGETS * farm.series} series`;
      const unit = 'CPU ms / 1,000 rules';
      const faults = await Promise.all(running.map((one, i) => faultOf(one, busy[i])));
      const fault = faults.filter((text) => text !== undefined).join('; ');
      if (fault !== '') add({ what, skipped: `not valid: ${fault}; run it on a machine that is less busy` });
      else if (typeof peer === 'string') add({ what, unit, ours: cost[0], skipped: peer });
      else add({ what, unit, ours: cost[0], theirs: cost[1], against: peer.name, better: 'less' });
    } finally {
      await Promise.all(running.map(({ server }) => server.stop()));
      farm.stop();
    }
  });
});
