/** Who answers queries: the engine of a fleet, the store here and the servers that it asks along, or nobody. */
import type { Flags } from '../cli/flagTable.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/configError.ts';
import { EngineApi } from '../fleet/engineApi.ts';
import { loadEngineFile, type EngineAddress } from '../fleet/engineFile.ts';
import { createRemoteEngine } from '../fleet/remoteEngine.ts';
import { RemoteQueryable } from '../fleet/remoteQueryable.ts';
import type { Dials } from '../outbound/dials.ts';
import { answering, type EngineLimits } from '../promql/engine.ts';
import { RemoteReader } from '../remote/read/remoteReader.ts';
import { FanIn } from '../storage/fanIn.ts';
import type { AnsweringEngine } from '../storage/engine.ts';
import type { Queryable } from '../storage/queryable.ts';
import { WithoutReplicas } from '../storage/withoutReplicas.ts';
import { systemClock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';
import type { Tsdb } from '../tsdb/db.ts';
import { decodeChunk } from '../tsdb/prometheus/chunkEncoding.ts';
import type { ActiveQueries } from '../workers/activeQueries.ts';
import type { QueryLog } from '../workers/queryLog.ts';
import { createQueryRunner } from '../workers/queryRunner.ts';
import { readLease } from '../workers/readLease.ts';
import { agentEngine, agentQueryable } from './agent.ts';
import { queryTimeMetrics, registerQueryMetrics } from './queryMetrics.ts';
import type { Shutdown } from './shutdown.ts';
import { StartError } from './startError.ts';

export interface QueryRooms {
  readonly engine: AnsweringEngine;
  readonly queryable: Queryable;
  /** Without other servers. */
  readonly ownQueryable: Queryable;
  /** Takes the servers that the configuration names. */
  apply(config: Config): void;
}

export interface QueryParts {
  readonly limits: EngineLimits;
  readonly active: ActiveQueries | undefined;
  readonly queryLog: QueryLog;
  /** Where connections are counted. */
  readonly dials: Dials;
  readonly flags: Flags;
  readonly log: Log;
  readonly metrics: SelfMetrics;
  readonly shutdown: Shutdown;
}

export function openQueries(tsdb: Tsdb, parts: QueryParts): QueryRooms {
  const { flags, shutdown, dials } = parts;
  const fleet = flags['fleet.config.file'];
  if (fleet !== '') return openFleet(fleet, parts);
  if (flags.agent)
    return { engine: agentEngine, queryable: agentQueryable, ownQueryable: agentQueryable, apply: () => undefined };
  const fanIn = new FanIn(tsdb, () => tsdb.stats().minTime ?? Infinity, readLease);
  const readers = new RemoteReaders(dials);
  shutdown.opened('remote read', () => readers.close());
  const queryable = deduplicated(fanIn, flags);
  return {
    engine: openRunner(queryable, parts),
    queryable,
    ownQueryable: tsdb,
    apply: (config) => fanIn.ask(readers.apply(config)),
  };
}

/** The servers of the configuration; those that did not change go on undisturbed. */
class RemoteReaders {
  readonly #dials: Dials;
  #readers = new Map<string, RemoteReader>();

  constructor(dials: Dials) {
    this.#dials = dials;
  }

  apply({ remoteRead, global: { externalLabels } }: Config): RemoteReader[] {
    const before = this.#readers;
    this.#readers = new Map();
    const dials = this.#dials.named('remote_storage_read_client');
    for (const config of remoteRead) {
      const key = JSON.stringify([config, externalLabels]);
      this.#readers.set(key, before.get(key) ?? new RemoteReader(config, externalLabels, decodeChunk, dials));
      before.delete(key);
    }
    for (const reader of before.values()) void reader.close();
    return [...this.#readers.values()];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((reader) => reader.close()));
  }
}

/** Series of replicas are followed here: an engine that does not do so itself is asked for samples, and the query is evaluated on them. */
function openFleet(file: string, parts: QueryParts): QueryRooms {
  const { flags, log, shutdown, limits } = parts;
  const api = new EngineApi(engineOfFleet(file));
  shutdown.opened('engine of the fleet', () => api.close());
  const theirs = new RemoteQueryable(api, systemClock);
  void theirs.watchMetadata(shutdown.signal, log);
  const queryable = deduplicated(theirs, flags);
  const engine = queryable === theirs ? answering(createRemoteEngine(api, limits).query) : openRunner(queryable, parts);
  return { engine, queryable, ownQueryable: queryable, apply: () => undefined };
}

function deduplicated(queryable: Queryable, flags: Flags): Queryable {
  const labels = flags['query.replica-label'].filter((label) => label !== '');
  return labels.length === 0 ? queryable : new WithoutReplicas(queryable, labels, readLease);
}

function openRunner(queryable: Queryable, { flags, metrics, shutdown, ...parts }: QueryParts): AnsweringEngine {
  const { active, queryLog, limits } = parts;
  const onQuery = queryTimeMetrics(metrics);
  const engine = createQueryRunner({ queryable, active, queryLog, workers: flags.workers, limits, onQuery });
  registerQueryMetrics(metrics, queryLog, engine, limits.maxConcurrency);
  shutdown.opened('query engine', () => engine.close());
  return engine;
}

function engineOfFleet(file: string): EngineAddress {
  try {
    return loadEngineFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(`--fleet.config.file: ${error.message}`, { cause: error });
    throw error;
  }
}
