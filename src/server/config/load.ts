/** From a file to a checked configuration. */
import { globSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config, ScrapeConfig } from './config.ts';
import { checkTree } from './check.ts';
import { checkSections } from './checkSections.ts';
import { ConfigError, type ConfigFault } from './configError.ts';
import { fileText } from './fileText.ts';
import { fileKeys, scrapeFileKeys, type RawFile } from './fileSchema.ts';
import { isSecretKey } from './httpSchema.ts';
import { resolveAlerting } from './resolveAlerting.ts';
import { absolute } from './resolveHttp.ts';
import type { Complain } from './resolveRelabel.ts';
import { resolveOtlp } from './resolveOtlp.ts';
import { resolveRemoteRead } from './resolveRemoteRead.ts';
import { resolveRemoteWrite } from './resolveRemoteWrite.ts';
import {
  checkProtocols,
  DEFAULT_INTERVAL_MS,
  DEFAULT_TIMEOUT_MS,
  resolveScrape,
  type JobContext,
} from './resolveScrape.ts';
import { labelsOfSet } from './resolveSources.ts';
import type { RawScrapeConfig } from './scrapeSchema.ts';
import { YamlSource } from './yamlSource.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadContext {
  /** What `${NAME}` in external labels stands for. */
  readonly env?: Environment;
  /** Names given to `--enable-feature`. */
  readonly features?: readonly string[];
}

const MISSING = 'no such file; name another with --config.file';
const EXEMPLARS_MAX = 100_000;

/**
 * Reads and checks a configuration file and the scrape config files it names.
 *
 * @throws ConfigError with `file:line:column` of every fault; nothing is changed by a failed load.
 */
export function loadConfig(path: string, { env = process.env, features }: LoadContext = {}): Config {
  return parseConfig(fileText(path, MISSING), { dir: dirname(resolve(path)), path, env, features });
}

/** The same for a text that is already there. `dir` is where relative paths start. */
export function parseConfig(
  text: string,
  { dir, path, env = {}, features = [] }: { dir: string; path: string } & LoadContext,
): Config {
  const source = new YamlSource(text, path);
  const raw = checkTree(source, fileKeys);
  const faults: ConfigFault[] = [];
  const notices: string[] = [];
  const complainAt =
    (from: YamlSource, ...prefix: PropertyKey[]): Complain =>
    (key, why) =>
      void faults.push(from.fault([...prefix, ...key], why));
  const context = { ...globalContext(raw, dir, complainAt(source, 'global')), features };

  const jobs: ScrapeConfig[] = [];
  const addJobs = (from: YamlSource, configs: readonly RawScrapeConfig[]) => {
    configs.forEach((config, i) => {
      const complain = complainAt(from, 'scrape_configs', i);
      if (jobs.some((job) => job.jobName === config.job_name))
        complain(['job_name'], `job ${JSON.stringify(config.job_name)} is there already; names must differ`);
      jobs.push(resolveScrape(config, { ...context, complain }));
    });
  };
  checkSections(raw, complainAt(source));
  addJobs(source, (raw.scrape_configs ?? []) as RawScrapeConfig[]);
  throwFaults(source.file, faults);
  for (const pattern of raw.scrape_config_files ?? []) {
    for (const file of globSync(absolute(dir, pattern)).sort()) {
      const included = new YamlSource(fileText(file), file);
      addJobs(included, (checkTree(included, scrapeFileKeys).scrape_configs ?? []) as RawScrapeConfig[]);
      throwFaults(file, faults);
    }
  }
  const alerting = resolveAlerting(raw.alerting, dir, complainAt(source, 'alerting'));
  const remoteWrite = (raw.remote_write ?? []).map((write, i) =>
    resolveRemoteWrite(write, dir, complainAt(source, 'remote_write', i)),
  );
  const remoteRead = (raw.remote_read ?? []).map((read, i) =>
    resolveRemoteRead(read, dir, complainAt(source, 'remote_read', i)),
  );
  throwFaults(source.file, faults);

  const tsdb = raw.storage?.tsdb;
  return {
    path,
    dir,
    global: {
      scrapeIntervalMs: context.globalIntervalMs,
      scrapeTimeoutMs: context.globalTimeoutMs,
      evaluationIntervalMs: raw.global?.evaluation_interval || DEFAULT_INTERVAL_MS,
      ruleQueryOffsetMs: raw.global?.rule_query_offset ?? 0,
      externalLabels: labelsOfSet(expandAll(raw.global?.external_labels, env, notices)),
      queryLogFile: raw.global?.query_log_file ? absolute(dir, raw.global.query_log_file) : undefined,
    },
    scrapeConfigs: jobs,
    alerting,
    remoteWrite,
    remoteRead,
    ruleFiles: (raw.rule_files ?? []).map((file) => absolute(dirname(path), file)),
    scrapeConfigFiles: (raw.scrape_config_files ?? []).map((file) => absolute(dir, file)),
    storage: {
      outOfOrderWindowMs: tsdb?.out_of_order_time_window ?? 0,
      retentionMs: tsdb?.retention?.time,
      retentionBytes: tsdb?.retention?.size,
      retentionPercentage: tsdb?.retention?.percentage,
      exemplarsMax: raw.storage?.exemplars?.max_exemplars ?? EXEMPLARS_MAX,
    },
    otlp: resolveOtlp(raw.otlp),
    notices: [...notices, ...sectionNotices(raw)],
    redactedText: source.tree === undefined ? '' : source.redacted(isSecretKey),
  };
}

