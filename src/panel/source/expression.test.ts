/** What can be asked beside the panel's own query. */
import type { DataFrame } from '@grafana/data';
import { parseExpr } from '../../shared/promql/parser.ts';
import { versionsExpr } from '../../shared/explain/counters.ts';
import { alertRule, allBuckets, executedExpr, refinedExpr, resetsExpr } from './expression.ts';

const frame = (executedQueryString?: string): DataFrame =>
  ({ fields: [], length: 0, meta: { executedQueryString } }) as unknown as DataFrame;
const SUM = 'sum by (le) (rate(x_seconds_bucket{job="a"}[5m]))';

const told = (text: string | undefined, expr: string | undefined) =>
  test(`${JSON.stringify(text)} tells ${expr ?? 'nothing'}`, () => expect(executedExpr(frame(text))).toBe(expr));
told(`Expr: ${SUM}\nStep: 15s`, SUM);
told(`Expr: sum by (le) (\n  rate(x_bucket[5m])\n)\nStep: 1m`, 'sum by (le) (\n  rate(x_bucket[5m])\n)');
told(SUM, SUM);
told('SELECT * FROM requests WHERE slow', undefined);
told('', undefined);
told(undefined, undefined);

test('an expression is narrowed and split, step by step', () => {
  const conditions = [{ label: 'version', op: '=', value: 'v2' }] as const;
  expect(refinedExpr(SUM, { conditions, splits: ['instance'] })).toBe(
    'sum by (le, instance) (rate(x_seconds_bucket{job="a",version="v2"}[5m]))',
  );
  expect(refinedExpr('not promql (', { conditions, splits: [] })).toBeUndefined();
});

test('hostile label values stay one string', () => {
  const value = '"} or vector(1) #\n';
  const refined = refinedExpr(SUM, { conditions: [{ label: 'version', op: '=', value }], splits: [] })!;
  expect(refined).toContain(String.raw`version="\"} or vector(1) #\n"`);
  expect(parseExpr(refined, {}).kind).toBe('aggregation');
});

test('all series of the histogram are asked for in steps of the map', () => {
  expect(allBuckets(SUM, 30_000)).toBe('increase(x_seconds_bucket{job="a"}[30000ms])');
  expect(parseExpr(allBuckets(SUM, 30_000), {}).kind).toBe('call');
  expect(() => allBuckets('up', 30_000)).toThrow(/names no buckets/);
});

describe('an alert rule', () => {
  const expressionOf = (rule: string): string => /expr: \|\n([\s\S]*?)\n {8}for:/.exec(rule)![1];

  test('fires on the share over the box’s lower bound, for the labels that the map keeps', () => {
    const rule = alertRule('sum by (le, model) (rate(x_seconds_bucket[5m]))', { lower: 0.25, upper: 1 }, 0.1)!;
    expect(rule).toContain('alert: XSlow');
    expect(expressionOf(rule).replace(/\s+/g, ' ').trim()).toBe(
      '1 - sum by (model) (rate(x_seconds_bucket{le="0.25"}[5m])) / sum by (model) (rate(x_seconds_count[5m])) > 0.05',
    );
    expect(parseExpr(expressionOf(rule), {}).kind).toBe('binary');
  });

  test('of a native histogram asks for its fraction', () => {
    const rule = alertRule('sum(rate(x_seconds{job="a"}[5m]))', { lower: 0, upper: 0.5 }, 0)!;
    expect(expressionOf(rule)).toContain('1 - histogram_fraction(-Inf, 0.5, sum(rate(x_seconds{job="a"}[5m])))');
    expect(parseExpr(expressionOf(rule), {}).kind).toBe('binary');
  });

  test('is none without a bound or a histogram', () => {
    expect(alertRule('sum(rate(x[5m]))', { lower: -Infinity, upper: Infinity }, 0.5)).toBeUndefined();
    expect(alertRule('not promql (', { lower: 1, upper: 2 }, 0.5)).toBeUndefined();
  });
});

describe('what happened meanwhile', () => {
  const reads = (name: string, text: string | undefined, expr: string) =>
    test(name, () => {
      expect(text).toBe(expr);
      expect(parseExpr(text!, {}).kind).toMatch(/binary|aggregation/);
    });
  reads(
    'versions are those of the instances that serve the histogram',
    versionsExpr(SUM),
    'group by (version) ({__name__=~"(.+[_:])?build_info",version!=""} and on (job, instance) group by (job, instance) (x_seconds_count{job="a"}))',
  );
  reads(
    'resets are told by the labels of the maps',
    resetsExpr('sum by (le, model) (rate(x_seconds_bucket[5m]))', 15_000),
    'sum by (model) (resets(x_seconds_count[30000ms])) > 0',
  );
  reads(
    'by names that have to be quoted, too',
    resetsExpr('sum by (le, "model.name") (rate(x_seconds_bucket[5m]))', 15_000),
    'sum by ("model.name") (resets(x_seconds_count[30000ms])) > 0',
  );
  reads(
    'of a native histogram by itself',
    resetsExpr('sum by (model) (rate(x_seconds{job="a"}[5m]))', 15_000),
    'sum by (model) (resets(x_seconds{job="a"}[30000ms])) > 0',
  );
  reads(
    'of all series without a sum, whatever the instance',
    resetsExpr('rate(x_seconds_bucket[5m])', 1_000),
    'sum without (instance) (resets(x_seconds_count[2000ms])) > 0',
  );
  test('there is nothing to ask of other expressions', () => {
    expect([versionsExpr('1 + 1'), resetsExpr('up', 1_000), resetsExpr('SELECT 1', 1_000)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
