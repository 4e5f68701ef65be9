import { parseExpr } from './parser.ts';
import { prettyExpr } from './pretty.ts';

const LONG = 'a_rather_long_metric_name_total{first="value one",fourth="4",second="value two",third="value three"}';

test.each([
  ['sum(up)', 'sum(up)'],
  ['+5', '5'],
  [`sum by (job) (rate(${LONG}[5m]))`, `sum by (job) (\n  rate(\n    ${LONG}[5m]\n  )\n)`],
  [`topk(5, ${LONG})`, `topk(\n  5,\n  ${LONG}\n)`],
  [`(${LONG}) / on (job) group_left b`, `  (\n    ${LONG}\n  )\n/ on (job) group_left ()\n  b`],
  [`-(${LONG} + bbbb)`, `-(\n    ${LONG}\n  +\n    bbbb\n)`],
  [`max_over_time(sum(${LONG})[1h:5m])`, `max_over_time(\n  sum(\n    ${LONG}\n  )[1h:5m]\n)`],
])('%s', (text, pretty) => {
  expect(prettyExpr(parseExpr(text))).toBe(pretty);
  expect(prettyExpr(parseExpr(pretty))).toBe(pretty);
});
