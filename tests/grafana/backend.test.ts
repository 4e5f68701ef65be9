/** The built backend executable, called over gRPC as Grafana calls it, beside a real Prometheus. */
import { besidePrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { tables } from './arrowFrames.ts';
import { backendRig, query, source } from './backendRig.ts';
import { startSelfScraper } from './prometheusPeer.ts';

const rig = backendRig();

besidePrometheus('beside a Prometheus', () => {
  let peer: PrometheusProcess;
  beforeAll(async () => {
    peer = await startSelfScraper();
  });
  afterAll(() => peer.stop());

  test('health is green and says what was found', async () => {
    const health = await rig.plugin.health(source(peer.url));
    expect(health).toMatchObject({
      status: 1,
      message: expect.stringMatching(/answers queries; 1 of 1 targets are up/),
    });
    expect(health.details.targets).toEqual({ active: 1, up: 1, down: 0 });
  });

  test('a URL that ends in /api/v1/ or a slash is understood', async () => {
    expect((await rig.plugin.health(source(`${peer.url}/api/v1/`))).status).toBe(1);
  });

  test('a range query is a frame a series, on multiples of the step', async () => {
    const answers = await rig.plugin.query(source(peer.url), [
      query('A', { expr: 'up', legendFormat: '{{job}} at $__interval' }),
    ]);
    const answer = answers.get('A');
    expect(answer).toMatchObject({ status: 200, error: '' });
    const [frame] = tables(answer?.frames ?? []);
    expect(frame.meta).toMatchObject({ type: 'timeseries-multi', executedQueryString: 'Expr: up\nStep: 1s' });
    expect(frame.fields[1]).toMatchObject({ labels: { __name__: 'up', job: 'self' } });
    expect(frame.fields[0].config).toEqual({ interval: 1000 });
    expect(frame.fields[0].values.every((t) => (t as number) % 1000 === 0)).toBe(true);
    expect(new Set(frame.fields[1].values)).toEqual(new Set([1]));
  });

  test('buckets become a heatmap by themselves, and agree with the server', async () => {
    const expr = 'sum by (le) (prometheus_http_request_duration_seconds_bucket{handler="/metrics"})';
    const toMs = Math.floor(Date.now() / 1000) * 1000 - 1000;
    const answers = await rig.plugin.query(source(peer.url), [query('A', { expr }, { fromMs: toMs - 1000, toMs })]);
    const [frame] = tables(answers.get('A')?.frames ?? []);
    expect(frame.meta).toMatchObject({ type: 'heatmap-rows', custom: { boundUnit: 's' } });
    const own = frame.fields.slice(1).map((field) => [field.name, field.values.at(-1)] as [string, number]);
    const response = await fetch(`${peer.url}/api/v1/query?time=${toMs / 1000}&query=${encodeURIComponent(expr)}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: { le: string }; value: [number, string] }[] };
    };
    expect(own.map(([le]) => le).sort()).toEqual(data.result.map((one) => one.metric.le).sort());
    let cumulative = 0;
    for (const [le, count] of own) {
      cumulative += count;
      expect([le, cumulative]).toEqual([le, Number(data.result.find((one) => one.metric.le === le)?.value[1])]);
    }
    expect(cumulative).toBeGreaterThan(0);
  });

  test('an alert rule gets numbers from an instant query, also where buckets would be a picture', async () => {
    const answers = await rig.plugin.query(
      source(peer.url),
      [
        query('A', {
          expr: 'sum by (le) (prometheus_http_request_duration_seconds_bucket)',
          instant: true,
          range: false,
        }),
      ],
      { FromAlert: 'true' },
    );
    const frames = tables(answers.get('A')?.frames ?? []);
    expect(frames.length).toBeGreaterThan(1);
    for (const frame of frames)
      expect(frame).toMatchObject({ meta: { type: 'numeric-multi', typeVersion: [0, 1] }, rows: 1 });
  });

  test('a table has a column for each label', async () => {
    const answers = await rig.plugin.query(source(peer.url), [
      query('A', { expr: 'up', format: 'table', instant: true }),
    ]);
    const [frame] = tables(answers.get('A')?.frames ?? []);
    expect(frame.fields.map((field) => field.name)).toEqual(['Time', '__name__', 'instance', 'job', 'Value']);
  });

  test("a faulty query fails alone, as the user's mistake and in the server's words", async () => {
    const answers = await rig.plugin.query(source(peer.url), [
      query('A', { expr: 'up' }),
      query('B', { expr: 'sum(' }),
    ]);
    expect(answers.get('A')).toMatchObject({ status: 200, error: '' });
    expect(answers.get('B')).toMatchObject({
      status: 400,
      errorSource: 'downstream',
      error: expect.stringMatching(/parse error/),
    });
  });

  test.each([
    [{ expr: 'up', format: 'heatmap' }, /no histogram/],
    [{ expr: 'up', interval: 'soon' }, /min step: not a duration/],
    [{ expr: 'up', format: 'pie' }, /format "pie" is unknown/],
    [{ expr: 5 }, /expr must be a text/],
  ])('%j is refused in words', async (model, why) => {
    const answers = await rig.plugin.query(source(peer.url), [query('A', model)]);
    expect(answers.get('A')).toMatchObject({
      status: 400,
      errorSource: 'downstream',
      error: expect.stringMatching(why),
    });
  });

  test('an empty query is no data and no fault', async () => {
    const answers = await rig.plugin.query(source(peer.url), [query('A', { expr: ' ' })]);
    expect(answers.get('A')).toEqual({ frames: [], error: '', status: 200, errorSource: '' });
  });

  test('an answer over four megabytes arrives whole', async () => {
    const expr = 'label_replace({__name__=~"prometheus_.+|go_.+"}, "i", "0", "", "")';
    const toMs = Date.now();
    const answers = await rig.plugin.query(source(peer.url), [
      query('A', { expr: 'vector(1)', interval: '1s' }, { fromMs: toMs - 10_000_000, toMs }),
      ...Array.from({ length: 30 }, (_, i) =>
        query(`B${i}`, { expr: `vector(${i})` }, { fromMs: toMs - 10_000_000, toMs }),
      ),
      query('C', { expr }),
    ]);
    const bytes = [...answers.values()]
      .flatMap((answer) => answer.frames)
      .reduce((sum, frame) => sum + frame.length, 0);
    expect(bytes).toBeGreaterThan(4 * 2 ** 20);
    expect([...answers.values()].every((answer) => answer.status === 200)).toBe(true);
  });

  test('editors reach labels, values, series and metadata, by GET and POST', async () => {
    const context = source(peer.url);
    const names = await rig.plugin.resource(context, 'GET', 'api/v1/label/__name__/values?match[]=up');
    expect([names.code, JSON.parse(names.body).data]).toEqual([200, ['up']]);
    expect(names.headers['Content-Type']).toEqual(['application/json']);
    const labels = await rig.plugin.resource(context, 'POST', 'api/v1/labels', 'match[]=up');
    expect(JSON.parse(labels.body).data).toEqual(['__name__', 'instance', 'job']);
    const both = await rig.plugin.resource(context, 'POST', 'api/v1/labels?start=0', 'match[]=up');
    expect(JSON.parse(both.body).status).toBe('success');
    const metadata = await rig.plugin.resource(context, 'GET', 'api/v1/metadata?metric=go_goroutines');
    expect(JSON.parse(metadata.body).data.go_goroutines[0].type).toBe('gauge');
  });

  test('what is not a reading route is refused, however it is spelled', async () => {
    for (const url of [
      'api/v1/admin/tsdb/delete_series',
      'api/v1/write',
      '-/quit',
      'metrics',
      'api/v1/../../metrics',
      'api/v1/label/../values',
      'api/v1/label/..%2F..%2F-%2Freload/values/x',
      'api/v1/labels/../write',
    ]) {
      expect([url, (await rig.plugin.resource(source(peer.url), 'GET', url)).code]).toEqual([url, 404]);
    }
    expect((await rig.plugin.resource(source(peer.url), 'DELETE', 'api/v1/series')).code).toBe(405);
  });

  describe('a live channel', () => {
    const live = (more: object = {}) => ({
      query: {
        refId: 'A',
        expr: 'sum by (le) (prometheus_http_request_duration_seconds_bucket)',
        interval: '1s',
        range: true,
      },
      intervalMs: 1000,
      rangeMs: 60_000,
      ...more,
    });
    interface Packet {
      sinceMs: number;
      toMs: number;
      frames: { schema: { meta: { type: string } }; data: { values: number[][] } }[];
      error?: string;
    }

    test('pushes each new step as it comes, with the one before it', async () => {
      const context = source(peer.url);
      expect(await rig.plugin.subscribe(context, 'live/0123456789abcdef', live())).toBe(0);
      const packets: Packet[] = [];
      for await (const packet of rig.plugin.live(context, 'live/0123456789abcdef', live())) {
        packets.push(packet as Packet);
        if (packets.length === 3) break;
      }
      for (const [i, { sinceMs, toMs, frames }] of packets.entries()) {
        expect(frames.map(({ schema }) => schema.meta.type)).toEqual(['heatmap-rows']);
        const times = frames[0].data.values[0];
        expect([times[0], times[times.length - 1]]).toEqual([sinceMs, toMs]);
        expect(toMs - sinceMs).toBeGreaterThanOrEqual(1000);
        if (i > 0) expect(sinceMs).toBe(packets[i - 1].toMs);
      }
    });

    test('agrees with the query of the whole range', async () => {
      const context = source(peer.url);
      for await (const packet of rig.plugin.live(context, 'live/0123456789abcdef', live())) {
        const { sinceMs, toMs, frames } = packet as Packet;
        const whole = (
          await rig.plugin.query(context, [query('A', { expr: live().query.expr }, { fromMs: toMs - 60_000, toMs })])
        ).get('A')!;
        const [{ fields }] = tables(whole.frames);
        // Of the newest step a scrape may have come in between.
        const from = fields[0].values.indexOf(sinceMs);
        expect(frames[0].data.values.map((column) => column[0])).toEqual(fields.map(({ values }) => values[from]));
        break;
      }
    });

    test('is refused where nothing is asked, or where the answer would depend on who looks', async () => {
      const context = source(peer.url);
      expect(await rig.plugin.subscribe(context, 'live/0123456789abcdef', {})).toBe(1);
      expect(await rig.plugin.subscribe(context, 'other/path', live())).toBe(1);
      expect(
        await rig.plugin.subscribe(source(peer.url, { authMethod: 'forward' }), 'live/0123456789abcdef', live()),
      ).toBe(1);
      expect(await rig.plugin.publish(context, 'live/0123456789abcdef', live())).toBe(2);
    });

    test('tells why there is nothing new, and goes on', async () => {
      const faulty = live({ query: { refId: 'A', expr: 'sum(', interval: '1s' } });
      const errors: unknown[] = [];
      for await (const packet of rig.plugin.live(source(peer.url), 'live/0123456789abcdef', faulty)) {
        errors.push((packet as Packet).error);
        if (errors.length === 2) break;
      }
      expect(errors).toEqual([expect.stringMatching(/parse error|expected/i), expect.any(String)]);
    });
  });

  test('it counts its own work', async () => {
    await rig.plugin.query(source(peer.url), [query('A', { expr: 'up' })]);
    expect(await rig.plugin.metrics()).toMatch(/isotherm_datasource_queries_total\{status="200"\} [1-9]/);
  });
});
