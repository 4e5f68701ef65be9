/** Rules whose queries are kept write, end and notify what rules that ask anew each time do. */
import fs from 'node:fs';
import { labelsOf, labelsRecord, type Labels } from '../../src/shared/model/labels.ts';
import { fillGaps } from '../../src/shared/model/sampleBits.ts';
import { DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { askEngine, keepQueries } from '../../src/server/rules/askEngine.ts';
import { RuleGroup, type GroupDeps } from '../../src/server/rules/group.ts';
import { parseRuleFile } from '../../src/server/rules/ruleFile.ts';
import type { Appender, Storage } from '../../src/server/storage/appender.ts';
import { silentLog } from '../../src/server/telemetry/log.ts';
import { openTsdb, type Tsdb } from '../../src/server/tsdb/db.ts';
import { createQueryRunner, type QueryRunner } from '../../src/server/workers/queryRunner.ts';
import { makeFolder } from '../support/tsdbSamples.ts';

const STEP = 15_000;
const START = 1_700_000_000_000;
const RULES = `groups:
  - name: g
    limit: 3
    query_offset: 5s
    labels: { team: a }
    rules:
      - { record: rate, expr: 'rate(x_total[1m])' }
      - { record: sum, expr: 'sum by (kind) (rate(x_total[1m]))', labels: { kind: all } }
      - { record: ratio, expr: 'sum(x_total{kind="0"}) / sum(x_total{kind="1"})', labels: { of: kinds } }
      - { record: number, expr: '1 + 1' }
      - { alert: High, expr: 'x_total > 20', for: 30s, keep_firing_for: 30s, labels: { at: '{{ $value }}' }, annotations: { a: '{{ query "sum(x_total)" | first | value }}' } }
      - { alert: Gone, expr: 'absent(x_total{kind="1"})' }
`;

let folder: string;
let db: Tsdb;
let runner: QueryRunner;
beforeEach(async () => {
  folder = makeFolder();
  db = await openTsdb({ path: folder, compactionThread: false });
  runner = createQueryRunner({ queryable: db, workers: 0, limits: DEFAULT_LIMITS });
});
afterEach(async () => {
  await runner.close();
  await db.close();
  fs.rmSync(folder, { recursive: true });
});

/** A group that writes lines, and how often its queries were asked. */
function groupOf(isKept: boolean) {
  const lines: string[] = [];
  const put = (labels: Labels, t: number, v: number | string) => {
    lines.push(`${JSON.stringify(labelsRecord(labels))} ${t} ${v}`);
    return 'ok' as const;
  };
  const appender = {
    append: put,
    appendStale: (labels: Labels, t: number) => put(labels, t, 'ends'),
    commit: async () => undefined,
  } as unknown as Appender;
  const { signal } = new AbortController();
  const asking = askEngine(runner, signal);
  let asked = 0;
  const deps: GroupDeps = {
    storage: { appender: () => appender } as unknown as Storage,
    queryable: db,
    clock: { now: () => 0, sleepUntil: async () => undefined },
    log: silentLog,
    surroundings: {
      ask: (...question) => {
        asked++;
        return asking(...question);
      },
      keep: isKept ? keepQueries(runner, signal) : undefined,
      externalLabels: [],
      externalUrl: 'http://h/',
      onTemplateFault: () => undefined,
    },
    restoreTimes: { outageToleranceMs: 0, gracePeriodMs: 0 },
    resendDelayMs: 0,
    concurrency: undefined,
    notify: (_, alerts) =>
      lines.push(...alerts.map(({ labels, annotations, state }) => JSON.stringify([labels, annotations, state]))),
  };
  const [spec] = parseRuleFile(RULES, 'r.yml');
  const group = new RuleGroup(spec, { intervalMs: STEP, queryOffsetMs: spec.queryOffsetMs ?? 0 }, deps);
  return {
    async evaluate(t: number) {
      lines.length = 0;
      await group.evaluate(t);
      const { samples, failures, evaluations } = group.counts;
      const told = group.rules.map(({ state }) => [state.health, state.lastError]);
      return { lines: lines.sort(), samples, failures, evaluations, told };
    },
    get asked() {
      return asked;
    },
  };
}

/** Counters of both kinds; those of a kind that is not wanted are away. */
async function scrape(t: number, values: readonly (number | undefined)[]): Promise<void> {
  const group = db.group('t');
  const row = new Float64Array(values.length);
  fillGaps(row);
  values.forEach((v, n) => {
    group.column(labelsOf({ __name__: 'x_total', n: String(n), kind: String(n % 2) }));
    if (v !== undefined) row[n] = v;
  });
  const appender = db.appender();
  appender.appendRow(group, t, row);
  await appender.commit();
}

test('rules that are kept do what rules do that are not', async () => {
  const [kept, plain] = [groupOf(true), groupOf(false)];
  let failures = 0;
  for (let i = 0; i < 60; i++) {
    const t = START + i * STEP;
    const isAway = i >= 20 && i < 45;
    const more = i >= 50 ? [5, i] : [];
    await scrape(t, [i, isAway ? undefined : 2 * i, i < 10 ? 1 : i % 7, ...more]);
    const [a, b] = [await kept.evaluate(t + 6_000), await plain.evaluate(t + 6_000)];
    expect({ i, ...a }).toEqual({ i, ...b });
    failures = a.failures;
    if (i === 30) await db.flush();
    if (i === 40) await db.deleteSeries([[{ name: 'n', op: '=', value: '2' }]], { minTime: t - STEP, maxTime: t });
  }
  // Over the limit, and equal label sets.
  expect(failures).toBeGreaterThan(10);
  // Asked are what templates ask, the rule of a scalar, and all while blocks or deleted samples are in the windows: a half of this.
  expect(kept.asked).toBeLessThan(0.7 * plain.asked);
});
