/** `--agent`: samples are kept until they are sent, and no longer. */
import type { Flags } from '../cli/flagTable.ts';
import { ConfigError, type ConfigFault } from '../config/configError.ts';
import { QueryError, type AnsweringEngine } from '../storage/engine.ts';
import type { Queryable } from '../storage/queryable.ts';
import type { LoadedConfig } from './loadAll.ts';

/** Of an agent's store: so much is in memory at most, and gone as a whole once it is past its time. */
export const AGENT_BLOCK_MS = 10 * 60_000;

/** The flags that stand for an agent's store. */
export function withAgentStore(flags: Flags): Flags {
  if (!flags.agent) return flags;
  return {
    ...flags,
    'storage.tsdb.path': flags['storage.agent.path'],
    'storage.tsdb.retention.time': flags['storage.agent.retention.max-time'],
    'storage.tsdb.retention.size': 0,
  };
}

/** @throws ConfigError where an agent that asks no engine is to evaluate rules. */
export function checkAgent(config: LoadedConfig, flags: Flags): LoadedConfig {
  if (!flags.agent || flags['fleet.config.file'] !== '') return config;
  const fault = (key: string): ConfigFault => ({
    line: 0,
    column: 0,
    key,
    why: 'an agent holds no samples to evaluate rules over; name the engine that it writes to with --fleet.config.file, or leave them out',
  });
  if (config.ruleGroups.length > 0) throw new ConfigError(config.path, [fault('rule_files')]);
  return config;
}

const WHY =
  'this is an agent: it sends its samples on and answers no queries; ask the engine that it writes to, or name that with --fleet.config.file';

const refuse = () => Promise.reject(new QueryError('execution', WHY));

export const agentEngine: AnsweringEngine = { query: refuse, answer: refuse };

export const agentQueryable: Queryable = {
  select: refuse,
  series: refuse,
  labelNames: refuse,
  labelValues: refuse,
  metadata: () => new Map(),
  exemplars: () => [],
};