function throwFaults(file: string, faults: readonly ConfigFault[]): void {
  if (faults.length > 0)
    throw new ConfigError(
      file,
      [...faults].sort((a, b) => a.line - b.line || a.column - b.column),
    );
}

function globalContext(raw: RawFile, dir: string, complain: Complain): Omit<JobContext, 'features'> {
  const perJob = raw.global ?? {};
  const globalIntervalMs = perJob.scrape_interval || DEFAULT_INTERVAL_MS;
  const globalTimeoutMs = perJob.scrape_timeout || Math.min(DEFAULT_TIMEOUT_MS, globalIntervalMs);
  if (globalTimeoutMs > globalIntervalMs)
    complain(['scrape_timeout'], 'is longer than global.scrape_interval; shorten it');
  checkProtocols(perJob.scrape_protocols, complain);
  return { perJob, globalIntervalMs, globalTimeoutMs, dir, complain };
}

/** `${NAME}` and `$NAME` from the environment, `$$` for a dollar sign, as upstream expands external labels. */
function expandAll(
  labels: Record<string, string> | undefined,
  env: Environment,
  notices: string[],
): Record<string, string> {
  const expand = (value: string, label: string) =>
    value.replace(/\$(?:\$|\{([^}]*)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return whole === '$$' ? '$' : whole;
      if (env[name] === undefined)
        notices.push(`global.external_labels.${label}: the environment has no ${name}; an empty text stands in`);
      return env[name] ?? '';
    });
  return Object.fromEntries(Object.entries(labels ?? {}).map(([name, value]) => [name, expand(value, name)]));
}

/** Whole sections that are known and not acted upon. */
const SECTION_NOTICES = {
  tracing: 'this program records no traces of itself',
} as const satisfies Partial<Record<keyof RawFile, string>>;

/** Keys of remote write that are known and not acted upon. */
const IDLE_WRITE_KEYS = ['round_robin_dns', 'failed_request_logging'] as const;

function sectionNotices(raw: RawFile): string[] {
  const said = Object.entries(SECTION_NOTICES).filter(([key]) => {
    const section = raw[key as keyof typeof SECTION_NOTICES];
    return Array.isArray(section) ? section.length > 0 : section !== undefined;
  });
  const notices = said.map(([key, why]) => `${key}: ${why}`);
  const tsdb = raw.storage?.tsdb;
  if (tsdb?.stale_series_compaction_threshold)
    notices.push('storage.tsdb.stale_series_compaction_threshold: not supported yet');
  if (tsdb?.chunk_encoding?.floats)
    notices.push(
      'storage.tsdb.chunk_encoding: chunks in memory and in blocks have this program’s own choice of encoding',
    );
  raw.remote_write?.forEach((queue, i) => {
    for (const key of IDLE_WRITE_KEYS) {
      if (queue[key]) notices.push(`remote_write[${i}].${key}: not supported yet`);
    }
  });
  return notices;
}
