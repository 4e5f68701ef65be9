/** Parts that an expression has several times are evaluated once, and the answer is the same. */
import { MemoryQueryable } from '../../../tests/support/memoryQueryable.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { Budget } from './budget.ts';
import { DEFAULT_LIMITS, evaluatePrepared, openColumns, prepareQuery } from './engine.ts';

const series = ['a', 'b'].map((k, n) => ({
  labels: labelsOf({ __name__: 'x_total', k }),
  samples: Array.from({ length: 60 }, (_, i) => [i * 15_000, i * (n + 1)] as const),
}));

/** @param isOnce parts are held as in any query; an explained one evaluates each. */
async function ask(expr: string, isOnce: boolean) {
  const request = { expr, start: 300_000, end: 900_000, stepMs: 60_000, explain: !isOnce };
  const prepared = prepareQuery(request, DEFAULT_LIMITS);
  let reads = 0;
  const selected = [];
  for (const spec of prepared.plan.selects) {
    const groups = (await new MemoryQueryable(series).select(spec)).map(openColumns);
    selected.push(
      groups.map((group) => ({ ...group, read: (s: number, out: Float64Array) => (reads++, group.read(s, out)) })),
    );
  }
  const budget = new Budget({ timeoutMs: 60_000, maxSamples: 1e6 });
  const { value, warnings, infos } = await evaluatePrepared(prepared, selected, budget, 0);
  return { answer: { value, warnings, infos }, reads };
}

test.each([
  ['sum by (k) (rate(x_total[5m])) / (sum by (k) (rate(x_total[5m])) + sum by (k) (rate(x_total[5m])))', 1 / 3],
  ['(sum(rate(x_total[5m]))) - sum(rate(x_total[5m]))', 1 / 2],
  ['histogram_quantile(0.5, sum by (k) (x_total)) or histogram_quantile(0.9, sum by (k) (x_total))', undefined],
  ['max_over_time(sum(x_total)[5m:1m]) + max_over_time(sum(x_total)[5m:1m])', 1 / 2],
  ['sum(x_total) + sum(x_total offset 1m)', 1],
])('%s', async (expr, share) => {
  const [once, each] = [await ask(expr, true), await ask(expr, false)];
  expect(once.answer).toEqual(each.answer);
  if (share !== undefined) expect(once.reads).toBe(each.reads * share);
});

test('what is told is told of every place', async () => {
  const expr = 'rate(x_total[5m:1m]) + rate(x_total[5m:1m]) + quantile(2, x_total) + quantile(2, x_total)';
  expect((await ask(expr, true)).answer).toEqual((await ask(expr, false)).answer);
});
