/** Every script's questions: of the engine in place, on a worker, over HTTP, over a store's head and over its blocks. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiAnswer, ApiQueryData } from '../../src/shared/api/prometheus.ts';
import { createEngine, DEFAULT_LIMITS, type EngineLimits } from '../../src/server/promql/engine.ts';
import type { QueryEngine } from '../../src/server/storage/engine.ts';
import type { Queryable } from '../../src/server/storage/queryable.ts';
import { openTsdb, type Tsdb } from '../../src/server/tsdb/db.ts';
import { createQueryRunner } from '../../src/server/workers/queryRunner.ts';
import { fakeServer } from '../support/fakeRooms.ts';
import { MemoryQueryable, type MemorySeries } from '../support/memoryQueryable.ts';
import { tempFolder } from '../support/sidecar.ts';
import { answerLines, apiAnswerLines, expectedLines } from './answerLines.ts';
import { readScript, type Question } from './script.ts';

const FOLDER = join(__dirname, 'scripts');
const CASES_MIN = 600;
const LIMITS: EngineLimits = {
  ...DEFAULT_LIMITS,
  experimental: true,
  extendedRanges: true,
  fill: true,
  startTimestamps: true,
};

interface Told {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

type Ask = (question: Question) => Promise<Told>;

const askEngine =
  (engine: QueryEngine): Ask =>
  async ({ expr, start, end, stepMs }) => {
    const { warnings, infos, ...result } = await engine.query({ expr, start, end, stepMs });
    return { lines: answerLines({ ...result, warnings, infos }), warnings, infos };
  };

async function check(question: Question, ask: Ask): Promise<void> {
  const { expected } = question;
  const asked = ask(question);
  if (expected.refused !== undefined) return expect(asked).rejects.toThrow(expected.refused);
  const { lines, warnings, infos } = await asked;
  const [got, wanted] = [[...lines], expectedLines(question)];
  expect(expected.inOrder ? got : got.sort()).toEqual(expected.inOrder ? wanted : wanted.sort());
  expect(warnings).toEqual(expected.warnings.map((words) => expect.stringContaining(words)));
  expect(infos).toEqual(expected.infos.map((words) => expect.stringContaining(words)));
}

/** Checks all questions, those over the same series together. */
async function checkAll(
  questions: readonly Question[],
  over: (data: Question['data'], work: (ask: Ask) => Promise<void>) => Promise<void>,
): Promise<void> {
  const byData = new Map<Question['data'], Question[]>();
  for (const question of questions) byData.set(question.data, [...(byData.get(question.data) ?? []), question]);
  for (const [data, group] of byData) {
    await over(data, async (ask) => {
      for (const question of group) {
        await check(question, ask).catch((cause: unknown) => {
          throw new Error(`line ${question.line}: ${question.expr}\n${(cause as Error).message}`, { cause });
        });
      }
    });
  }
}

async function append(db: Tsdb, data: readonly MemorySeries[]): Promise<void> {
  const times = [...new Set(data.flatMap(({ samples }) => samples.map(([t]) => t)))].sort((a, b) => a - b);
  for (const t of times) {
    const appender = db.appender();
    for (const { labels, samples } of data) {
      const v = samples.find(([at]) => at === t)?.[1];
      if (v === 'stale') appender.appendStale(labels, t);
      else if (typeof v === 'number') appender.append(labels, t, v);
      else if (v !== undefined) appender.appendHistogram(labels, t, v);
    }
    await appender.commit();
  }
}

async function overStore(data: readonly MemorySeries[], flush: boolean, work: (store: Queryable) => Promise<void>) {
  const path = tempFolder();
  const db = await openTsdb({ path, now: () => 0 });
  try {
    await append(db, data);
    if (flush) await db.flush();
    await work(db);
  } finally {
    await db.close();
    rmSync(path, { recursive: true, force: true });
  }
}

async function overHttp(data: readonly MemorySeries[], work: (ask: Ask) => Promise<void>): Promise<void> {
  const engine = createEngine(new MemoryQueryable(data), LIMITS);
  const { fake, server } = fakeServer();
  fake.answer = (request) => engine.query(request);
  await work(async (question) => {
    const { expr: query, start, end, stepMs } = question;
    const [from, to, step] = [start, end, stepMs].map((ms) => String(ms / 1000));
    const params = new URLSearchParams(
      stepMs === 0 ? { query, time: from } : { query, start: from, end: to, step },
    ).toString();
    const path = `/api/v1/query${stepMs === 0 ? '' : '_range'}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await server.inject({ method: 'POST', url: path, headers, payload: params });
    const answer = response.json<ApiAnswer<ApiQueryData>>();
    if (answer.status === 'error') throw new Error(answer.error);
    const { data: found, warnings = [], infos = [] } = answer;
    return { lines: apiAnswerLines(found, question), warnings, infos };
  });
  await server.close();
}

let cases = 0;
for (const file of readdirSync(FOLDER)) {
  const questions = readScript(readFileSync(join(FOLDER, file), 'utf8'));
  cases += questions.length;
  describe(file, () => {
    test.each(questions.map((q) => [`${q.line}: ${q.expr}`, q] as const))('%s', (_name, question) =>
      check(question, askEngine(createEngine(new MemoryQueryable(question.data), LIMITS))),
    );
    test(
      'and all of them on a worker',
      () =>
        checkAll(questions, async (data, work) => {
          const queryable = new MemoryQueryable(data);
          const runner = createQueryRunner({ queryable, workers: 1, limits: LIMITS, inlineWorkMax: -1 });
          await work(askEngine(runner));
          await runner.close();
        }),
      60_000,
    );
    test('and all of them over HTTP', () => checkAll(questions, overHttp), 60_000);
    test.each([
      ["a store's head", false],
      ['blocks', true],
    ])(
      'and all of them over %s',
      (_name, flush) =>
        checkAll(questions, (data, work) =>
          overStore(data, flush, (store) => work(askEngine(createEngine(store, LIMITS)))),
        ),
      60_000,
    );
  });
}

test(`there are ${CASES_MIN} questions or more`, () => {
  expect(cases).toBeGreaterThanOrEqual(CASES_MIN);
});
