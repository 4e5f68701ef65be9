import { labelsOf, labelsRecord, type Labels } from '../../shared/model/labels.ts';
import { bitsOf, setStale } from '../../shared/model/sampleBits.ts';
import type { Appender, Storage } from '../storage/appender.ts';
import { StorageError } from '../storage/appender.ts';
import type { Queryable } from '../storage/queryable.ts';
import { silentLog } from '../telemetry/log.ts';
import { RuleGroup, type GroupDeps } from './group.ts';
import { AlertingRule, type RuleSample } from './rule.ts';
import { parseRuleFile } from './ruleFile.ts';

const MINUTE = 60_000;

/** Keeps what is committed, as `name{…} t value` lines. */
class Kept {
  readonly lines: string[] = [];
  isFull = false;
  readonly storage = { appender: () => this.#appender() } as unknown as Storage;

  #appender(): Appender {
    const staged: string[] = [];
    const put = (labels: Labels, t: number, v: number | string) => {
      const { __name__, ...rest } = labelsRecord(labels);
      staged.push(`${__name__} ${Object.values(rest).join(',')} ${t / 1000} ${v}`);
      return 'ok' as const;
    };
    return {
      append: put,
      appendStale: (labels: Labels, t: number) => put(labels, t, 'ends'),
      commit: async () => {
        if (this.isFull) throw new StorageError('disk_full', 'no room');
        this.lines.push(...staged);
      },
    } as unknown as Appender;
  }

  take(): string[] {
    return this.lines.splice(0).sort();
  }
}

type Answers = Record<string, RuleSample[] | Error>;
const row = (value: number, labels: Record<string, string> = {}): RuleSample => ({ labels: labelsOf(labels), value });

function rig(yaml: string, answers: Answers, more: Partial<GroupDeps> = {}) {
  const kept = new Kept();
  const asked: [string, number][] = [];
  const notified: string[] = [];
  const deps: GroupDeps = {
    storage: kept.storage,
    queryable: undefined as unknown as Queryable,
    clock: { now: () => 0, sleepUntil: async () => undefined },
    log: silentLog,
    surroundings: {
      ask: async (expr, t) => {
        asked.push([expr, t]);
        const answer = answers[expr];
        if (answer instanceof Error) throw answer;
        return answer ?? [];
      },
      externalLabels: [],
      externalUrl: 'http://h/',
      onTemplateFault: () => undefined,
    },
    restoreTimes: { outageToleranceMs: 60 * MINUTE, gracePeriodMs: 10 * MINUTE },
    resendDelayMs: MINUTE,
    concurrency: undefined,
    notify: (_, alerts) =>
      notified.push(...alerts.map((alert) => `${alert.state} ${labelsRecord(alert.labels).alertname}`)),
    ...more,
  };
  const [spec] = parseRuleFile(`groups:\n  - name: g\n    rules:\n${yaml}`, 'r.yml');
  const make = () => new RuleGroup(spec, { intervalMs: MINUTE, queryOffsetMs: spec.queryOffsetMs ?? 0 }, deps);
  return { kept, asked, notified, deps, make, group: make(), answers };
}

test('a recorded series has the rule’s name and labels, and ends when its row is gone', async () => {
  const { group, kept, answers } = rig('      - {record: r, expr: x, labels: {k: v}}\n', {
    x: [row(1, { a: '1', __name__: 'x' }), row(2, { a: '2' })],
  });
  await group.evaluate(MINUTE);
  expect(kept.take()).toEqual(['r 1,v 60 1', 'r 2,v 60 2']);
  answers.x = [row(3, { a: '1' })];
  await group.evaluate(2 * MINUTE);
  expect(kept.take()).toEqual(['r 1,v 120 3', 'r 2,v 120 ends']);
});

test('query_offset moves both what is asked and what is written', async () => {
  const { group, kept, asked } = rig('      - {record: r, expr: x}\n    query_offset: 10s\n', { x: [row(1)] });
  await group.evaluate(MINUTE);
  expect(asked).toEqual([['x', 50_000]]);
  expect(kept.take()).toEqual(['r  50 1']);
});

test.each([
  [
    'two rows that become one series',
    '      - {record: r, expr: x, labels: {a: z}}\n',
    /same labelset after applying rule labels/,
  ],
  [
    'two rows that become one alert',
    '      - {alert: R, expr: x, labels: {a: z}}\n',
    /same labelset after applying alert labels/,
  ],
  ['more series than its limit', '      - {record: r, expr: x}\n    limit: 1\n', /exceeded limit of 1 with 2 series/],
  ['more alerts than its limit', '      - {alert: R, expr: x}\n    limit: 1\n', /exceeded limit of 1 with 2 alerts/],
])('%s make the rule fail, and nothing is written', async (_, yaml, why) => {
  const { group, kept } = rig(yaml, { x: [row(1, { a: '1' }), row(2, { a: '2' })] });
  await group.evaluate(MINUTE);
  expect(group.rules[0].state).toMatchObject({ health: 'err', lastError: expect.stringMatching(why) });
  expect([kept.take(), group.counts.failures]).toEqual([[], 1]);
});

test('a rule that fails keeps its series, and no other rule from running', async () => {
  const { group, kept, answers } = rig('      - {record: r, expr: x}\n      - {record: s, expr: y}\n', {
    x: [row(1)],
    y: [row(2)],
  });
  await group.evaluate(MINUTE);
  kept.take();
  answers.x = new Error('timeout');
  await group.evaluate(2 * MINUTE);
  expect(kept.take()).toEqual(['s  120 2']);
  expect(group.rules.map(({ state }) => state.health)).toEqual(['err', 'ok']);
});

