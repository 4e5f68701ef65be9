/** status/*: configuration, flags, build, runtime, store. */
import os from 'node:os';
import type { ApiBuildInfo } from '../../shared/api/prometheus.ts';
import type { ApiBlock } from '../../shared/api/status.ts';
import { compilePattern } from '../../shared/model/matchers.ts';
import { dataJson, listJson } from './answer.ts';
import { cardinality, countLabels, CARDINALITY_LIMIT_DEFAULT, CARDINALITY_LIMIT_MAX } from './cardinality.ts';
import { ApiError, invalidParameter } from './apiError.ts';
import { featureList } from './featureList.ts';
import { familyJson } from './familyJson.ts';
import { TIME_MAX, TIME_MIN, wholeNumberOf } from './params.ts';
import type { ApiCall, ApiRoute } from './route.ts';

function buildInfo({ deps: { build } }: ApiCall): Iterable<string> {
  return dataJson({
    version: build.apiVersion,
    revision: build.revision,
    branch: build.branch,
    buildUser: '',
    buildDate: '',
    goVersion: '',
    application: 'Isotherm',
    nodeVersion: build.nodeVersion,
  } satisfies ApiBuildInfo & Record<string, string>);
}

function runtimeInfo({ deps, rooms }: ApiCall): Iterable<string> {
  const runtime = deps.runtime();
  const { corruptions, refusal } = rooms.headStats();
  return dataJson({
    startTime: new Date(runtime.startedAt).toISOString(),
    CWD: process.cwd(),
    hostname: os.hostname(),
    serverTime: new Date(deps.clock.now()).toISOString(),
    reloadConfigSuccess: runtime.reloadSucceeded,
    lastConfigTime: new Date(runtime.lastConfigAt).toISOString(),
    corruptionCount: corruptions,
    goroutineCount: 0,
    GOMAXPROCS: os.availableParallelism(),
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: runtime.retention,
    ...(refusal !== undefined && {
      storageRefusal: { reason: refusal.message, since: new Date(refusal.since).toISOString() },
    }),
  });
}

async function tsdbStatus({ params, rooms }: ApiCall): Promise<Iterable<string>> {
  const text = params.text('limit');
  const limit = text === '' ? CARDINALITY_LIMIT_DEFAULT : wholeNumberOf(text);
  if (limit === undefined || limit < 1) throw invalidParameter('limit', 'limit must be a positive number');
  if (limit > CARDINALITY_LIMIT_MAX) throw invalidParameter('limit', `limit must not exceed ${CARDINALITY_LIMIT_MAX}`);
  const head = rooms.headStats();
  const { queryable } = rooms;
  const known =
    queryable.labelCounts?.() ?? countLabels(await queryable.series([], { minTime: TIME_MIN, maxTime: TIME_MAX }));
  const counts = cardinality(known, limit);
  return dataJson({
    headStats: {
      numSeries: head.series,
      numLabelPairs: counts.labelPairs,
      chunkCount: head.chunks,
      minTime: head.minTime ?? 0,
      maxTime: head.maxTime ?? 0,
    },
    storage: { logSegments: head.logSegments, logBytes: head.logBytes, blockBytes: head.blockBytes },
    seriesCountByMetricName: counts.seriesByMetric,
    labelValueCountByLabelName: counts.valuesByLabel,
    memoryInBytesByLabelName: counts.bytesByLabel,
    seriesCountByLabelValuePair: counts.seriesByPair,
  });
}

function blocks({ rooms }: ApiCall): Iterable<string> {
  return dataJson({
    blocks: rooms.admin
      .blocks()
      .map(({ number, replaces, minTime, maxTime, seriesCount, chunkCount, bytes, version }): ApiBlock => ({
        ulid: blockName(number, maxTime),
        minTime,
        maxTime,
        stats: { numSeries: seriesCount, numChunks: chunkCount, numBytes: bytes },
        compaction: {
          level: replaces.length > 0 ? 2 : 1,
          sources: [number, ...replaces].map((n) => blockName(n, maxTime)),
        },
        version,
      })),
  });
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A block's time and number in the form that upstream's names have: ten signs of milliseconds, sixteen that tell blocks apart. */
function blockName(number: number, time: number): string {
  const text = (value: number, length: number) => {
    let out = '';
    for (let rest = Math.max(0, value); out.length < length; rest = Math.floor(rest / 32))
      out = CROCKFORD[rest % 32] + out;
    return out;
  };
  return text(time, 10) + text(number, 16);
}

async function selfMetrics({ params, deps }: ApiCall): Promise<Iterable<string>> {
  const pattern = params.text('metric_name_pattern');
  let matches: (name: string) => boolean;
  try {
    matches = pattern === '' ? () => true : compilePattern(pattern);
  } catch (error) {
    throw new ApiError('bad_data', `invalid metric_name_pattern: ${(error as Error).message}`, { cause: error });
  }
  const families = await deps.metrics.families();
  return listJson(families.filter(({ name }) => matches(name)).map((family) => JSON.stringify(familyJson(family))));
}

export const STATUS_ROUTES: readonly ApiRoute[] = [
  { path: '/status/config', methods: ['GET'], answer: ({ deps }) => dataJson({ yaml: deps.configText() }) },
  { path: '/status/flags', methods: ['GET'], answer: ({ deps }) => dataJson(deps.options.flagTexts) },
  { path: '/status/buildinfo', methods: ['GET'], answer: buildInfo },
  { path: '/status/runtimeinfo', methods: ['GET'], answer: runtimeInfo },
  { path: '/status/tsdb', methods: ['GET'], answer: tsdbStatus },
  { path: '/status/tsdb/blocks', methods: ['GET'], answer: blocks },
  { path: '/status/self_metrics', methods: ['GET'], answer: selfMetrics },
  { path: '/features', methods: ['GET'], answer: ({ deps }) => dataJson(featureList(deps.options)) },
];
