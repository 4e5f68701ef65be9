/** `isotherm check` beside promtool (the one that ISOTHERM_PROMTOOL names, else the one on PATH): the same verdict on configuration files, rule files and pages. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lintPage } from '../../src/server/cli/check/metrics.ts';
import { beside, PROMTOOL } from '../support/prometheusProcess.ts';
import { ISOTHERM, tempFolder } from '../support/sidecar.ts';
import { CONFIG_CORPUS } from './configCorpus.ts';

/** The corpora are of what it knows. */
const PEER = { promtool: [3, 0] } as const;
jest.setTimeout(120_000);

interface Verdict {
  readonly isRight: boolean;
  readonly text: string;
}

/** What a command says of each file, told by the file's name in its output. */
function verdicts(command: string, subject: string, folder: string, texts: readonly string[]): Verdict[] {
  return texts.map((text, i) => {
    const path = join(folder, `${i}.yml`);
    writeFileSync(path, text);
    const { status, stdout, stderr } = spawnSync(command, ['check', subject, path], { encoding: 'utf8' });
    return { isRight: status === 0, text: stdout + stderr };
  });
}

beside(PEER, 'configuration files', () => {
  let theirs: readonly Verdict[];
  let ours: readonly Verdict[];
  beforeAll(() => {
    const folder = tempFolder();
    theirs = verdicts(
      PROMTOOL,
      'config',
      folder,
      CONFIG_CORPUS.map(({ text }) => text),
    );
    const paths = CONFIG_CORPUS.map((_, i) => join(folder, `${i}.yml`));
    // One process for all: each line names its file.
    const { stdout, stderr } = spawnSync(ISOTHERM, ['check', 'config', ...paths], { encoding: 'utf8' });
    const lines = `${stdout}\n${stderr}`.split('\n');
    ours = paths.map((path) => {
      const own = lines.filter((line) => line.startsWith(`${path}:`));
      return { isRight: own.some((line) => line.startsWith(`${path}: right`)), text: own.join('\n') };
    });
  });

  test.each(CONFIG_CORPUS.map((one, i) => [one.name, i, one] as const))('%s', (_, i, { differs }) => {
    expect(ours[i].text).not.toBe('');
    // A promtool may be built without a kind of discovery.
    if (/field \w+_sd_configs not found/.test(theirs[i].text) && !/unknown key/.test(ours[i].text)) return;
    const same = ours[i].isRight === theirs[i].isRight;
    if (same !== (differs === undefined)) throw new Error(`ours: ${ours[i].text}\ntheirs: ${theirs[i].text}`);
  });

  test('both find files right and wrong', () => {
    expect(ours.filter(({ isRight }) => isRight).length).toBeGreaterThan(100);
    expect(ours.filter(({ isRight }) => !isRight).length).toBeGreaterThan(100);
  });
});

const groups = (rules: string) => `groups:\n- name: g\n  rules:\n${rules.replace(/^(?=.)/gm, '  ')}\n`;
const RULES: readonly string[] = [
  groups('- {record: a, expr: "up"}'),
  groups('- {record: "a:b", expr: "sum by (job) (rate(x[5m]))", labels: {x: y}}'),
  groups('- {record: a, expr: "up("}'),
  groups('- {record: a}'),
  groups('- {expr: up}'),
  groups('- {record: a, alert: b, expr: up}'),
  groups('- {record: "a b", expr: up}'),
  groups('- {record: "", expr: up}'),
  groups('- {record: a, expr: up, for: 5m}'),
  groups('- {record: a, expr: up, annotations: {x: y}}'),
  groups('- {record: a, expr: up, labels: {__name__: b}}'),
  groups('- {record: a, expr: up, labels: {"b-c": d}}'),
  groups(
    '- {alert: A, expr: "up == 0", for: 5m, keep_firing_for: 1m, labels: {s: p}, annotations: {x: "{{ $value }}"}}',
  ),
  groups('- {alert: A, expr: "up == 0", annotations: {x: "{{ $value }"}}'),
  groups('- {alert: A, expr: "up == 0", annotations: {x: "{{ $labels.job | nothing }}"}}'),
  groups('- {alert: A, expr: "up == 0", for: five}'),
  groups('- {alert: A, expr: "foo[5m]"}'),
  groups('- {record: a, expr: up}\n- {record: a, expr: down}'),
  groups('- {record: a, expr: up, labels: {x: "1"}}\n- {record: a, expr: up, labels: {x: "2"}}'),
  groups('- {record: a, expr: up, lables: {}}'),
  'groups:\n- name: g\n- name: g\n',
  'groups:\n- rules: []\n',
  'groups:\n- {name: g, interval: 1m, limit: 5, query_offset: 10s}\n',
  'groups:\n- {name: g, interval: never}\n',
  'group: []\n',
  '',
  'groups: [\n',
];

