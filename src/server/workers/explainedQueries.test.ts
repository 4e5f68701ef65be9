import { MemoryQueryable } from '../../../tests/support/memoryQueryable.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { createQueryRunner } from './queryRunner.ts';
import { DEFAULT_LIMITS } from '../promql/engine.ts';

describe('a query that is explained', () => {
  const samples = Array.from({ length: 100 }, (_, i) => [i * 15_000, i] as const);
  const queryable = new MemoryQueryable(
    ['1', '2', '3'].map((le) => ({ labels: labelsOf({ __name__: 'x_bucket', le }), samples, group: 'g' })),
  );
  const request = { start: 600_000, end: 1_200_000, stepMs: 60_000, explain: true };

  test.each([0, 1])('tells of each node what it gave, with %d workers', async (workers) => {
    const runner = createQueryRunner({ queryable, workers, limits: DEFAULT_LIMITS, inlineWorkMax: -1 });
    const expr = 'sum(rate(x_bucket{le!="3"}[5m])) + scalar(sum(x_bucket @ 700))';
    const { plan } = await runner.query({ expr, ...request });
    await runner.close();
    const [sum, scalar] = plan!.children;
    expect(plan).toMatchObject({ expr, kind: 'binary', op: '+', steps: 11, series: 1, samples: 11, once: false });
    expect(sum).toMatchObject({ expr: 'sum(rate(x_bucket{le!="3"}[5m]))', op: 'sum', series: 1 });
    expect(sum.children[0]).toMatchObject({ op: 'rate', series: 2, samples: 22 });
    expect(sum.children[0].children[0]).toMatchObject({
      kind: 'range',
      series: 2,
      reads: { from: 300.001, to: 1_200 },
    });
    // Evaluated once, for all steps.
    expect(scalar).toMatchObject({ once: true, steps: 11 });
    expect(scalar.children[0]).toMatchObject({
      expr: 'sum(x_bucket @ 700)',
      once: true,
      steps: 1,
      series: 1,
      samples: 1,
    });
    expect(plan!.milliseconds).toBeGreaterThanOrEqual(sum.milliseconds);
  });

  test('has no tree where none was asked for', async () => {
    const runner = createQueryRunner({ queryable, workers: 0, limits: DEFAULT_LIMITS });
    expect((await runner.query({ expr: 'x_bucket', ...request, explain: false })).plan).toBeUndefined();
  });
});
