/** `isotherm backtest FILE…`: when the rules of files would have fired, by the history of a data folder or of a server. */
import { parseArgs } from 'node:util';
import { formatDuration, parseDuration } from '../../../shared/model/durations.ts';
import { ALL_SYNTAX } from '../../../shared/promql/features.ts';
import { ConfigError } from '../../config/configError.ts';
import { EngineApi } from '../../fleet/engineApi.ts';
import { engineAddress } from '../../fleet/engineFile.ts';
import { createRemoteEngine } from '../../fleet/remoteEngine.ts';
import { RemoteQueryable } from '../../fleet/remoteQueryable.ts';
import { createEngine, DEFAULT_LIMITS } from '../../promql/engine.ts';
import { backtest, BacktestTooLong, type BacktestedRule, type BacktestParts } from '../../rules/backtest/backtest.ts';
import { loadRuleFiles } from '../../rules/ruleFile.ts';
import type { QueryEngine } from '../../storage/engine.ts';
import type { Queryable } from '../../storage/queryable.ts';
import { systemClock } from '../../telemetry/clock.ts';
import { FLAGS } from '../flagTable.ts';
import { UsageError } from '../parseFlags.ts';
import { timeOf } from '../timeOf.ts';
import { withStore } from '../tsdb/openStore.ts';
import { usageOf } from '../usages.ts';
import { reportLines } from './report.ts';

const STORE = 'storage.tsdb.path';
const OPTIONS = {
  from: { type: 'string' },
  [STORE]: { type: 'string' },
  start: { type: 'string' },
  end: { type: 'string' },
  interval: { type: 'string' },
  json: { type: 'boolean' },
} as const;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Spans printed of one rule. */
const SPANS_MAX = 1_000;

/** Gives the exit code: 0, or 1 where a file is wrong or a rule failed. @throws UsageError */
export async function runBacktest(args: readonly string[]): Promise<number> {
  const { files, from, folder, json, ...range } = read(args);
  try {
    const groups = loadRuleFiles(files, { promql: ALL_SYNTAX });
    const request = { groups, ...range, spansMax: SPANS_MAX };
    const rules =
      from === undefined
        ? await withStore(folder, (store) => backtest(request, partsOver(store)))
        : await askedFrom(from, (parts) => backtest(request, parts));
    process.stdout.write(
      json ? `${JSON.stringify(rules.map(plain), null, 2)}\n` : `${reportLines(rules, range).join('\n')}\n`,
    );
    return rules.some(({ failures }) => failures > 0) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof BacktestTooLong)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

function read(args: readonly string[]) {
  const usage = (why: string): never => {
    throw new UsageError(`${why}; write: ${usageOf('backtest')}`);
  };
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    } catch (error) {
      return usage((error as Error).message.split('. ', 1)[0]);
    }
  })();
  const { values, positionals: files } = parsed;
  if (files.length === 0) usage('which rules? a file is missing');
  const { from, [STORE]: folder = FLAGS[STORE].default } = values;
  if (from !== undefined && values[STORE] !== undefined) usage('--from and --storage.tsdb.path are two histories');
  if (from !== undefined && !/^https?:\/\/./.test(from)) usage(`--from=${from} is no URL such as http://host:9090`);
  const end = timeOf('end', values.end, Date.now());
  const start = timeOf('start', values.start, end - DAY_MS);
  if (end < start) usage('--end is before --start');
  return { files, from, folder, start, end, intervalMs: intervalOf(values.interval), json: values.json === true };
}

function intervalOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseDuration(text);
  } catch (error) {
    throw new UsageError(`--interval=${text}: ${(error as Error).message}`);
  }
}

const SURROUNDINGS = { externalLabels: [], externalUrl: '', intervalMs: MINUTE_MS, queryOffsetMs: 0 };

function partsOver(queryable: Queryable, engine?: QueryEngine): BacktestParts {
  const engineOver = (store: Queryable) => createEngine(store, { ...DEFAULT_LIMITS, ...ALL_SYNTAX });
  return { ...SURROUNDINGS, queryable, engine: engine ?? engineOver(queryable), engineOver };
}

/** A server evaluates by itself; where an expression reads what the files record, the server's samples are asked for and it is evaluated here. */
async function askedFrom<T>(url: string, work: (parts: BacktestParts) => Promise<T>): Promise<T> {
  const api = new EngineApi(engineAddress(url));
  try {
    return await work(partsOver(new RemoteQueryable(api, systemClock), createRemoteEngine(api, ALL_SYNTAX)));
  } finally {
    await api.close();
  }
}

function plain({ group, rule, spans, ...rest }: BacktestedRule): unknown {
  const { name, kind } = rule.spec;
  const told = spans.map(({ labels, annotations, ...span }) => ({
    labels: Object.fromEntries(labels),
    annotations: Object.fromEntries(annotations),
    ...span,
  }));
  return {
    group: group.name,
    file: group.file,
    name,
    kind,
    query: rule.query,
    interval: formatDuration(rest.intervalMs),
    ...rest,
    spans: told,
  };
}
