import { systemClock } from './clock.ts';
import { ExpositionPage } from './expositionPage.ts';
import { createLog } from './log.ts';
import { createSelfMetrics } from './selfMetrics.ts';

const build = {
  version: '1.2.3',
  apiVersion: '3.14.0+isotherm.1.2.3',
  revision: 'abc',
  branch: 'main',
  nodeVersion: 'v24',
};

describe('log', () => {
  const lines = (level: 'debug' | 'warn', format: 'logfmt' | 'json') => {
    const out: string[] = [];
    return { out, log: createLog({ level, format, write: (line) => out.push(line) }) };
  };
  test('logfmt quotes what a reader needs quoted', () => {
    const { out, log } = lines('debug', 'logfmt');
    log('info', 'Start listening for connections', {
      address: '127.0.0.1:9090',
      count: 3,
      text: 'a "b"\nc',
      error: new Error('no'),
    });
    expect(out[0]).toMatch(
      /^time=\d{4}-\S+Z level=INFO msg="Start listening for connections" address=127.0.0.1:9090 count=3 /,
    );
    expect(out[0]).toContain('text="a \\"b\\"\\nc" error=no\n');
  });
  test('json has the same keys, and a field cannot forge the message', () => {
    const { out, log } = lines('debug', 'json');
    log('error', 'real', { msg: 'forged' });
    expect(JSON.parse(out[0])).toMatchObject({ level: 'ERROR', msg: 'real', msg_: 'forged' });
  });
  test('what is below the level is not written', () => {
    const { out, log } = lines('warn', 'logfmt');
    log('info', 'quiet');
    log('warn', 'loud');
    expect(out).toHaveLength(1);
  });
});

test('label values and help texts are escaped', () => {
  const page = new ExpositionPage().family('a', 'gauge', 'one\ntwo\\').sample(-0, { b: 'x"\\\n' });
  expect(page.text()).toBe('# HELP a one\\ntwo\\\\\n# TYPE a gauge\na{b="x\\"\\\\\\n"} -0\n');
});

test('a sleep ends early when it is stopped, and at once when it is due', async () => {
  const stop = new AbortController();
  const asleep = systemClock.sleepUntil(systemClock.now() + 3_600_000, stop.signal);
  stop.abort();
  await asleep;
  await systemClock.sleepUntil(0);
});

test('self metrics carry upstream names, read totals when asked, and count requests', async () => {
  const metrics = createSelfMetrics(build);
  let appended = 5;
  metrics.counter('prometheus_tsdb_head_samples_appended_total', 'Total.', () => appended, { type: 'float' });
  metrics.counter('prometheus_tsdb_head_samples_appended_total', 'Total.', () => 2, { type: 'histogram' });
  metrics.gauge('prometheus_tsdb_head_series', 'Series.', () => 7);
  metrics.observeHttp('/api/v1/query', 200, 0.01, 300);
  await metrics.page();
  appended = 9;
  const page = await metrics.page();
  expect(page).toContain('prometheus_tsdb_head_samples_appended_total{type="float"} 9\n');
  expect(page).toContain('prometheus_tsdb_head_samples_appended_total{type="histogram"} 2\n');
  expect(page).toContain('prometheus_tsdb_head_series 7\n');
  expect(page).toContain('prometheus_http_requests_total{handler="/api/v1/query",code="200"} 1\n');
  expect(page).toMatch(/prometheus_build_info\{version="3\.14\.0\+isotherm\.1\.2\.3"/);
  expect(page).toMatch(/^process_resident_memory_bytes \d+/m);
  expect(page).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
});
