/** status/*: configuration, flags, build, runtime, store. */
import os from 'node:os';
import type { ApiBuildInfo } from '../../shared/api/prometheus.ts';
import { dataJson } from './answer.ts';
import { cardinality, CARDINALITY_LIMIT_DEFAULT, CARDINALITY_LIMIT_MAX } from './cardinality.ts';
import { invalidParameter } from './apiError.ts';
import { TIME_MAX, TIME_MIN } from './params.ts';
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
  return dataJson({
    startTime: new Date(runtime.startedAt).toISOString(),
    CWD: process.cwd(),
    hostname: os.hostname(),
    serverTime: new Date(deps.clock.now()).toISOString(),
    reloadConfigSuccess: runtime.reloadSucceeded,
    lastConfigTime: new Date(runtime.lastConfigAt).toISOString(),
    corruptionCount: rooms.headStats().corruptions,
    goroutineCount: 0,
    GOMAXPROCS: os.availableParallelism(),
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: runtime.retention,
  });
}

async function tsdbStatus({ params, rooms }: ApiCall): Promise<Iterable<string>> {
  const text = params.text('limit');
  const limit = text === '' ? CARDINALITY_LIMIT_DEFAULT : Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw invalidParameter('limit', 'limit must be a positive number');
  if (limit > CARDINALITY_LIMIT_MAX) throw invalidParameter('limit', `limit must not exceed ${CARDINALITY_LIMIT_MAX}`);
  const head = rooms.headStats();
  const counts = cardinality(await rooms.queryable.series([], { minTime: TIME_MIN, maxTime: TIME_MAX }), limit);
  return dataJson({
    headStats: {
      numSeries: head.series,
      numLabelPairs: counts.labelPairs,
      chunkCount: head.chunks,
      minTime: head.minTime ?? 0,
      maxTime: head.maxTime ?? 0,
    },
    seriesCountByMetricName: counts.seriesByMetric,
    labelValueCountByLabelName: counts.valuesByLabel,
    memoryInBytesByLabelName: counts.bytesByLabel,
    seriesCountByLabelValuePair: counts.seriesByPair,
  });
}

export const STATUS_ROUTES: readonly ApiRoute[] = [
  { path: '/status/config', methods: ['GET'], answer: ({ deps }) => dataJson({ yaml: deps.configText() }) },
  { path: '/status/flags', methods: ['GET'], answer: ({ deps }) => dataJson(deps.options.flagTexts) },
  { path: '/status/buildinfo', methods: ['GET'], answer: buildInfo },
  { path: '/status/runtimeinfo', methods: ['GET'], answer: runtimeInfo },
  { path: '/status/tsdb', methods: ['GET'], answer: tsdbStatus },
];