beside(PEER, 'rule files', () => {
  let all: (readonly [Verdict, Verdict])[];
  beforeAll(() => {
    const folder = tempFolder();
    const theirs = verdicts(PROMTOOL, 'rules', folder, RULES);
    all = verdicts(ISOTHERM, 'rules', folder, RULES).map((ours, i) => [ours, theirs[i]] as const);
  });
  test.each(RULES.map((text, i) => [text, i] as const))('%s', (_, i) => {
    const [ours, theirs] = all[i];
    if (ours.isRight !== theirs.isRight) throw new Error(`ours: ${ours.text}\ntheirs: ${theirs.text}`);
  });
});

/** Pages with one thing to say of each. */
const PAGES: readonly string[] = [
  '# HELP a h\n# TYPE a gauge\na 1\n',
  'a 1\n',
  '# HELP a h\n# TYPE a counter\na 1\n',
  '# HELP a_total h\n# TYPE a_total gauge\na_total 1\n',
  '# HELP a_total h\na_total 1\n',
  '# HELP a_count h\n# TYPE a_count gauge\na_count 1\n',
  '# HELP a_count h\na_count 1\n',
  '# HELP a_bucket h\n# TYPE a_bucket counter\na_bucket 1\n',
  '# HELP a h\n# TYPE a gauge\na{le="1"} 1\n',
  '# HELP a h\n# TYPE a gauge\na{quantile="1"} 1\n',
  '# HELP a h\n# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
  '# HELP a h\n# TYPE a histogram\na_bucket{le="+Inf",quantile="1"} 1\na_sum 1\na_count 1\n',
  '# HELP a h\n# TYPE a summary\na{quantile="1"} 1\na_sum 1\na_count 1\n',
  '# HELP a_bucket h\n# TYPE a_bucket summary\na_bucket_sum 1\na_bucket_count 1\n',
  '# HELP a_count h\n# TYPE a_count summary\na_count_sum 1\na_count_count 1\n',
  '# HELP a_milliseconds h\n# TYPE a_milliseconds gauge\na_milliseconds 1\n',
  '# HELP a_minutes h\n# TYPE a_minutes gauge\na_minutes 1\n',
  '# HELP a_hours h\n# TYPE a_hours gauge\na_hours 1\n',
  '# HELP a_days h\n# TYPE a_days gauge\na_days 1\n',
  '# HELP a_weeks h\n# TYPE a_weeks gauge\na_weeks 1\n',
  '# HELP a_kelvin h\n# TYPE a_kelvin gauge\na_kelvin 1\n',
  '# HELP a_fahrenheit h\n# TYPE a_fahrenheit gauge\na_fahrenheit 1\n',
  '# HELP a_rankine h\n# TYPE a_rankine gauge\na_rankine 1\n',
  '# HELP a_kelvins h\n# TYPE a_kelvins gauge\na_kelvins 1\n',
  '# HELP a_bits h\n# TYPE a_bits gauge\na_bits 1\n',
  '# HELP a_megabits h\n# TYPE a_megabits gauge\na_megabits 1\n',
  '# HELP a_mebibytes h\n# TYPE a_mebibytes gauge\na_mebibytes 1\n',
  '# HELP a_mibibytes h\n# TYPE a_mibibytes gauge\na_mibibytes 1\n',
  '# HELP a_kilobytes h\n# TYPE a_kilobytes gauge\na_kilobytes 1\n',
  '# HELP a_kilograms h\n# TYPE a_kilograms gauge\na_kilograms 1\n',
  '# HELP a_ounces h\n# TYPE a_ounces gauge\na_ounces 1\n',
  '# HELP a_pounds h\n# TYPE a_pounds gauge\na_pounds 1\n',
  '# HELP a_calories h\n# TYPE a_calories gauge\na_calories 1\n',
  '# HELP a_feet h\n# TYPE a_feet gauge\na_feet 1\n',
  '# HELP a_inches h\n# TYPE a_inches gauge\na_inches 1\n',
  '# HELP a_yards h\n# TYPE a_yards gauge\na_yards 1\n',
  '# HELP a_miles h\n# TYPE a_miles gauge\na_miles 1\n',
  '# HELP a_kilometers h\n# TYPE a_kilometers gauge\na_kilometers 1\n',
  '# HELP a_millivolts h\n# TYPE a_millivolts gauge\na_millivolts 1\n',
  '# HELP a_milliamperes h\n# TYPE a_milliamperes gauge\na_milliamperes 1\n',
  '# HELP a_amps h\n# TYPE a_amps gauge\na_amps 1\n',
  '# HELP a_milliseconds_x h\n# TYPE a_milliseconds_x gauge\na_milliseconds_x 1\n',
  '# HELP a_ms h\n# TYPE a_ms gauge\na_ms 1\n',
  '# HELP a_s_x h\n# TYPE a_s_x gauge\na_s_x 1\n',
  '# HELP a_m h\n# TYPE a_m gauge\na_m 1\n',
  '# HELP a_sec h\n# TYPE a_sec gauge\na_sec 1\n',
  '# HELP a_kb h\n# TYPE a_kb gauge\na_kb 1\n',
  '# HELP a:b h\n# TYPE a:b gauge\na:b 1\n',
  '# HELP aB h\n# TYPE aB gauge\naB 1\n',
  '# HELP a h\n# TYPE a gauge\na{bC="1"} 1\n',
  '# HELP a_gauge h\n# TYPE a_gauge gauge\na_gauge 1\n',
  '# HELP a_gauge_x h\n# TYPE a_gauge_x gauge\na_gauge_x 1\n',
  '# HELP gauge_x h\n# TYPE gauge_x gauge\ngauge_x 1\n',
  '# HELP a_counter_x h\n# TYPE a_counter_x gauge\na_counter_x 1\n',
  '# HELP a_untyped h\n# TYPE a_untyped gauge\na_untyped 1\n',
  '# HELP a_histogram_x h\n# TYPE a_histogram_x gauge\na_histogram_x 1\n',
  '# HELP a h\n# TYPE a gauge\na 1\na 2\n',
  '# HELP a h\n# TYPE a gauge\n# TYPE a gauge\na 1\n',
  '# HELP a h\n# HELP a h\n# TYPE a gauge\na 1\n',
  '# HELP a h\na 1\n# TYPE a gauge\n',
  '# TYPE a gauge\na 1\n# HELP a h\n',
  'a{\n',
  'garbage\n',
];

