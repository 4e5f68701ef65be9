import { parseConfig } from '../../config/load.ts';
import { dataFolderOf, instanceFolderOf } from './dataFolder.ts';
import { draftConfig } from './configText.ts';

const context = { secrets: { KEY: 'a"b: c', OTHER: 'x' }, scrapeInterval: '5s', ownAddress: '127.0.0.1:9090' };
const draft = (targets: string) => draftConfig({ targets }, context);
const pasted = (config: string) => draftConfig({ source: 'config', config }, context);
const jobsOf = (text: string) =>
  parseConfig(text, { dir: '/', path: 'prometheus.yml' }).scrapeConfigs.map(
    ({ jobName, scheme, metricsPath, ...job }) => ({
      jobName,
      url: job.staticConfigs.flatMap(({ targets }) => targets.map((target) => `${scheme}://${target}${metricsPath}`)),
      labels: job.staticConfigs.flatMap(({ labels }) => labels),
    }),
  );

describe('targets', () => {
  const row = (text: string, jobs: Record<string, string[]>) =>
    test(`${JSON.stringify(text)} is ${JSON.stringify(jobs)}`, () => {
      const { faults, text: yaml } = draft(text);
      expect(faults).toEqual([]);
      const own = { jobName: 'isotherm', url: ['http://127.0.0.1:9090/metrics'], labels: [] };
      const named = Object.entries(jobs).map(([jobName, url]) => ({ jobName, url, labels: [] }));
      expect(jobsOf(yaml)).toEqual([...named, own]);
    });
  row('', {});
  row('localhost:8000', { targets: ['http://localhost:8000/metrics'] });
  row('# a note\nlocalhost:8000 # another\n\n', { targets: ['http://localhost:8000/metrics'] });
  row('a:1, b:2\nc:3', { targets: ['http://a:1/metrics', 'http://b:2/metrics', 'http://c:3/metrics'] });
  row('vllm = https://a.example/v1/metrics', { vllm: ['https://a.example:443/v1/metrics'] });
  row('vllm = a:1\nvllm=b:2', { vllm: ['http://a:1/metrics', 'http://b:2/metrics'] });
  row('[::1]:8000', { targets: ['http://[::1]:8000/metrics'] });

  test('a job whose targets have different paths is two in the file, and one by its label', () =>
    expect(jobsOf(draft('a = x:1/metrics, x:2/other').text)).toEqual([
      { jobName: 'a', url: ['http://x:1/metrics'], labels: [] },
      { jobName: 'a http/other', url: ['http://x:2/other'], labels: [['job', 'a']] },
      expect.anything(),
    ]));

  const bad = (text: string, line: number, column: number, why: RegExp) =>
    test(`${JSON.stringify(text)} is refused at ${line}:${column}`, () =>
      expect(draft(text).faults).toEqual([{ line, column, why: expect.stringMatching(why) as string }]));
  bad('localhost', 1, 1, /no port: write localhost:8000/);
  bad('a:1\n  job =  nowhere', 2, 10, /no port/);
  bad('a:1, ftp://b', 1, 6, /http or https/);
  bad('a:1 b:2', 1, 1, /one target a line/);
  bad('http://me:secret@a:1', 1, 1, /no logins/);
  bad('a:1?x=1', 1, 1, /no parameters/);
});

describe('a pasted prometheus.yml', () => {
  const job = (lines: string) => `scrape_configs:\n- job_name: a\n  static_configs: [{targets: [b:1]}]\n${lines}`;
  test('is taken as it is, and told in words', () =>
    expect(pasted(job(''))).toEqual({ text: job(''), faults: [], summary: '1 job, 1 static target' }));
  test('faults have their places', () =>
    expect(pasted('scrape_configs:\n- job_nam: a\n').faults).toEqual(
      expect.arrayContaining([{ line: 2, column: 3, why: expect.stringMatching(/job_nam: unknown key/) as string }]),
    ));
  test('a secret in plain sight is refused where it stands', () =>
    expect(pasted(job('  basic_auth: {username: me, password: hunter2}\n')).faults).toEqual([
      { line: 4, column: 40, why: expect.stringMatching(/password: a secret in plain sight/) as string },
    ]));
  for (const written of ['${KEY}', '"${KEY}"', "'${KEY}'"])
    test(`credentials: ${written} is the secret of that name, whatever is in it`, () => {
      const { faults, text } = pasted(job(`  authorization:\n    credentials: ${written}\n`));
      expect(faults).toEqual([]);
      const [{ http }] = parseConfig(text, { dir: '/', path: 'prometheus.yml' }).scrapeConfigs;
      expect(JSON.stringify(http)).toContain(JSON.stringify('a"b: c').slice(1, -1));
    });
  test('names that are no secrets stay', () =>
    expect(pasted(job('global: {external_labels: {host: "${HOSTNAME}"}}\n')).text).toContain('"${HOSTNAME}"'));
  test('without anything to scrape says so', () =>
    expect(pasted('global: {}\n').faults).toEqual([
      { line: 0, column: 0, why: expect.stringMatching(/no scrape_configs/) as string },
    ]));
});

describe('the data folder', () => {
  test('is beside the folder of plugins, never in it', () =>
    expect(dataFolderOf({}, '/var/lib/grafana/plugins/isotherm-monitoring-app/datasource')).toBe(
      '/var/lib/grafana/isotherm',
    ));
  test('is the one that grafana.ini names', () =>
    expect(dataFolderOf({ GF_PLUGIN_DATA_DIR: '/data' }, '/x/y/z')).toBe('/data'));
  test('of a data source cannot lie elsewhere, whatever its uid', () =>
    expect(instanceFolderOf('/data', 2, '../a/b')).toBe('/data/2-.2e.2e.2fa.2fb'));
});
