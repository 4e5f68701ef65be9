/** Large answers of /api/v1/query_range as columns, for who takes them; evaluated on a thread and here. */
import { MATRIX_TYPE, readMatrix } from '../../src/shared/api/matrixColumns.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import { createQueryRunner } from '../../src/server/workers/queryRunner.ts';
import { FakeRooms, fakeServer } from '../support/fakeRooms.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';

const queryable = new MemoryQueryable(
  Array.from({ length: 20 }, (_, i) => ({
    labels: labelsOf({ __name__: 'x', i: String(i) }),
    samples: Array.from({ length: 100 }, (_, t): [number, number] => [t * 60_000, i + t / 7]),
  })),
);
const runners = [0, 1].map((workers) =>
  createQueryRunner({ queryable, workers, limits: DEFAULT_LIMITS, inlineWorkMax: -1 }),
);
afterAll(() => Promise.all(runners.map((runner) => runner.close())));

const LARGE = '/api/v1/query_range?query=x&start=0&end=5990&step=1';
const SMALL = '/api/v1/query_range?query=x&start=0&end=5990&step=60';

describe.each([
  ['in the main thread', 0],
  ['on a worker', 1],
])('evaluated %s', (_, k) => {
  const { server } = fakeServer({}, { rooms: () => ({ ...new FakeRooms().rooms(), queryable, engine: runners[k] }) });
  const get = (url: string, accept?: string) =>
    server.inject({ method: 'GET', url, headers: accept === undefined ? {} : { accept } });

  test('a large answer is columns where they are taken, with the samples of the JSON', async () => {
    const [columns, json] = await Promise.all([get(LARGE, `${MATRIX_TYPE}, application/json`), get(LARGE)]);
    expect(columns.headers).toMatchObject({ 'content-type': MATRIX_TYPE, vary: 'Origin, Accept, Accept-Encoding' });
    expect(json.headers).toMatchObject({ 'content-type': 'application/json', vary: 'Origin, Accept-Encoding' });
    const { head, values } = readMatrix(columns.rawPayload, (bytes) => Buffer.from(bytes).toString());
    const { result } = json.json().data;
    expect(head).toMatchObject({ start: 0, step: 1000, steps: 5991 });
    expect(head.rows.map(({ metric }) => metric)).toEqual(result.map(({ metric }: { metric: object }) => metric));
    expect(Array.from(values, String)).toEqual(
      result.flatMap((row: { values: [number, string][] }) => row.values.map(([, v]) => v)),
    );
  });

  test('a small answer stays JSON, and so does a refusal', async () => {
    const [small, refused] = await Promise.all([
      get(SMALL, MATRIX_TYPE),
      get(LARGE.replace('query=x', 'query=x['), MATRIX_TYPE),
    ]);
    expect(small.headers).toMatchObject({
      'content-type': 'application/json',
      vary: 'Origin, Accept, Accept-Encoding',
    });
    expect(small.json().data.result).toHaveLength(20);
    expect([refused.statusCode, refused.json().status]).toEqual([400, 'error']);
  });

  test('a client that goes away in the middle leaves nothing running', async () => {
    const asked = await runners[k].answer(
      { expr: 'x', start: 0, end: 5_990_000, stepMs: 1000 },
      { limit: Infinity, stats: false, columns: true },
    );
    for await (const piece of asked) {
      expect(piece[0]).toBe(1);
      break;
    }
    expect(runners[k].running).toBe(0);
  });
});
