/** Our own /metrics beside that of a Prometheus with the same configuration: the same types, and what is not there is what docs/metrics.md says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  besidePrometheus,
  freePort,
  installedVersion,
  runPrometheus,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
const [THERE, NOT_THERE] = PAGE.split('## Not there');
const namesIn = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].flatMap((match) => match[1].split(/\s+/));

const suite = (installedVersion?.[0] ?? 0) >= 3 ? besidePrometheus : describe.skip;

suite('our own metrics beside those of Prometheus 3', () => {
  let ours: Sidecar;
  let peer: PrometheusProcess;
  let mine: ReadonlyMap<string, string>;
  let theirs: ReadonlyMap<string, string>;

  beforeAll(async () => {
    const folder = tempFolder();
    writeConfig(folder, "groups: [{name: g, interval: 1s, rules: [{record: a, expr: 'sum(up)'}]}]\n", 'rules.yml');
    const nobody = `127.0.0.1:${await freePort()}`;
    const config = (address: string) => `global: {scrape_interval: 1s, scrape_timeout: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['${nobody}']}]}]}
remote_write: [{url: 'http://${nobody}/api/v1/write'}]
scrape_configs: [{job_name: self, static_configs: [{targets: ['${address}']}]}]
`;
    peer = await runPrometheus({ config, folder });
    writeConfig(folder, config(new URL(peer.url).host));
    ours = await startSidecar(folder);
    // Some are there from the second scrape on.
    for (const { url } of [peer, ours]) {
      await until(async () => {
        const { data } = await api(url, '/query?query=count_over_time(a[1m])%20%3E%203');
        return data.result.length > 0;
      });
    }
    [mine, theirs] = await Promise.all([typesOf(ours.url), typesOf(peer.url)]);
  });
  afterAll(async () => {
    await ours?.stop();
    await peer?.stop('SIGKILL'); // It would wait a minute for the receiver that is not there.
  });

  test('names that both have are of one type', () => {
    const shared = [...theirs].filter(([name]) => mine.has(name));
    expect(shared.length).toBeGreaterThan(60);
    expect(shared.filter(([name, type]) => mine.get(name) !== type)).toEqual([]);
  });

  test('what is said to be there is there', () => {
    const said = namesIn(THERE, /`((?:process|prometheus)_\w+)`/g);
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((name) => !mine.has(name))).toEqual([]);
  });

  test('what is not there is said', () => {
    const missing = [...theirs.keys()].filter((name) => !name.startsWith('go_') && !mine.has(name));
    expect(namesIn(NOT_THERE, /```\n([^`]+)\n```/g).sort()).toEqual(missing.sort());
  });
});

async function typesOf(url: string): Promise<ReadonlyMap<string, string>> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return new Map([...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
}
