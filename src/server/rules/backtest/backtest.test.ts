import fc from 'fast-check';
import { labelsOf, labelsRecord } from '../../../shared/model/labels.ts';
import { createEngine, DEFAULT_LIMITS } from '../../promql/engine.ts';
import { MemoryQueryable, type MemorySeries, type SampleValue } from '../../../../tests/support/memoryQueryable.ts';
import type { AlertingRule } from '../rule.ts';
import { makeRule } from '../rule.ts';
import { askEngine } from '../askEngine.ts';
import { parseRuleFile } from '../ruleFile.ts';
import { backtest, BacktestTooLong, type BacktestRequest } from './backtest.ts';
import { FiringLog, type AlertSpan } from './firingLog.ts';

const MINUTE = 60_000;
const START = 1_000 * MINUTE;

/** A value a minute; `undefined` for none. */
function series(
  name: string,
  labels: Record<string, string>,
  values: readonly (SampleValue | undefined)[],
): MemorySeries {
  return {
    labels: labelsOf({ __name__: name, ...labels }),
    samples: values.flatMap((v, i) => (v === undefined ? [] : [[START + i * MINUTE, v] as const])),
    group: name + JSON.stringify(labels),
  };
}

const rules = (yaml: string) => parseRuleFile(`groups:\n  - name: g\n    interval: 1m\n    rules:\n${yaml}`, 'r.yml');

function parts(held: readonly MemorySeries[]) {
  const queryable = new MemoryQueryable(held);
  return {
    queryable,
    engine: createEngine(queryable, DEFAULT_LIMITS),
    engineOver: (store: typeof queryable) => createEngine(store, DEFAULT_LIMITS),
    externalLabels: labelsOf({ region: 'eu' }),
    externalUrl: 'http://h/',
    intervalMs: MINUTE,
    queryOffsetMs: 0,
  } as unknown as Parameters<typeof backtest>[1];
}

function run(yaml: string, held: readonly MemorySeries[], minutes: number, more: Partial<BacktestRequest> = {}) {
  const end = START + minutes * MINUTE;
  return backtest({ groups: rules(yaml), start: START, end, spansMax: 100, ...more }, parts(held));
}

/** `labels pending-firing-end lowest..highest`, in minutes from the start. */
const told = ({ labels, activeAt, firedAt, endedAt, lowest, highest }: AlertSpan) => {
  const minute = (t: number | undefined) => (t === undefined ? '…' : (t - START) / MINUTE);
  const { alertname: _, ...others } = labelsRecord(labels);
  return `${Object.values(others).join(',')} ${minute(activeAt)}-${minute(firedAt)}-${minute(endedAt)} ${lowest}..${highest}`;
};

test('it tells when a rule would have been pending, firing and over, and by how much', async () => {
  const [{ spans, evaluations }] = await run(
    '      - { alert: High, expr: x > 5, for: 2m, annotations: { s: "{{ $labels.k }} {{ $value }} {{ $externalLabels.region }}" } }\n',
    [series('x', { k: 'a' }, [1, 6, 7, 9, 8, 1, 6, 1]), series('x', { k: 'b' }, [1, 1, 1, 1, 1, 6, 7, 8])],
    7,
  );
  expect(spans.map(told)).toEqual(['a 1-3-5 6..9', 'b 5-7-… 6..8', 'a 6-…-7 6..6']);
  expect(labelsRecord(spans[0].annotations)).toEqual({ s: 'a 9 eu' });
  expect(evaluations).toBe(8 + 2);
});

test('an alert that held before the start fires from where its `for` was over', async () => {
  const [{ spans }] = await run(
    '      - { alert: High, expr: x > 5, for: 3m }\n',
    [series('x', {}, [6, 6, 6, 6, 6, 6])],
    5,
    {
      start: START + 4 * MINUTE,
    },
  );
  expect(spans.map(told)).toEqual([' 1-4-… 6..6']);
});

test('rules that read what others record see it, and not what is stored under the name', async () => {
  const [recording, alerting, over] = await run(
    `      - { record: r, expr: x * 10, labels: { by: rule } }
      - { alert: R, expr: 'r{by="rule"} > 20' }
      - { alert: Mean, expr: 'avg_over_time(r[2m]) > 20' }
`,
    [series('x', {}, [1, 2, 3, 4, 'stale', 1]), series('r', { by: 'rule' }, [99, 99, 99, 99, 99, 99])],
    5,
  );
  expect(recording.series).toBe(1);
  expect(alerting.spans.map(told)).toEqual(['rule 2-2-4 30..40']);
  expect(over.spans.map(told)).toEqual(['rule 2-2-5 25..40']);
});

test('what fails is counted and told, and other rules go on', async () => {
  const [bad, good] = await run(
    '      - { alert: A, expr: x * on(k) y }\n      - { alert: B, expr: x > 0 }\n',
    [series('x', { k: '1' }, [1]), series('y', { k: '1', z: 'a' }, [1]), series('y', { k: '1', z: 'b' }, [1])],
    0,
  );
  expect(bad).toMatchObject({
    failures: 1,
    evaluations: 1,
    fault: expect.stringContaining('duplicate series') as string,
  });
  expect(good.spans).toHaveLength(1);
});

test('a range that would take for ever is refused', async () => {
  const far = { end: START + 2e6 * MINUTE };
  await expect(run('      - { alert: A, expr: x }\n', [], 0, far)).rejects.toThrow(BacktestTooLong);
});

test('more spans than are wanted are counted', async () => {
  const flips = Array.from({ length: 20 }, (_, i) => i % 2);
  const [{ spans, omitted }] = await run('      - { alert: A, expr: x > 0 }\n', [series('x', {}, flips)], 19, {
    spansMax: 3,
  });
  expect([spans.length, omitted]).toEqual([3, 7]);
});

test('it agrees with rules as they run, evaluated at one time after another', async () => {
  const value = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined, freq: 4 });
  const values = fc.array(value, { minLength: 1, maxLength: 25 });
  const delays = fc.integer({ min: 0, max: 4 });
  await fc.assert(
    fc.asyncProperty(values, values, delays, delays, async (a, b, forMinutes, keepMinutes) => {
      const held = [series('x', { k: 'a' }, a), series('x', { k: 'b' }, b)];
      const yaml = `      - { alert: A, expr: x > 1, for: ${forMinutes}m, keep_firing_for: ${keepMinutes}m }\n`;
      const [{ spans }] = await run(yaml, held, 25);
      expect(spans.map(told)).toEqual((await plainly(yaml, held, 25)).map(told));
    }),
    { numRuns: 50 },
  );
});

/** A query and a step of the state machine at a time. */
async function plainly(yaml: string, held: readonly MemorySeries[], minutes: number): Promise<readonly AlertSpan[]> {
  const { engine, externalLabels, externalUrl } = parts(held);
  const rule = makeRule(rules(yaml)[0].rules[0]) as AlertingRule;
  const log = new FiringLog(100);
  const ask = askEngine(engine, new AbortController().signal);
  const surroundings = { ask, externalLabels, externalUrl, onTemplateFault: () => undefined };
  for (let t = START; t <= START + minutes * MINUTE; t += MINUTE) {
    await rule.evaluate({ t, offsetMs: 0 }, 0, surroundings);
    log.see(t, rule.alerts.all);
  }
  return log.spans;
}
