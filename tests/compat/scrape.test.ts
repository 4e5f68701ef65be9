/**
 * The same pages, scraped by this program and by a real Prometheus (the one on PATH, or what ISOTHERM_PROMETHEUS names): the same series and values, metadata and
 * exemplars, and `up` 0 for the same pages, with a fault of the same kind.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatLabels, labelsOf } from '../../src/shared/model/labels.ts';
import { faultKind, isSameKind } from './faultKinds.ts';
import { PROTOBUF_CORPUS } from './protobufCorpus.ts';
import { PROTOBUF_DAMAGE } from './protobufDamage.ts';
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { CORPUS as TEXT_CORPUS } from './scrapeCorpus.ts';

const CORPUS = [...TEXT_CORPUS, ...PROTOBUF_CORPUS, ...PROTOBUF_DAMAGE];

const major = installedVersion?.[0] ?? 0;

/** What came of one page. */
interface Scraped {
  /** Values by series. */
  readonly samples: Record<string, string>;
  /** Type, help and unit by metric. */
  readonly metadata: Record<string, string>;
  /** Labels and values by series. */
  readonly exemplars: Record<string, string[]>;
  /** Why it could not be read. */
  fault: string;
}
type ByCase = Map<string, Scraped>;

const DROPPED_LABELS = new Set(['case', 'job', 'instance']);
/** Report samples but `up` tell of time and of counts that differ between versions. */
const REPORT = /^scrape_/;
const FOLLOWING_MS_MAX = 60_000;

let server: Server;
let prometheus: PrometheusProcess;
let sidecar: Sidecar;
let ours: ByCase;
let theirs: ByCase;

besidePrometheus(`a corpus of ${CORPUS.length} pages`, () => {
  beforeAll(async () => {
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
    const folder = tempFolder();
    writeConfig(folder, config);
    [sidecar, prometheus] = await Promise.all([
      startSidecar(folder),
      runPrometheus({ config, folder, flags: ['--enable-feature=exemplar-storage'] }),
    ]);
    [ours, theirs] = await Promise.all([scrapedBy(sidecar.url), scrapedBy(prometheus.url)]);
  }, 90_000);

  afterAll(async () => {
    await Promise.all([sidecar?.stop(), prometheus?.stop()]);
    server?.closeAllConnections();
    server?.close();
  });

  const mayDiffer = (i: number) =>
    CORPUS[i].differsFromAll !== undefined || (CORPUS[i].differs !== undefined && major < 3);

  describe.each(CORPUS.map((page, i) => [page.name, i] as const))('%s', (_, i) => {
    test('has the same series and values', () => {
      const [a, b] = [ours.get(String(i)), theirs.get(String(i))];
      expect(a?.samples.up).toMatch(/^[01]$/);
      if (mayDiffer(i)) expect(a?.samples).not.toEqual(b?.samples);
      else expect(a?.samples).toEqual(b?.samples);
    });

    test('has the same metadata and exemplars, or the same kind of fault', () => {
      if (mayDiffer(i)) return;
      const [a, b] = [ours.get(String(i))!, theirs.get(String(i))!];
      expect([a.fault !== '', b.fault !== '']).toEqual([a.samples.up === '0', a.samples.up === '0']);
      const kinds = [faultKind('ours', a.fault), faultKind('theirs', b.fault)];
      const other = major > 2 ? CORPUS[i].otherKind : undefined;
      expect(isSameKind(kinds[0], kinds[1], major) ? 'one kind' : kinds).toEqual(other ?? 'one kind');
      // What was read of a refused page before its fault is kept by them and not by us, or the other way round.
      if (a.samples.up === '0') return;
      expect(a.metadata).toEqual(b.metadata);
      expect(a.exemplars).toEqual(b.exemplars);
    });
  });

  test('both find pages good and bad, metadata and exemplars', () => {
    const all = [...ours.values()];
    expect(all.filter(({ samples }) => samples.up === '1').length).toBeGreaterThan(40);
    expect(all.filter(({ samples }) => samples.up === '0').length).toBeGreaterThan(30);
    expect(all.filter(({ metadata }) => Object.keys(metadata).length > 0).length).toBeGreaterThan(20);
    expect(all.filter(({ exemplars }) => Object.keys(exemplars).length > 0).length).toBeGreaterThan(5);
  });
});

function listen(of: Server): Promise<number> {
  return new Promise((done) => of.listen(0, '127.0.0.1', () => done((of.address() as AddressInfo).port)));
}

async function scrapedBy(url: string): Promise<ByCase> {
  let found = 0;
  for (const end = Date.now() + FOLLOWING_MS_MAX; Date.now() < end; await sleep(250)) {
    const byCase = await samplesOf(url);
    found = byCase.size;
    const isWhole = byCase.size === CORPUS.length && [...byCase.values()].every(({ samples }) => 'up' in samples);
    if (!isWhole) continue;
    await Promise.all([addMetadata(url, byCase), addExemplars(url, byCase), addFaults(url, byCase)]);
    return byCase;
  }
  throw new Error(`${url} has scraped ${found} of ${CORPUS.length} pages`);
}

async function samplesOf(url: string): Promise<ByCase> {
  const byCase: ByCase = new Map();
  const { data } = await api(url, `/query?query=${encodeURIComponent('{case=~".+"}')}`);
  type Sample = { metric: Record<string, string>; value: [number, string] };
  for (const { metric, value } of data.result as Sample[]) {
    if (REPORT.test(metric.__name__)) continue;
    let scraped = byCase.get(metric.case);
    if (scraped === undefined)
      byCase.set(metric.case, (scraped = { samples: {}, metadata: {}, exemplars: {}, fault: '' }));
    const v = Number(value[1].replace('Inf', 'Infinity'));
    scraped.samples[seriesText(metric)] = Object.is(v, -0) ? '-0' : String(v);
  }
  return byCase;
}

async function addMetadata(url: string, byCase: ByCase): Promise<void> {
  const { data } = await api(url, '/targets/metadata');
  type Entry = { target: Record<string, string>; metric: string; type: string; help: string; unit: string };
  for (const { target, metric, type, help, unit } of data as Entry[])
    // Prometheus 2 does not read the units of protobuf pages.
    byCase.get(target.case)!.metadata[metric] = JSON.stringify({ type, help, ...(major > 2 && { unit }) });
}

async function addExemplars(url: string, byCase: ByCase): Promise<void> {
  const query = encodeURIComponent('{case=~".+"}');
  const now = Date.now() / 1000;
  const { data } = await api(url, `/query_exemplars?query=${query}&start=${now - 3600}&end=${now + 3600}`);
  type Entry = { seriesLabels: Record<string, string>; exemplars: { labels: Record<string, string>; value: string }[] };
  for (const { seriesLabels, exemplars } of data as Entry[])
    byCase.get(seriesLabels.case)!.exemplars[seriesText(seriesLabels)] = [
      ...new Set(exemplars.map(({ labels, value }) => `${formatLabels(labelsOf(labels))} ${Number(value)}`)),
    ];
}

async function addFaults(url: string, byCase: ByCase): Promise<void> {
  const { data } = await api(url, '/targets?state=active');
  type Target = { labels: Record<string, string>; lastError: string };
  for (const { labels, lastError } of data.activeTargets as Target[]) byCase.get(labels.case)!.fault = lastError;
}

function seriesText(metric: Record<string, string>): string {
  return formatLabels(
    labelsOf(Object.fromEntries(Object.entries(metric).filter(([name]) => !DROPPED_LABELS.has(name)))),
  );
}
