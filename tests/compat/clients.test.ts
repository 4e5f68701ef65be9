/**
 * Clients that people use, unmodified: what each gets from ours is what it gets from a Prometheus that scrapes the same service. Python's
 * client is looked for in the interpreter that ISOTHERM_PYTHON names (else python3).
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PrometheusDriver } from 'prometheus-query';
import { besidePrometheus, installedVersion, PROMTOOL, promtoolVersion } from '../support/prometheusProcess.ts';
import { startScrapedByBoth, type ScrapedByBoth } from '../support/scrapedByBoth.ts';

const PYTHON = process.env.ISOTHERM_PYTHON ?? 'python3';
const PYTHON_SCRIPT = join(__dirname, 'clients', 'pythonClient.py');
const hasPythonClient = spawnSync(PYTHON, ['-c', 'from prometheus_api_client import Metric']).status === 0;
/** `promtool query labels` of 2.42 prints in the order of its own server only. */
const isNew = (installedVersion?.[0] ?? 0) >= 3;

besidePrometheus('clients of Prometheus', () => {
  let both: ScrapedByBoth;
  let ours: ScrapedByBoth['ours'];
  let peer: ScrapedByBoth['peer'];
  let at: number;

  beforeAll(async () => {
    both = await startScrapedByBoth();
    ({ ours, peer, at } = both);
  });
  afterAll(() => both?.stop());

  describe('promtool', () => {
    const QUERIES: readonly (readonly string[])[] = [
      ['instant', 'URL', 'requests_total', '--time=AT'],
      ['instant', 'URL', 'latency_seconds_bucket', '--time=AT', '--format=json'],
      ['instant', 'URL', 'sum(', '--time=AT'],
      ['range', 'URL', 'temperature', '--start=FROM', '--end=AT', '--step=1s'],
      ['series', 'URL', '--match={job="app"}', '--start=FROM', '--end=AT'],
      ['labels', 'URL', 'job'],
      ['labels', 'URL', 'le'],
    ];
    test.each(QUERIES)('query %s %s %s', async (...args) => {
      const mine = await promtool(['query', ...args], ours.url);
      const theirs = await promtool(['query', ...args], peer.url);
      // A fault has our words, which say more, after what promtool says of it.
      const told = ({ code, out }: Output) => [code, code === 0 ? out : /query error: \w+/.exec(out)?.[0]];
      expect(told(mine)).toEqual(told(theirs));
      expect(mine.code).toBe(args.includes('sum(') ? 1 : 0);
    });

    (isNew ? test : test.skip)('query analyze (needs version 3)', async () => {
      const args = ['query', 'analyze', '--server=URL', '--type=histogram', '--match=latency_seconds', '--duration=1m'];
      const [mine, theirs] = [await promtool(args, ours.url), await promtool(args, peer.url)];
      const shape = (text: string) => text.replace(/[0-9.]+/g, 'n');
      expect([mine.code, shape(mine.out)]).toEqual([theirs.code, shape(theirs.out)]);
    });

    // Version 2.42 asks port 9090 only.
    ((promtoolVersion?.[0] ?? 0) >= 3 ? test : test.skip).each(['healthy', 'ready'])(
      'check %s (needs promtool of version 3)',
      async (what) => {
        expect((await promtool(['check', what, '--url=URL'], ours.url)).code).toBe(0);
      },
    );

    test('check metrics has nothing to say of our own page that it would not say of its own server', async () => {
      const told = async (url: string) => {
        const page = await (await fetch(`${url}/metrics`)).text();
        const { out } = await promtool(['check', 'metrics'], url, page);
        return out.split('\n').filter((line) => line !== '');
      };
      expect((await told(ours.url)).filter((line) => !/^(prometheus|process|nodejs)_/.test(line))).toEqual([]);
    });
  });

  (hasPythonClient ? test : test.skip)('prometheus-api-client of Python (needs it in ISOTHERM_PYTHON)', async () => {
    const run = (url: string) => output(PYTHON, [PYTHON_SCRIPT, url, String(at)]);
    const [mine, theirs] = [await run(ours.url), await run(peer.url)];
    for (const { code, out } of [mine, theirs]) expect(code === 0 ? '' : out).toBe('');
    expect(JSON.parse(mine.out)).toEqual(JSON.parse(theirs.out));
    // It asks for a page, which a Prometheus that was built without its pages does not have.
    expect(await output(PYTHON, [PYTHON_SCRIPT, ours.url, String(at), 'connection'])).toEqual({
      code: 0,
      out: 'true\n',
    });
  });

  describe('prometheus-query of npm', () => {
    const CALLS: Readonly<Record<string, (client: PrometheusDriver) => Promise<unknown>>> = {
      instantQuery: (c) => c.instantQuery('requests_total + on (job) group_left temperature', at * 1000),
      'instantQuery of a scalar': (c) => c.instantQuery('1 + 1', at * 1000),
      'instantQuery that fails': (c) => c.instantQuery('sum(', at * 1000),
      rangeQuery: (c) => c.rangeQuery('temperature', (at - 3) * 1000, at * 1000, 1),
      series: async (c) => {
        const all = await c.series('{job="app"}', (at - 3) * 1000, at * 1000);
        return all.map((series) => JSON.stringify(series)).sort();
      },
      labelNames: (c) => c.labelNames('{job="app"}', (at - 3) * 1000, at * 1000),
      labelValues: (c) => c.labelValues('__name__', '{job="app"}', (at - 3) * 1000, at * 1000),
      metadata: (c) => c.metadata('requests_total'),
      targetsMetadata: (c) => c.targetsMetadata('{job="app"}', 'requests_total'),
      'names of targets': async (c) =>
        ((await c.targets('active')) as { activeTargets: object[] }).activeTargets.map((t) => Object.keys(t).sort()),
      rules: async (c) => (await c.rules()).map(({ name, rules }) => [name, rules.map(({ query }) => query)]),
      alerts: async (c) => (await c.alerts()).map(({ labels, state, annotations }) => ({ labels, state, annotations })),
      alertmanagers: (c) => c.alertmanagers(),
      'kinds of status': async (c) => [
        typeof (await c.status()).yaml,
        typeof (await c.statusFlags())['log.level'],
        typeof (await c.statusRuntimeInfo()).storageRetention,
        typeof (await c.statusBuildinfo()).version,
        Object.keys((await c.statusTSDB()).headStats).sort(),
      ],
    };
    test.each(Object.keys(CALLS))('%s', async (name) => {
      const run = (endpoint: string) =>
        CALLS[name](new PrometheusDriver({ endpoint, warningHook: () => undefined })).then(
          (answer) => JSON.parse(JSON.stringify(answer)) as unknown,
          (error: Error) => `fails: ${error.name}`,
        );
      expect(await run(ours.url)).toEqual(await run(peer.url));
    });
  });

  /** Runs it at a server; series come in any order, errors with any text. */
  async function promtool(args: readonly string[], url: string, input?: string): Promise<Output> {
    const places: Readonly<Record<string, string>> = { URL: url, AT: String(at), FROM: String(at - 3) };
    const filled = args.map((arg) => arg.replace(/URL|AT$|FROM$/, (name) => places[name]));
    const { code, out } = await output(PROMTOOL, filled, input);
    if (out.startsWith('[')) return { code, out: JSON.stringify((JSON.parse(out) as unknown[]).map(textOf).sort()) };
    return { code, out: out.split('\n').sort().join('\n') };
  }
});

const textOf = (value: unknown) => JSON.stringify(value);

interface Output {
  readonly code: number | null;
  /** Of both streams, without what could not be read. */
  readonly out: string;
}

function output(program: string, args: readonly string[], input?: string): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (out += data.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
    child.stdin.end(input);
  });
}
