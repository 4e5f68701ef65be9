import type { ApiTarget } from '../shared/api/prometheus.ts';
import { PRESETS } from '../shared/serving/presets.ts';
import { dashboardOf, dashboardUid } from './dashboard.ts';
import { healthWords, jobsOf, rulesWords } from './findings.ts';

const target = (job: string, health: ApiTarget['health'], lastError = ''): ApiTarget =>
  ({ labels: { job }, scrapePool: job, health, lastError }) as unknown as ApiTarget;

test('jobs with faults come first, with one of their errors', () =>
  expect(jobsOf([target('b', 'up'), target('a', 'up'), target('c', 'up'), target('c', 'down', 'refused')])).toEqual([
    { job: 'c', up: 1, all: 2, lastError: 'refused' },
    { job: 'a', up: 1, all: 1, lastError: '' },
    { job: 'b', up: 1, all: 1, lastError: '' },
  ]));

test('a target before its first scrape is not up yet', () =>
  expect(jobsOf([target('a', 'unknown')])).toEqual([{ job: 'a', up: 0, all: 1, lastError: 'not scraped yet' }]));

describe('health in words', () => {
  const row = (name: string, answer: unknown, expected: { ok: boolean; text: RegExp }) =>
    test(name, () => {
      const words = healthWords(answer);
      expect(words.ok).toBe(expected.ok);
      expect(words.text).toMatch(expected.text);
    });
  row('green', { status: 'OK', message: 'found' }, { ok: true, text: /^found$/ });
  row('a named fault', { status: 'ERROR', message: 'refused' }, { ok: false, text: /^refused$/ });
  row('no answer at all', undefined, { ok: false, text: /backend may not have started/ });
});

describe('rules in words', () => {
  const rule = (more: object) => ({ type: 'alerting', ...more });
  const row = (rules: ReturnType<typeof rule>[], words: string) =>
    test(JSON.stringify(words), () => expect(rulesWords({ groups: [{ rules }] })).toBe(words));
  row([], '');
  row([rule({ state: 'inactive' })], '1 rule');
  row([rule({ state: 'firing' }), rule({ health: 'err' }), rule({})], '3 rules, 1 firing, 1 with a fault');
  test('of a server without rules are none', () => expect(rulesWords(undefined)).toBe(''));
});

describe('a dashboard of what was found', () => {
  const vllm = PRESETS.filter(({ system }) => system === 'vLLM');
  const { panels, uid } = dashboardOf('vLLM', vllm, { uid: 'abc', name: 'Here' });
  test('asks each question once, of the source where it was found', () => {
    expect(panels.map(({ targets }) => targets[0].expr)).toEqual(vllm.map(({ query }) => query.expr));
    for (const { targets } of panels) expect(targets[0].datasource.uid).toBe('abc');
  });
  test('draws distributions by the heatmap panel', () =>
    expect(panels[0]).toMatchObject({ type: 'isotherm-heatmap-panel', title: 'Request latency' }));
  test('lays panels beside each other, none over another', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBeLessThanOrEqual(24);
  });
  test('has a uid of its own for each source, as Grafana takes it', () => {
    expect(uid).toBe(dashboardUid('vLLM', 'abc'));
    expect(dashboardUid('GPU (DCGM)', 'x'.repeat(60))).toMatch(/^[\w-]{1,40}$/);
    expect(dashboardUid('vLLM', 'abd')).not.toBe(uid);
  });
});
