/** Native histograms answer alike inline and on a worker, at one step and at many. */
import fc from 'fast-check';
import { createEngine, DEFAULT_LIMITS, type EngineLimits } from '../../src/server/promql/engine.ts';
import type { QueryEngine, QueryRequest, QueryResult } from '../../src/server/storage/engine.ts';
import { createQueryRunner } from '../../src/server/workers/queryRunner.ts';
import { formatLabels } from '../../src/shared/model/labels.ts';
import { histogramExpression, histogramSeries } from '../support/histogramSeries.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';

const START = 1_700_000_000_000;
const LIMITS: EngineLimits = { ...DEFAULT_LIMITS, experimental: true };
const queryable = new MemoryQueryable(histogramSeries(3, START, 60));
const inline = createEngine(queryable, LIMITS);

async function answer(engine: QueryEngine, request: QueryRequest): Promise<unknown> {
  try {
    const { value, warnings, infos } = await engine.query(request);
    return { cells: cellsOf(value), warnings: [...warnings].sort(), infos: [...infos].sort() };
  } catch (fault) {
    return (fault as Error).message;
  }
}

function cellsOf(value: QueryResult['value']): Map<string, unknown> {
  if (value.kind !== 'matrix' && value.kind !== 'vector') throw new Error(`${value.kind} was not asked for`);
  const { matrix, grid } = value;
  const cells = new Map<string, unknown>();
  matrix.labels.forEach((labels, s) => {
    for (let i = 0; i < grid.count; i++) {
      if ((matrix.present[s * matrix.presentStride + (i >> 3)] & (1 << (i & 7))) === 0) continue;
      const at = s * grid.count + i;
      cells.set(
        `${formatLabels(labels)} ${grid.start + i * grid.stepMs}`,
        matrix.histograms?.get(at) ?? matrix.values[at],
      );
    }
  });
  return cells;
}

test('inline and on a worker', async () => {
  const runner = createQueryRunner({ queryable, workers: 1, limits: LIMITS, inlineWorkMax: -1 });
  await fc.assert(
    fc.asyncProperty(histogramExpression, async (expr) => {
      const request = { expr, start: START + 300_000, end: START + 700_000, stepMs: 41_000 };
      expect(await answer(runner, request)).toEqual(await answer(inline, request));
    }),
    { numRuns: 60 },
  );
  await runner.close();
});

test('at one step of a range and at that time alone', async () => {
  await fc.assert(
    fc.asyncProperty(histogramExpression, fc.integer({ min: 0, max: 9 }), async (expr, step) => {
      fc.pre(!/@|sort/.test(expr));
      const range = await answer(inline, { expr, start: START + 300_000, end: START + 669_000, stepMs: 41_000 });
      const time = START + 300_000 + step * 41_000;
      const instant = await answer(inline, { expr, start: time, end: time, stepMs: 0 });
      // Matching may be refused at other steps of the range.
      fc.pre(typeof range === 'object' && typeof instant === 'object');
      const cells = (range as { cells: Map<string, unknown> }).cells;
      const there = new Map([...cells].filter(([key]) => key.endsWith(` ${time}`)));
      expect((instant as { cells: Map<string, unknown> }).cells).toEqual(there);
    }),
    { numRuns: 100 },
  );
});
