/**
 * Asks ours and a Prometheus the same random questions over the same samples, and prints where the answers differ, shrunk.
 *
 *   npm run compare -- [--count=10000] [--seed=1] [--begin=1800000000] [--intervals=120] [--features=a,b] [--expr='rate(x[5m])'] [--syntax]
 *
 * The samples end half an hour ago, or begin at the given time in seconds: an earlier run prints its own, by which it can be asked again. Of each
 * series there are as many intervals of a quarter of a minute.
 * With --syntax the questions are damaged, and what is compared is how they are read: as trees, in print, or not at all.
 * The Prometheus is the one on PATH, or ISOTHERM_PROMETHEUS. Ends with 1 if an answer differs and it is not known why.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inTempFolder } from '../bench/harness/leftovers.ts';
import { findPeer, type Peer } from '../bench/harness/peers.ts';
import { startServer, type Server } from '../bench/harness/server.ts';
import { seededRandom } from '../tests/support/promqlExpressions.ts';
import { writeByTime } from '../tests/support/remoteWritten.ts';
import { ask, differenceOf, type Question } from './compare/answers.ts';
import { comparedSeries } from './compare/data.ts';
import { ExpressionGenerator } from './compare/expressions.ts';
import { changedSince, explanationOf, isSkipped } from './compare/known.ts';
import { shrunk } from './compare/shrink.ts';
import { compareSyntax, mutated } from './compare/syntax.ts';

const FEATURES = 'promql-experimental-functions,promql-extended-range-selectors,promql-binop-fill-modifiers';
const ISOTHERM = join(import.meta.dirname, '..', 'bin', 'isotherm');
/** Times that are asked at, besides ranges. */
const INSTANTS = 9;
/** Expressions that are what dashboards ask for. */
const PANELS_SHARE = 0.35;
/** Ranges of which ours is asked for an earlier one first: what it keeps of that is continued. */
const CONTINUED_SHARE = 0.3;
/** Questions asked at a time. */
const AT_ONCE = 8;
/** How often a Prometheus that answers otherwise is asked again. */
const ASKED_AGAIN = 30;
/** Differences that are shrunk and printed. */
const PRINTED_MAX = 25;

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    intervals: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
    begin: { type: 'string' },
    features: { type: 'string', default: FEATURES },
    expr: { type: 'string', multiple: true },
    syntax: { type: 'boolean', default: false },
  },
});

/** Half an hour after the last sample is now, unless it is told. */
const beginSeconds = Number(
  options.begin ?? Math.floor(Date.now() / 60_000) * 60 - 1_800 - 15 * Number(options.intervals),
);

