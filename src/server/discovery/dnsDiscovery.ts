/** Targets from DNS records: one group a name. */
import { readFileSync } from 'node:fs';
import { NODATA, NOTFOUND, Resolver } from 'node:dns/promises';
import { labelsOf, NO_LABELS, type Labels } from '../../shared/model/labels.ts';
import type { DnsRecordType, DnsSdConfig } from '../config/discoveryConfig.ts';
import { hostPort } from './metaLabels.ts';
import { createRefresher } from './refresher.ts';
import type { Discoverer, DiscoveryDeps, TargetGroup } from './targetGroup.ts';

const RESOLV_CONF = '/etc/resolv.conf';

export interface DnsOptions {
  /** `host:port`; those of the system if there are none. */
  readonly servers?: readonly string[];
  readonly search?: SearchPath;
}

/** What a name may stand for, as resolv.conf has it. */
export interface SearchPath {
  readonly domains: readonly string[];
  /** A name with this many dots is tried as it is before the domains are. */
  readonly ndots: number;
}

export function createDnsDiscoverer(config: DnsSdConfig, deps: DiscoveryDeps, options: DnsOptions = {}): Discoverer {
  const lastGroups = new Map<string, TargetGroup>();
  let saidFault = '';
  const find = async (signal: AbortSignal) => {
    const lookup = new Lookup(config, options, (failed) => deps.onEvent?.({ kind: 'dnsLookup', failed }));
    const stop = () => lookup.cancel();
    signal.addEventListener('abort', stop);
    const faults: string[] = [];
    await Promise.all(
      config.names.map(async (name) => {
        try {
          lastGroups.set(name, { source: name, targets: await lookup.targetsOf(name), labels: NO_LABELS });
        } catch (error) {
          faults.push(`${name}: ${(error as Error).message}`);
        }
      }),
    );
    signal.removeEventListener('abort', stop);
    const fault = faults.join('; ');
    if (fault !== '' && fault !== saidFault && !isStopped(signal)) deps.onFault('DNS', fault);
    saidFault = fault;
    return config.names.flatMap((name) => lastGroups.get(name) ?? []);
  };
  return createRefresher({ mechanism: 'dns', source: 'DNS', intervalMs: config.refreshIntervalMs, find }, deps);
}

/** Given up because nobody wants the answer any more, not because it took too long. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error).name !== 'TimeoutError';
}

/** A record, as labels but for the name that was asked for. */
type RecordLabels = Readonly<Record<string, string>>;

/** How each type of record is asked for, and what it says. Names in records are rooted: upstream's labels end with the dot. */
const RECORDS: Readonly<
  Record<DnsRecordType, (resolver: Resolver, name: string, port: number) => Promise<RecordLabels[]>>
> = {
  A: async (resolver, name, port) => (await resolver.resolve4(name)).map((ip) => ({ __address__: hostPort(ip, port) })),
  AAAA: async (resolver, name, port) =>
    (await resolver.resolve6(name)).map((ip) => ({ __address__: hostPort(ip, port) })),
  SRV: async (resolver, name) =>
    (await resolver.resolveSrv(name)).map(({ name: target, port }) => ({
      __address__: hostPort(target, port),
      __meta_dns_srv_record_target: `${target}.`,
      __meta_dns_srv_record_port: String(port),
    })),
  MX: async (resolver, name, port) =>
    (await resolver.resolveMx(name)).map(({ exchange }) => ({
      __address__: hostPort(exchange, port),
      __meta_dns_mx_record_target: `${exchange}.`,
    })),
  NS: async (resolver, name, port) =>
    (await resolver.resolveNs(name)).map((server) => ({
      __address__: hostPort(server, port),
      __meta_dns_ns_record_target: `${server}.`,
    })),
};

/** One round of questions. */
class Lookup {
  private readonly resolver = new Resolver();
  private readonly config: DnsSdConfig;
  private readonly search: SearchPath;
  private readonly onLookup: (failed: boolean) => void;

  /** @param onLookup told after each variant of a name; one that does not exist has not failed. */
  constructor(config: DnsSdConfig, { servers, search }: DnsOptions, onLookup: (failed: boolean) => void) {
    this.onLookup = onLookup;
    this.config = config;
    this.search = search ?? systemSearchPath();
    if (servers !== undefined) this.resolver.setServers(servers);
  }

  cancel(): void {
    this.resolver.cancel();
  }

  /**
   * The records of the first variant of the name that exists; none if no variant exists.
   *
   * @throws Error if that cannot be known, because a server did not answer.
   */
  async targetsOf(name: string): Promise<readonly Labels[]> {
    let fault: unknown;
    for (const variant of nameVariants(name, this.search)) {
      try {
        const records = await RECORDS[this.config.type](this.resolver, variant, this.config.port);
        this.onLookup(false);
        return records.map((record) => labelsOf({ ...record, __meta_dns_name: name }));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        this.onLookup(code !== NODATA && code !== NOTFOUND);
        if (code === NODATA) return [];
        if (code !== NOTFOUND) fault = error;
      }
    }
    if (fault !== undefined) throw fault;
    return [];
  }
}

/** The names to try, in order. A name that ends with a dot is tried as it is alone. */
export function nameVariants(name: string, { domains, ndots }: SearchPath): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = domains.map((domain) => `${name}.${domain}`);
  return name.split('.').length - 1 >= ndots ? [name, ...searched] : [...searched, name];
}

function systemSearchPath(): SearchPath {
  try {
    return parseSearchPath(readFileSync(RESOLV_CONF, 'utf8'));
  } catch {
    // A system without the file has no search path; the resolver knows its servers by other means.
    return { domains: [], ndots: 1 };
  }
}

/** `search`, `domain` and `options ndots:N` of a resolv.conf; the last line of a kind stands. */
export function parseSearchPath(text: string): SearchPath {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'search') domains = words;
    else if (keyword === 'domain') domains = words.slice(0, 1);
    else if (keyword === 'options') ndots = Number(/\bndots:(\d+)/.exec(line)?.[1] ?? ndots);
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== ''), ndots };
}
