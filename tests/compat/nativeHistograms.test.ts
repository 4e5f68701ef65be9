/** A real Prometheus as target: its own page in protobuf, scraped by this program, whole histograms beside their classic buckets. */
import { join } from 'node:path';
import { parseConfig } from '../../src/server/config/load.ts';
import { createScrapeManager } from '../../src/server/scrape/manager.ts';
import { systemClock } from '../../src/server/telemetry/clock.ts';
import { createEngine, DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { labelValue } from '../../src/shared/model/labels.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { startPrometheus, type PrometheusPeer } from '../support/prometheusPeer.ts';
import { ANY_VERSION, beside } from '../support/prometheusProcess.ts';

const NAME = 'prometheus_http_request_duration_seconds';

beside({ prometheus: [3, 0], promtool: ANY_VERSION }, 'the page of a real Prometheus', () => {
  let peer: PrometheusPeer;
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'isotherm-native-'));
    peer = await startPrometheus([]);
  }, 60_000);
  afterAll(async () => {
    await peer?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('its request durations are native histograms that agree with their classic form', async () => {
    await peer.ask('/api/v1/query', { query: '1' });
    const tsdb = await openTsdb({ path: join(dir, 'data') });
    const scraped = Promise.withResolvers<void>();
    let scrapes = 0;
    const manager = createScrapeManager({
      storage: tsdb,
      clock: systemClock,
      log: () => undefined,
      onScrape: () => {
        if (++scrapes === 3) scraped.resolve();
        else void peer.ask('/api/v1/query', { query: '1' });
      },
    });
    const text = `scrape_configs: [{job_name: p, scrape_interval: 500ms, scrape_native_histograms: true, always_scrape_classic_histograms: true, static_configs: [{targets: ["${peer.address}"]}]}]`;
    manager.apply(parseConfig(text, { dir, path: 'prometheus.yml' }));
    await scraped.promise;
    const [target] = manager.active();
    await manager.stop();
    expect(target).toMatchObject({ health: 'up', lastError: '' });
    const groups = await tsdb.select({
      matchers: [{ name: '__name__', op: '=~', value: `${NAME}(_count)?` }],
      minTime: 0,
      maxTime: Date.now() + 1000,
    });
    const counts = { native: new Map<string, number>(), classic: new Map<string, number>() };
    for (const { times, columns } of groups) {
      for (const { labels, values, histograms } of columns) {
        const handler = labelValue(labels, 'handler');
        for (let i = 0; i < times.length; i++) {
          const h = histograms?.get(i);
          if (h !== undefined) counts.native.set(handler, h.count);
          else if (!Number.isNaN(values[i])) counts.classic.set(handler, values[i]);
        }
      }
    }
    const engine = createEngine(tsdb, DEFAULT_LIMITS);
    const now = Date.now();
    const ask = async (expr: string) => {
      const { value } = await engine.query({ expr, start: now, end: now, stepMs: 0 });
      if (value.kind !== 'vector') throw new Error(`${expr} is a ${value.kind}`);
      return [...value.matrix.values];
    };
    const handler = '{handler="/api/v1/query"}';
    const [quantile, ...others] = await ask(`histogram_quantile(0.9, rate(${NAME}${handler}[1m]))`);
    const [whole] = await ask(`histogram_count(increase(${NAME}${handler}[1m]))`);
    const [classic] = await ask(`increase(${NAME}_count${handler}[1m])`);
    await tsdb.close();
    expect(others).toEqual([]);
    expect(quantile).toBeGreaterThan(0);
    expect(classic).toBeGreaterThan(0);
    expect(whole).toBeCloseTo(classic, 9);
    expect(counts.native.get('/api/v1/query')).toBeGreaterThan(0);
    expect(counts.native).toEqual(counts.classic);
  }, 30_000);
});
