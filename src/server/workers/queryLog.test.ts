import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { MemoryQueryable } from '../../../tests/support/memoryQueryable.ts';
import { labelsOf } from '../../shared/model/labels.ts';
import { DEFAULT_LIMITS } from '../promql/engine.ts';
import { createQueryLog } from './queryLog.ts';
import { createQueryRunner } from './queryRunner.ts';

interface Entry {
  readonly msg: string;
  readonly params: unknown;
  readonly error?: string;
  readonly stats: { readonly timings: Record<string, number>; readonly samples: Record<string, number> };
  readonly httpRequest?: unknown;
}

describe('the query log', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'query-log-'));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const linesOf = (file: string) =>
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);

  test('has a line for each query that ended, whoever asked and wherever it ran', async () => {
    const file = path.join(folder, 'queries.log');
    const log = createQueryLog(() => undefined);
    log.use(file);
    const samples = Array.from({ length: 50 }, (_, i) => [i * 15_000, i] as const);
    const queryable = new MemoryQueryable([{ labels: labelsOf({ __name__: 'x', a: 'b' }), samples, group: 'g' }]);
    for (const workers of [0, 1]) {
      const runner = createQueryRunner({
        queryable,
        workers,
        limits: DEFAULT_LIMITS,
        inlineWorkMax: -1,
        queryLog: log,
      });
      const httpRequest = { clientIP: '127.0.0.1', method: 'GET', path: '/api/v1/query_range' };
      const range = { start: 0, end: 60_000, stepMs: 15_500 };
      const pieces = await runner.answer({ expr: 'x', ...range, origin: { httpRequest } }, { limit: 9, stats: false });
      for await (const piece of pieces) expect(piece.length).toBeGreaterThan(0);
      await expect(
        runner.query({ expr: 'x + on (c) group_left () x * on () (x or x)', ...range, maxSamples: 1 }),
      ).rejects.toThrow();
      await expect(runner.query({ expr: 'x +', ...range })).rejects.toThrow();
      await runner.close();
      const [answered, refused, ...others] = linesOf(file).slice(-2);
      expect(others).toEqual([]);
      expect(answered).toMatchObject({
        msg: 'promql query logged',
        params: { query: 'x', start: '1970-01-01T00:00:00.000Z', end: '1970-01-01T00:01:00.000Z', step: 15 },
        httpRequest,
        stats: { timings: { execTotalTime: expect.any(Number) as number }, samples: { samplesRead: 4 } },
      });
      expect(answered.error).toBeUndefined();
      expect(refused.error).toContain('--query.max-samples');
    }
    expect(linesOf(file)).toHaveLength(4);
    log.close();
  });

  test('begins a new file where the old one was moved away, and stays where a new one cannot be opened', () => {
    const file = path.join(folder, 'moved.log');
    const log = createQueryLog(() => undefined);
    const one = { request: { expr: '1', start: 0, end: 0, stepMs: 0 }, stats: undefined, totalMs: 1 };
    log.use(file);
    log.write(one);
    fs.renameSync(file, `${file}.1`);
    log.use(file);
    log.write(one);
    expect(() => log.use(path.join(folder, 'none', 'q.log'))).toThrow(/global\.query_log_file: cannot open/);
    log.write(one);
    expect([linesOf(`${file}.1`).length, linesOf(file).length]).toEqual([1, 2]);
    log.use(undefined);
    expect(log.isOn).toBe(false);
    log.write(one);
    log.close();
    expect(linesOf(file)).toHaveLength(2);
  });
});