test('what a full disk refuses is the rule’s fault, and its series go on when there is room', async () => {
  const { group, kept, answers } = rig('      - {record: r, expr: x}\n', { x: [row(1, { a: '1' })] });
  await group.evaluate(MINUTE);
  kept.take();
  kept.isFull = true;
  answers.x = [];
  await group.evaluate(2 * MINUTE);
  expect(group.rules[0].state.lastError).toMatch(/took no samples: no room/);
  kept.isFull = false;
  await group.evaluate(3 * MINUTE);
  expect(kept.take()).toEqual(['r 1 180 ends']);
});

test('an alert is written while it is pending or firing, and told once it fires', async () => {
  const yaml =
    '      - alert: A\n        expr: x\n        for: 1m\n        labels: {at: "{{ $labels.a }}"}\n        annotations: {v: "{{ $value }}"}\n';
  const { group, kept, notified, answers } = rig(yaml, { x: [row(7, { a: '1', __name__: 'x' })] });
  await group.evaluate(MINUTE);
  expect(kept.take()).toEqual(['ALERTS 1,A,pending,1 60 1', 'ALERTS_FOR_STATE 1,A,1 60 60']);
  await group.evaluate(2 * MINUTE);
  expect(kept.take()).toEqual([
    'ALERTS 1,A,firing,1 120 1',
    'ALERTS 1,A,pending,1 120 ends',
    'ALERTS_FOR_STATE 1,A,1 120 60',
  ]);
  answers.x = [];
  await group.evaluate(3 * MINUTE);
  expect(kept.take()).toEqual(['ALERTS 1,A,firing,1 180 ends', 'ALERTS_FOR_STATE 1,A,1 180 ends']);
  expect(notified).toEqual(['firing A', 'inactive A']);
  const [rule] = group.rules;
  expect(rule instanceof AlertingRule && rule.alerts.all[0].annotations).toEqual([['v', '7']]);
});

test('a template that fails says so in its text', async () => {
  const { group } = rig('      - {alert: A, expr: x, annotations: {v: "{{ $labels.a.b }}"}}\n', { x: [row(1)] });
  await group.evaluate(MINUTE);
  const [rule] = group.rules as AlertingRule[];
  expect(labelsRecord(rule.alerts.all[0].annotations).v).toMatch(
    /^<error expanding template: .*can't evaluate field b/,
  );
});

test('after a reload alerts go on, and series of rules that are gone end', async () => {
  const { group, kept, deps } = rig('      - {alert: A, expr: x, for: 5m}\n      - {record: gone, expr: x}\n', {
    x: [row(1)],
  });
  await group.evaluate(MINUTE);
  kept.take();
  const [spec] = parseRuleFile('groups:\n  - name: g\n    rules:\n      - {alert: A, expr: x, for: 2m}\n', 'r.yml');
  const next = new RuleGroup(spec, { intervalMs: MINUTE, queryOffsetMs: 0 }, deps);
  next.takeFrom(group);
  await next.evaluate(3 * MINUTE);
  expect(kept.take()).toEqual([
    'ALERTS A,firing 180 1',
    'ALERTS A,pending 180 ends',
    'ALERTS_FOR_STATE A 180 60',
    'gone  180 ends',
  ]);
});

test('after a restart `for` goes on where it was', async () => {
  const values = Float64Array.of(1_000, 1_000);
  const labels = labelsOf({ __name__: 'ALERTS_FOR_STATE', alertname: 'A', a: '1' });
  const ended = Float64Array.of(1_000, 0);
  setStale(bitsOf(ended), 1);
  const times = Float64Array.of(1_060_000, 1_120_000);
  const columns = [
    { ref: 1, labels, values },
    { ref: 2, labels: labelsOf({ __name__: 'ALERTS_FOR_STATE', alertname: 'A', a: '2' }), values: ended },
  ];
  const queryable = { select: async () => [{ times, columns }] } as unknown as Queryable;
  let now = 1_500_000;
  const clock = { now: () => now, sleepUntil: async (due: number) => void (now = Math.max(now, due)) };
  const { make, kept } = rig(
    '      - {alert: A, expr: x, for: 20m}\n',
    { x: [row(1, { a: '1' }), row(1, { a: '2' })] },
    { queryable, clock },
  );
  const group = make();
  const stopAt = now + 4 * MINUTE;
  const evaluate = group.evaluate.bind(group);
  group.evaluate = async (t) => {
    await evaluate(t);
    if (t >= stopAt) void group.stop();
  };
  group.start(true);
  while (now < stopAt) await new Promise((resolve) => setImmediate(resolve));
  const forState = kept.take().filter((line) => line.startsWith('ALERTS_FOR_STATE'));
  // It had held for two minutes when the server went away; the time away does not count.
  const restoredAt = Number(forState[0].split(' ').at(-1));
  expect(restoredAt).toBeGreaterThan(1_000);
  expect(restoredAt).toBeLessThanOrEqual(1_000 + (stopAt - 1_120_000) / 1000);
  const other = forState.find((line) => line.startsWith('ALERTS_FOR_STATE 2'))!;
  expect(Number(other.split(' ').at(-1))).toBeGreaterThanOrEqual(1_500);
});