function start(command: string, folder: string, isOurs: boolean): Promise<Server> {
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, 'global: {}\n');
  return startServer(command, '/-/ready', (address) => [
    ...(isOurs ? ['serve'] : []),
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, isOurs ? 'ours' : 'theirs')}`,
    `--web.listen-address=${address}`,
    '--web.enable-remote-write-receiver',
    `--enable-feature=${options.features}${isOurs ? '' : ',native-histograms'}`,
    // It has series of blocks in another order than those of its head.
    ...(isOurs ? [] : ['--storage.tsdb.min-block-duration=10d']),
  ]);
}

/** Over most of the samples, with narrow steps and wide ones, and beyond both ends; and one with a single step. */
function rangesOf(start: number, lengthMs: number): Omit<Question, 'expr'>[] {
  const range = (from: number, to: number, stepMs: number) => ({ start: start + from, end: start + to, stepMs });
  return [
    range(300_000, lengthMs - 100_000, 41_000),
    range(300_000, lengthMs - 100_000, 41_000),
    range(-60_000, lengthMs + 400_000, 60_000),
    range(lengthMs / 2, lengthMs / 2 + 600_000, 7_000),
    range(0, lengthMs, 15_000),
    range(600_000, lengthMs, 420_000),
    range(lengthMs / 2, lengthMs / 2 + 30_000, 60_000),
  ];
}

async function compare(ours: Server, theirs: Server, peer: Peer, start: number): Promise<number> {
  const random = seededRandom(Number(options.seed));
  const generator = new ExpressionGenerator(random);
  if (options.syntax) {
    const count = options.expr?.length ?? Number(options.count);
    const expressionAt = (i: number) => options.expr?.[i] ?? mutated(generator.vector(2), random);
    return Math.min(1, await compareSyntax([ours.url, theirs.url], count, expressionAt));
  }
  const changed = changedSince(peer.name);
  const told = { asked: 0, refused: 0, empty: 0, skipped: 0, unsteady: 0, differing: 0 };
  const explained = new Map<string, number>();
  const compareOne = async (question: Question): Promise<string | undefined> => {
    const [mine, other] = await Promise.all([ask(ours.url, question), ask(theirs.url, question)]);
    told.refused += mine.status === 'error' ? 1 : 0;
    told.empty += mine.status === 'success' && mine.data.result.length === 0 ? 1 : 0;
    const isOrdered = /^(sort|topk|bottomk)/.test(question.expr) && question.stepMs === 0;
    const difference = differenceOf(mine, other, isOrdered);
    // Where upstream walks a map its answer may be another one the next time: then there is none to agree with.
    for (let again = 0; difference !== undefined && again < ASKED_AGAIN; again++) {
      if (differenceOf(await ask(theirs.url, question), other, isOrdered) === undefined) continue;
      told.unsteady++;
      return undefined;
    }
    return difference;
  };
  const lengthMs = 15_000 * Number(options.intervals);
  const ranges = rangesOf(start, lengthMs);
  const instants = Array.from({ length: INSTANTS }, (_, i) => ({
    start: start + lengthMs / 2 + Math.floor((i * lengthMs) / 30 / 60_000) * 60_000,
    end: 0,
    stepMs: 0,
  }));
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)];
  /** Given expressions are asked in all ways. */
  const given = options.expr?.flatMap((expr) => [...ranges, ...instants].map((at) => ({ expr, ...at })));
  const count = given?.length ?? Number(options.count);
  const questionAt = (i: number): Question => {
    if (given !== undefined) return given[i];
    const expr = random() < PANELS_SHARE ? generator.panel() : generator.vector();
    return { expr, ...pick(random() < 0.6 ? ranges : instants) };
  };
  const work = async (): Promise<void> => {
    while (told.asked < count) {
      const { expr, ...at } = questionAt(told.asked++);
      if (isSkipped(expr, changed)) {
        told.skipped++;
        continue;
      }
      const shiftMs = at.stepMs * (1 + Math.floor(random() * 9));
      if (at.stepMs > 0 && random() < CONTINUED_SHARE)
        await ask(ours.url, { expr, start: at.start - shiftMs, end: at.end - shiftMs, stepMs: at.stepMs });
      const difference = await compareOne({ expr, ...at });
      if (difference === undefined) continue;
      const differs = async (smaller: string) =>
        !isSkipped(smaller, changed) && (await compareOne({ expr: smaller, ...at })) !== undefined;
      const smallest = await shrunk(expr, differs);
      const shown = (await compareOne({ expr: smallest, ...at })) ?? difference;
      const explanation = explanationOf({ expr: smallest, ...at }, shown);
      if (explanation !== undefined) {
        explained.set(explanation, (explained.get(explanation) ?? 0) + 1);
        continue;
      }
      told.differing++;
      if (told.differing > PRINTED_MAX) continue;
      console.log(
        `${at.stepMs > 0 ? `+${(at.start - start) / 1000}s to +${(at.end - start) / 1000}s by ${at.stepMs / 1000}s` : `at +${(at.start - start) / 1000}s`}: ${smallest}\n  ${shown}\n`,
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const known = [...changed.map(([what]) => what)];
  console.log(
    `${told.asked} expressions beside ${peer.name} (--seed=${options.seed} --begin=${beginSeconds}): ${told.differing} differ, ` +
      `${told.skipped} left out; ${told.refused} answers were refusals, ${told.empty} were empty, ${told.unsteady} questions the peer answers in more than one way`,
  );
  for (const [what, count] of explained) console.log(`${count} explained: ${what}`);
  if (known.length > 0) console.log(`left out, as they changed since:\n  ${known.join('\n  ')}`);
  return told.differing === 0 ? 0 : 1;
}

const peer = findPeer('prometheus');
if (typeof peer === 'string') {
  console.error(`nothing to compare with: ${peer}`);
  process.exit(2);
}
await inTempFolder(async (folder) => {
  const begin = beginSeconds * 1000;
  const series = comparedSeries(Number(options.seed), begin, Number(options.intervals));
  const [ours, theirs] = await Promise.all([start(ISOTHERM, folder, true), start(peer.command, folder, false)]);
  try {
    // The same requests to both: series are known in the same order then, in which equal ones are ranked.
    for (const { url } of [ours, theirs]) await writeByTime(url, series);
    process.exitCode = await compare(ours, theirs, peer, begin);
  } finally {
    await Promise.all([ours.stop(), theirs.stop()]);
  }
});
