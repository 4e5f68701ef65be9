/** The same pages, scraped by this program and by a real Prometheus (the one on PATH, or what ISOTHERM_PROMETHEUS names): the same series and values, and `up` 0 for the same pages. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '../../src/server/config/load.ts';
import { createScrapeManager } from '../../src/server/scrape/manager.ts';
import { systemClock } from '../../src/server/telemetry/clock.ts';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { bitsOf, CELL_SAMPLE, cellKind } from '../../src/shared/model/sampleBits.ts';
import { formatLabels, labelsOf, labelValue } from '../../src/shared/model/labels.ts';
import { PROTOBUF_CORPUS } from './protobufCorpus.ts';
import { PROTOBUF_DAMAGE } from './protobufDamage.ts';
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { api } from '../support/sidecar.ts';
import { CORPUS as TEXT_CORPUS } from './scrapeCorpus.ts';

const CORPUS = [...TEXT_CORPUS, ...PROTOBUF_CORPUS, ...PROTOBUF_DAMAGE];

const major = installedVersion?.[0] ?? 0;

/** Series of one page as text, with their values. */
type Scraped = Record<string, string>;
type ByCase = Map<string, Scraped>;

const DROPPED_LABELS = new Set(['case', 'job', 'instance']);
/** Report samples but `up` tell of time and of counts that differ between versions. */
const REPORT = /^scrape_/;

let dir: string;
let server: Server;
let prometheus: PrometheusProcess;
let ours: ByCase;
let theirs: ByCase;

besidePrometheus(`a corpus of ${CORPUS.length} pages`, () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'isotherm-compat-'));
    const now = Date.now();
    const fill = (body: string | Uint8Array) =>
      typeof body === 'string'
        ? body.replaceAll('@NOW', String(now)).replaceAll('@SEC', (now / 1000).toFixed(3))
        : body;
    server = createServer((request, response) => {
      const page = CORPUS[Number(request.url?.slice(1))];
      if (page.contentType !== undefined) response.setHeader('content-type', page.contentType);
      response.end(fill(page.body));
    });
    const address = `127.0.0.1:${await listen(server)}`;
    const groups = CORPUS.map(
      (_, i) => `  - {targets: ["${address}"], labels: {case: "${i}", __metrics_path__: "/${i}"}}`,
    );
    const config = `global: {scrape_interval: 8s, scrape_timeout: 8s}\nscrape_configs:\n- job_name: corpus\n  static_configs:\n${groups.join('\n')}\n`;
    [ours, theirs] = await Promise.all([scrapeHere(config), scrapeThere(config)]);
  }, 60_000);

  afterAll(async () => {
    await prometheus?.stop();
    server?.closeAllConnections();
    server?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test.each(CORPUS.map((page, i) => [page.name, i, page] as const))('%s', (_, i, { differs, differsFromAll }) => {
    const [a, b] = [ours.get(String(i)), theirs.get(String(i))];
    expect(a?.up).toMatch(/^[01]$/);
    const mayDiffer = differsFromAll !== undefined || (differs !== undefined && major < 3);
    if (mayDiffer) expect(a).not.toEqual(b);
    else expect(a).toEqual(b);
  });

  test('both find pages good and bad', () => {
    const ups = [...ours.values()].map(({ up }) => up);
    expect(ups.filter((up) => up === '1').length).toBeGreaterThan(40);
    expect(ups.filter((up) => up === '0').length).toBeGreaterThan(30);
  });
});

function listen(of: Server): Promise<number> {
  return new Promise((done) => of.listen(0, '127.0.0.1', () => done((of.address() as AddressInfo).port)));
}

async function scrapeHere(config: string): Promise<ByCase> {
  const tsdb = await openTsdb({ path: join(dir, 'ours') });
  const seen = new Set<string>();
  const manager = createScrapeManager({ storage: tsdb, clock: systemClock, log: () => undefined });
  manager.apply(parseConfig(config, { dir, path: 'prometheus.yml' }));
  while (seen.size < CORPUS.length) {
    await sleep(100);
    for (const target of manager.active()) if (target.lastScrape > 0) seen.add(labelValue(target.labels, 'case'));
  }
  await manager.stop();
  const byCase: ByCase = new Map();
  const groups = await tsdb.select({
    matchers: [{ name: 'case', op: '=~', value: '.+' }],
    minTime: 0,
    maxTime: Date.now() + 60_000,
  });
  for (const { columns } of groups) {
    for (const { labels, values } of columns) {
      const bits = bitsOf(values);
      for (let i = 0; i < values.length; i++)
        if (cellKind(bits, i) === CELL_SAMPLE) put(byCase, Object.fromEntries(labels), values[i]);
    }
  }
  await tsdb.close();
  return byCase;
}

async function scrapeThere(config: string): Promise<ByCase> {
  prometheus = await runPrometheus({ config, folder: dir });
  for (;;) {
    await sleep(250);
    const byCase: ByCase = new Map();
    const { data } = await api(prometheus.url, `/query?query=${encodeURIComponent('{case=~".+"}')}`);
    for (const { metric, value } of data.result) put(byCase, metric, parseValue(value[1]));
    if (byCase.size === CORPUS.length && [...byCase.values()].every((scraped) => scraped.up !== undefined))
      return byCase;
  }
}

function put(byCase: ByCase, metric: Record<string, string>, v: number): void {
  if (REPORT.test(metric.__name__)) return;
  const scraped = byCase.get(metric.case) ?? {};
  byCase.set(metric.case, scraped);
  const kept = Object.fromEntries(Object.entries(metric).filter(([name]) => !DROPPED_LABELS.has(name)));
  scraped[formatLabels(labelsOf(kept))] = Object.is(v, -0) ? '-0' : String(v);
}

function parseValue(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
