import type { ApiTarget } from '../shared/api/prometheus.ts';
import { healthWords, jobsOf } from './findings.ts';

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
