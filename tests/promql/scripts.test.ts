import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatLabels } from '../../src/shared/model/labels.ts';
import { createEngine, DEFAULT_LIMITS, type EngineLimits } from '../../src/server/promql/engine.ts';
import type { QueryEngine, QueryResult } from '../../src/server/storage/engine.ts';
import { createQueryRunner, type QueryRunner } from '../../src/server/workers/queryRunner.ts';
import { MemoryQueryable } from '../support/memoryQueryable.ts';
import { readScript, type Question } from './script.ts';

const FOLDER = join(__dirname, 'scripts');
const LIMITS: EngineLimits = { ...DEFAULT_LIMITS, experimental: true };

/** What came out, in the words of the script: `{a="b"} = 1 2 _`. */
function answerLines(result: QueryResult): string[] {
  const { value } = result;
  switch (value.kind) {
    case 'string':
      return [`text = ${JSON.stringify(value.text)}`];
    case 'raw':
      return value.series.map((s) => `${formatLabels(s.labels)} = ${[...s.values].map(rounded).join(' ')}`);
    case 'scalar':
      return [`scalar = ${rounded(value.matrix.values[0])}`];
    default: {
      const { matrix, grid } = value;
      return matrix.labels.map((labels, s) => {
        const values = Array.from({ length: grid.count }, (_, i) => {
          const isPresent = (matrix.present[s * matrix.presentStride + (i >> 3)] & (1 << (i & 7))) !== 0;
          return isPresent ? rounded(matrix.values[s * grid.count + i]) : '_';
        });
        return `${formatLabels(labels)} = ${values.join(' ')}`;
      });
    }
  }
}

/** Eleven digits: hand-computed answers need not end in the same bits. */
const rounded = (v: number) => String(Number(v.toPrecision(11)) || v);

function expectedLines({ expected }: Question): string[] {
  if (expected.text !== undefined) return [`text = ${JSON.stringify(expected.text)}`];
  if (expected.scalar !== undefined) return [`scalar = ${expected.scalar.map(rounded).join(' ')}`];
  return expected.series.map(
    ({ labels, values }) =>
      `${formatLabels(labels)} = ${values.map((v) => (v === undefined ? '_' : rounded(v))).join(' ')}`,
  );
}

async function check(question: Question, engine: QueryEngine): Promise<void> {
  const { expr, start, end, stepMs, expected } = question;
  const asked = engine.query({ expr, start, end, stepMs });
  if (expected.refused !== undefined) return expect(asked).rejects.toThrow(expected.refused);
  const result = await asked;
  const [got, wanted] = [answerLines(result), expectedLines(question)];
  expect(expected.inOrder ? got : got.sort()).toEqual(expected.inOrder ? wanted : wanted.sort());
  expect(result.warnings).toEqual(expected.warnings.map((words) => expect.stringContaining(words)));
  expect(result.infos).toEqual(expected.infos.map((words) => expect.stringContaining(words)));
}

for (const file of readdirSync(FOLDER)) {
  const questions = readScript(readFileSync(join(FOLDER, file), 'utf8'));
  describe(file, () => {
    test.each(questions.map((q) => [`${q.line}: ${q.expr}`, q] as const))('%s', (_name, question) =>
      check(question, createEngine(new MemoryQueryable(question.data), LIMITS)),
    );
    test('and all of them on a worker', async () => {
      const runners = new Map<Question['data'], QueryRunner>();
      for (const question of questions) {
        const { data } = question;
        const runner =
          runners.get(data) ??
          createQueryRunner({ queryable: new MemoryQueryable(data), workers: 1, limits: LIMITS, inlineWorkMax: -1 });
        runners.set(data, runner);
        await check(question, runner);
      }
      await Promise.all([...runners.values()].map((runner) => runner.close()));
    });
  });
}
