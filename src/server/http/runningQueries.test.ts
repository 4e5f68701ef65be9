import fc from 'fast-check';
import { RunningQueries } from './runningQueries.ts';

const DAY_MS = 86_400_000;
const KEPT = 50;

afterEach(() => jest.restoreAllMocks());

const request = (expr: string) => ({ expr, start: 0, end: 0, stepMs: 0 });

test('the slowest of the last day are kept', async () => {
  const ended = fc.record({ laterMs: fc.nat(DAY_MS / 20), durationMs: fc.nat(20) });
  await fc.assert(
    fc.asyncProperty(fc.array(ended, { minLength: 40, maxLength: 120 }), async (all) => {
      const queries = new RunningQueries();
      let [now, clock] = [0, 0];
      jest.spyOn(Date, 'now').mockImplementation(() => now);
      jest.spyOn(performance, 'now').mockImplementation(() => clock);
      let wanted: { readonly expr: string; readonly startedAt: number; readonly durationMs: number }[] = [];
      for (const [i, { laterMs, durationMs }] of all.entries()) {
        now += laterMs;
        await queries.run(request(`${i}`), new AbortController(), '', async () => void (clock += durationMs));
        const recent = wanted.filter(({ startedAt }) => startedAt > now - DAY_MS);
        recent.push({ expr: `${i}`, startedAt: now, durationMs });
        wanted = recent.sort((a, b) => b.durationMs - a.durationMs).slice(0, KEPT);
        expect(queries.slow(now)).toMatchObject(wanted);
      }
    }),
    { numRuns: 20 },
  );
});

test('a query that an operator cancels says so, however often it is cancelled', async () => {
  const queries = new RunningQueries();
  const gone = new AbortController();
  const work = () => new Promise((_, reject) => gone.signal.addEventListener('abort', () => reject(new Error('gone'))));
  const ran = queries.run(request('x'), gone, '', work);
  const { id } = queries.active()[0];
  expect([queries.cancel(id), queries.cancel(id), queries.cancel('none')]).toEqual([true, true, false]);
  await expect(ran).rejects.toThrow('the query was cancelled by an operator');
  expect(queries.active()).toEqual([]);
  expect(queries.slow(0)).toMatchObject([{ id, error: 'the query was cancelled by an operator' }]);
});
