/** A fleet: two agents that share the targets, one VictoriaMetrics that holds the samples, queries answered from it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const ENGINE = process.env.ISOTHERM_VICTORIAMETRICS ?? 'victoria-metrics';
const suite = spawnSync(ENGINE, ['--version']).error === undefined ? describe : describe.skip;
const PODS = 6;

suite('a fleet beside VictoriaMetrics (needs victoria-metrics on PATH)', () => {
  let engine: ChildProcess;
  let engineUrl: string;
  const pods: Server[] = [];
  const agents: Sidecar[] = [];
  let requests = 0;

  /** The slow half of the pods answers in 0.5 to 1 s, the other within 0.1 s. */
  const page = (pod: number) => {
    requests++;
    const n = requests * 10;
    const [fast, all] = pod % 2 === 0 ? [n, n] : [0, n];
    const labels = `version="v${pod % 2}"`;
    return [
      '# TYPE latency_seconds histogram',
      `latency_seconds_bucket{${labels},le="0.1"} ${fast}`,
      `latency_seconds_bucket{${labels},le="0.5"} ${fast}`,
      `latency_seconds_bucket{${labels},le="1"} ${all}`,
      `latency_seconds_bucket{${labels},le="+Inf"} ${all}`,
      `latency_seconds_sum{${labels}} ${all / 2}`,
      `latency_seconds_count{${labels}} ${all}`,
      '',
    ].join('\n');
  };

  beforeAll(async () => {
    const folder = tempFolder();
    const address = `127.0.0.1:${await freePort()}`;
    engineUrl = `http://${address}`;
    engine = spawn(
      ENGINE,
      [
        `-httpListenAddr=${address}`,
        `-storageDataPath=${join(folder, 'engine')}`,
        '-search.latencyOffset=0s',
        '-search.disableCache',
      ],
      { stdio: 'ignore' },
    );
    for (let pod = 0; pod < PODS; pod++) {
      const server = createServer((_, response) => {
        response.setHeader('content-type', 'text/plain; version=0.0.4');
        response.end(page(pod));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      pods.push(server);
    }
    const targets = pods.map((pod) => `"127.0.0.1:${(pod.address() as { port: number }).port}"`).join(', ');
    await until(() =>
      fetch(`${engineUrl}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    for (const number of [0, 1]) {
      const own = tempFolder();
      writeConfig(
        own,
        `global: { scrape_interval: 500ms, scrape_timeout: 500ms, external_labels: { agent: "${number}" } }
scrape_configs:
  - job_name: pods
    static_configs: [{ targets: [${targets}] }]
    relabel_configs:
      - { source_labels: [__address__], modulus: 2, target_label: __tmp_agent, action: hashmod }
      - { source_labels: [__tmp_agent], regex: "${number}", action: keep }
remote_write: [{ url: "${engineUrl}/api/v1/write", queue_config: { batch_send_deadline: 200ms } }]
`,
      );
      const file = writeConfig(own, `url: ${engineUrl}\n`, 'engine.yml');
      const path = `--storage.agent.path=${join(own, 'agent')}`;
      agents.push(await startSidecar(own, ['--agent', path, `--fleet.config.file=${file}`]));
    }
  });

  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    engine?.kill('SIGTERM');
    for (const pod of pods) {
      pod.closeAllConnections();
      pod.close();
    }
  });

  const ask = (path: string, agent = 0) => api(agents[agent].url, path) as Promise<{ data: any }>; // eslint-disable-line @typescript-eslint/no-explicit-any

  test('each pod is scraped by one agent, and both agents answer for all of them', async () => {
    const counted = async (agent: number) => {
      const { data } = await ask('/query?query=count(up == 1)', agent);
      return Number(data.result[0]?.value[1]);
    };
    await until(async () => (await counted(0)) === PODS && (await counted(1)) === PODS);
    const own = await Promise.all(
      agents.map(async (_, i) => (await ask('/targets', i)).data.activeTargets.length as number),
    );
    expect(own[0] + own[1]).toBe(PODS);
  });

  test('names, values and series are those of the engine', async () => {
    expect((await ask('/label/version/values')).data).toEqual(['v0', 'v1']);
    expect((await ask('/labels?match[]=latency_seconds_count')).data).toContain('agent');
    expect((await ask('/series?match[]=latency_seconds_count')).data).toHaveLength(PODS);
  });

  test('range queries, distributions and explanations are answered from the engine', async () => {
    await until(async () => {
      const { data } = await ask('/query?query=min(count_over_time(latency_seconds_count[1m]))');
      return Number(data.result[0]?.value[1]) >= 8;
    });
    const end = Math.floor(Date.now() / 1000);
    const range = `start=${end - 4}&end=${end}&step=2`;
    const query = encodeURIComponent('sum by (le, version) (rate(latency_seconds_bucket[4s]))');
    const matrix = await ask(`/query_range?query=${query}&${range}`);
    expect(matrix.data.result.length).toBe(8);
    const { data: told } = await ask(`/distribution?query=${query}&${range}&limits=0.5`);
    const shares = told.groups.map((group: { metric: object; shares: Record<string, (number | null)[]> }) => [
      group.metric,
      group.shares['0.5'].at(-1),
    ]);
    expect(shares).toEqual(
      expect.arrayContaining([
        [{ version: 'v0' }, 1],
        [{ version: 'v1' }, 0],
      ]),
    );
    const box = `from=${end - 4}&to=${end}&lower=0.5`;
    const { data: why } = await ask(`/explain?query=${query}&${range}&${box}&baseline=sameTime`);
    expect(why.headline).toMatch(/version="v1"/);
  });

  test('an agent that knows no engine says whom to ask, and rules that it cannot evaluate are refused', async () => {
    const own = tempFolder();
    writeConfig(own, 'global: {}\n');
    const path = `--storage.agent.path=${join(own, 'agent')}`;
    const alone = await startSidecar(own, ['--agent', path]);
    try {
      const answer = await fetch(`${alone.url}/api/v1/query?query=up`);
      expect([answer.status, await answer.text()]).toEqual([
        422,
        expect.stringMatching(/ask the engine that it writes to/),
      ]);
    } finally {
      await alone.stop();
    }
    writeConfig(own, 'groups: [{ name: g, rules: [{ record: a, expr: up }] }]\n', 'rules.yml');
    writeConfig(own, 'rule_files: [rules.yml]\n');
    await expect(startSidecar(own, ['--agent', path])).rejects.toThrow(/--fleet.config.file/);
  });
});
