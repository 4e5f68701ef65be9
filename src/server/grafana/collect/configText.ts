/** What a data source that collects by itself is told to scrape: targets or a pasted prometheus.yml → the text of a configuration, or its faults with their places. */
import type { CollectCheck, CollectFault, CollectOptions } from '../../../shared/api/grafanaQuery.ts';
import { ConfigError, type ConfigFault } from '../../config/configError.ts';
import { isSecretKey } from '../../config/httpSchema.ts';
import { parseConfig } from '../../config/load.ts';
import { YamlSource, type YamlTree } from '../../config/yamlSource.ts';

export interface ConfigDraft extends CollectCheck {
  /** A prometheus.yml. */
  readonly text: string;
}

export interface DraftContext {
  /** What `${NAME}` stands for. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Such as 15s. */
  readonly scrapeInterval: string;
  /** The collector's own address, for the metrics of itself and of the machine; '' while it has none. */
  readonly ownAddress: string;
}

const DEFAULT_JOB = 'targets';
const FILE = 'prometheus.yml';

export function draftConfig(options: CollectOptions, context: DraftContext): ConfigDraft {
  return options.source === 'config' ? fromPasted(options.config ?? '', context) : fromTargets(options, context);
}

interface TargetGroup {
  readonly job: string;
  readonly scheme: string;
  readonly path: string;
  readonly addresses: string[];
}

function fromTargets(options: CollectOptions, context: DraftContext): ConfigDraft {
  const groups = new Map<string, TargetGroup>();
  const faults: CollectFault[] = [];
  (options.targets ?? '').split('\n').forEach((line, i) => {
    const [, before, job, rest] = /^((?:\s*([^\s=:/]+)\s*=)?)(.*)$/.exec(line.replace(/#.*$/, '')) ?? [];
    let column = (before?.length ?? 0) + 1;
    for (const part of rest.split(',')) {
      const text = part.trim();
      const at = column + part.length - part.trimStart().length;
      column += part.length + 1;
      if (text === '') continue;
      const target = readTarget(text);
      if (typeof target === 'string') {
        faults.push({ line: i + 1, column: at, why: target });
        continue;
      }
      const named = { job: job ?? DEFAULT_JOB, scheme: target.scheme, path: target.path };
      const key = JSON.stringify(named);
      const group = groups.get(key) ?? { ...named, addresses: [] };
      groups.set(key, group);
      group.addresses.push(target.address);
    }
  });
  const jobs = [...groups.values()];
  const count = jobs.reduce((sum, { addresses }) => sum + addresses.length, 0);
  if (count === 0 && faults.length === 0 && options.machine === false)
    faults.push({ line: 0, column: 0, why: 'nothing to scrape yet: write a target, such as localhost:8000' });
  return {
    text: yamlOf(jobs, context),
    faults,
    summary: faults.length > 0 ? '' : `${counted(count, 'target')} in ${counted(jobs.length, 'job')}`,
  };
}

/** An address, or why it is none. */
function readTarget(text: string): { scheme: string; address: string; path: string } | string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (/\s/.test(text))
    return `${JSON.stringify(text)} has a space in it: write one target a line, or commas between them`;
  if (!URL.canParse(url)) return `${JSON.stringify(text)} is no address: write host:port, such as localhost:8000`;
  const { protocol, username, host, port, pathname, search } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return `targets are asked by http or https, not by ${protocol}//`;
  if (username !== '') return 'no logins in targets: paste a prometheus.yml with basic_auth instead';
  if (search !== '') return 'no parameters in targets: paste a prometheus.yml with params instead';
  const isUrl = url === text;
  if (port === '' && !isUrl && !/:\d+$/.test(text))
    return `${JSON.stringify(text)} has no port: write ${text}:8000, say`;
  const scheme = protocol.slice(0, -1);
  const address = port === '' ? `${host}:${scheme === 'https' ? 443 : 80}` : host;
  return { scheme, address, path: pathname === '/' ? '/metrics' : pathname };
}

/** Texts in JSON's quotes are YAML too. */
function yamlOf(groups: readonly TargetGroup[], { scrapeInterval, ownAddress }: DraftContext): string {
  const names = new Map<string, number>();
  const jobs = groups.map(({ job, scheme, path, addresses }) => {
    const seen = names.get(job) ?? 0;
    names.set(job, seen + 1);
    // Job names are unique in a file; the label is what the user wrote.
    const unique = seen === 0 ? job : `${job} ${scheme}${path}`;
    return {
      job_name: unique,
      scheme,
      metrics_path: path,
      static_configs: [{ targets: addresses, ...(seen === 0 ? {} : { labels: { job } }) }],
    };
  });
  const own = ownAddress === '' ? [] : [{ job_name: 'isotherm', static_configs: [{ targets: [ownAddress] }] }];
  return [
    '# Written by the Isotherm data source in Grafana from its settings; changes here are overwritten.',
    `global: ${JSON.stringify({ scrape_interval: scrapeInterval })}`,
    'scrape_configs:',
    ...[...jobs, ...own].map((job) => `  - ${JSON.stringify(job)}`),
    '',
  ].join('\n');
}

function fromPasted(pasted: string, { secrets }: DraftContext): ConfigDraft {
  const text = withSecrets(pasted, secrets);
  try {
    const faults = plainSecrets(new YamlSource(pasted, FILE));
    const { scrapeConfigs, notices } = parseConfig(pasted, { dir: '/', path: FILE });
    if (scrapeConfigs.length === 0)
      faults.push({ line: 0, column: 0, why: 'no scrape_configs: nothing would be scraped' });
    const targets = scrapeConfigs.flatMap((job) => job.staticConfigs.flatMap((group) => group.targets)).length;
    const words = [`${counted(scrapeConfigs.length, 'job')}, ${counted(targets, 'static target')}`, ...notices];
    return { text, faults, summary: faults.length > 0 ? '' : words.join('; ') };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { text, faults: error.faults.map(placed), summary: '' };
  }
}

/** Everybody who may look at data sources reads this text, so no secret stands in it. */
function plainSecrets(source: YamlSource): CollectFault[] {
  const faults: CollectFault[] = [];
  const visit = (node: YamlTree | undefined, path: readonly PropertyKey[], isSecret: boolean) => {
    if (typeof node === 'object') {
      for (const [key, value] of Object.entries(node))
        visit(value, [...path, Array.isArray(node) ? Number(key) : key], isSecret || isSecretKey(key));
    } else if (isSecret && node !== undefined && !/^\$\{\w+\}$/.test(node)) {
      const why = 'a secret in plain sight; write ${NAME} here and give NAME its value under "Secrets"';
      faults.push(placed(source.fault(path, why)));
    }
  };
  visit(source.tree, [], false);
  return faults;
}

function placed({ line, column, key, why }: ConfigFault): CollectFault {
  return { line, column, why: key === '' ? why : `${key}: ${why}` };
}

/** `${NAME}` replaced where there is a secret of that name: quoted where it stands alone, escaped where it stands in quotes already. */
function withSecrets(text: string, secrets: Readonly<Record<string, string>>): string {
  return text.replace(/(["'])?\$\{(\w+)\}(["'])?/g, (whole, open: string | undefined, name: string, close?: string) => {
    if (!Object.hasOwn(secrets, name)) return whole;
    const quoted = JSON.stringify(secrets[name]);
    if (open === undefined && close === undefined) return quoted;
    return open === close ? quoted : `${open ?? ''}${quoted.slice(1, -1)}${close ?? ''}`;
  });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