beside(PEER, 'pages', () => {
  test.each(PAGES)('%j', (page) => {
    const { status, stderr, stdout } = spawnSync(PROMTOOL, ['check', 'metrics'], { input: page, encoding: 'utf8' });
    const ours = () => lintPage(Buffer.from(page));
    if (status === 1) return expect(ours).toThrow();
    const theirs = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    if (ours().length !== theirs.length) throw new Error(`ours: ${ours().join('; ')}\ntheirs: ${theirs.join('; ')}`);
  });
});

test('check metrics reads standard input and tells by its exit code', () => {
  const check = (input: string) => spawnSync(ISOTHERM, ['check', 'metrics'], { input, encoding: 'utf8' });
  expect(check('# HELP a h\n# TYPE a gauge\na 1\n')).toMatchObject({ status: 0, stderr: '' });
  expect(check('a 1\n')).toMatchObject({ status: 3, stderr: 'a: has no help text\n' });
  expect(check('a{\n')).toMatchObject({ status: 1, stderr: expect.stringMatching(/^line 1, byte/) });
  const twice = '# HELP a h\n# TYPE a gauge\n# TYPE a gauge\na 1\n';
  expect(check(twice)).toMatchObject({
    status: 1,
    stderr: 'line 3, byte 40: a has a second TYPE line; keep one: "# TYPE a gauge"\n',
  });
});
