import type { ApiBacktestedAlert, ApiBacktestedRule } from '../../shared/api/backtest.ts';
import { lanesOf, sentenceOfTest } from './backtest.ts';

const span = (version: string, firedAt: number | null, endedAt: number | null): ApiBacktestedAlert => ({
  labels: { alertname: 'A', version },
  annotations: {},
  activeAt: 10,
  firedAt,
  endedAt,
  lowest: '1',
  highest: '2',
});

test('spans of one label set are a lane, the one that fired longest first', () => {
  const lanes = lanesOf({
    alerts: [span('v1', 20, 30), span('v2', 20, null), span('v1', 50, 60), span('v3', null, 15)],
  });
  expect(lanes.map(({ labels, spans }) => [labels.version, spans.length])).toEqual([
    ['v2', 1],
    ['v1', 2],
    ['v3', 1],
  ]);
});

const said = (rule: Partial<ApiBacktestedRule>) =>
  sentenceOfTest({
    start: 0,
    end: 3_600_000,
    lanes: [],
    rule: {
      group: '',
      name: '',
      type: 'alerting',
      query: '',
      labels: {},
      interval: 15,
      evaluations: 240,
      failures: 0,
      ...rule,
    },
  });

test.each([
  [{ firings: 0 }, 'It would not have fired in 1h, evaluated every 15s.'],
  [{ firings: 1, firingSeconds: 90 }, 'It would have fired once, 1m30s altogether, in 1h, evaluated every 15s.'],
  [
    { firings: 3, firingSeconds: 600, failures: 2, lastError: 'no' },
    'It would have fired 3 times, 10m altogether, in 1h, evaluated every 15s; 2 evaluations failed: no.',
  ],
  [{ failures: 240, lastError: 'no such thing' }, 'It could not be evaluated: no such thing'],
])('%j is said as: %s', (rule, sentence) => expect(said(rule)).toBe(sentence));
