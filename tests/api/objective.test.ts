/** What the panel gives as an objective is what the rules are made from. */
import { objectiveOf } from '../../src/panel/source/objective.ts';
import { parseSloFile } from '../../src/server/rules/slo/sloFile.ts';
import { sloRulesText } from '../../src/server/rules/slo/sloRules.ts';

test('a box becomes an objective, and that becomes rules', () => {
  const expr = 'sum by (le, model) (rate(predict_latency_seconds_bucket{job="a \\"b\\""}[5m]))';
  const text = objectiveOf(expr, { lower: 0.25, upper: 1 }, 0.007)!;
  const [slo] = parseSloFile(text, 'slo.yml');
  expect(slo).toMatchObject({ name: 'predict latency under 250ms', objective: 99, by: ['model'] });
  expect(slo.parts).toMatchObject([{ kind: 'latency', underMs: 250 }]);
  const rules = sloRulesText([slo]);
  expect(rules).toContain('predict_latency_seconds_bucket');
  expect(rules).toContain('ErrorBudgetBurns');
});

test.each([
  ['of nothing but the top', 'sum by (le) (rate(x_seconds_bucket[5m]))', { lower: -Infinity, upper: Infinity }],
  ['of bytes', 'sum by (le) (rate(x_bytes_bucket[5m]))', { lower: 1, upper: 2 }],
  ['under no whole millisecond', 'sum by (le) (rate(x_seconds_bucket[5m]))', { lower: 0.0005, upper: 1 }],
  ['of no histogram', 'sum(rate(x_total[5m]))', { lower: 1, upper: 2 }],
])('there is none %s', (_, expr, box) => expect(objectiveOf(expr, box, 0.1)).toBeUndefined());
