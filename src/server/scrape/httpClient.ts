/** The HTTP side of a job: what is asked of its targets, and how. */
import type { EscapingScheme, HttpConfig, ScrapeProtocol } from '../config/config.ts';
import { ACCEPTED_CODINGS } from '../outbound/body.ts';
import { OutboundClient, USER_AGENT, type Headers } from '../outbound/client.ts';
import type { DialCounts } from '../outbound/dials.ts';
import { TargetSource, type PageSource } from './pageSource.ts';

export type { Page, PageLimits, PageSource } from './pageSource.ts';

export interface ScrapeClient {
  /** A target's pages. The asker closes it. */
  source(url: string): PageSource;
  /** The error as it may be shown, logged and kept: without what logs in. */
  shown(error: Error): Error;
  /** Ends what its sources share. */
  close(): Promise<void>;
}

export interface ClientSettings {
  readonly http: HttpConfig;
  readonly protocols: readonly ScrapeProtocol[];
  readonly escaping: EscapingScheme;
  readonly enableCompression: boolean;
}

/** @param dials where connections to the targets are counted. */
export function createScrapeClient(settings: ClientSettings, dials?: DialCounts): ScrapeClient {
  return new PageClient(settings, dials);
}

const MEDIA_TYPES: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
};
/** Versions that know names beyond [a-zA-Z0-9_:] and so take an escaping scheme. */
const ESCAPABLE: ReadonlySet<ScrapeProtocol> = new Set(['OpenMetricsText1.0.0', 'PrometheusText1.0.0']);

/** The Accept header: preference falls by a tenth with each protocol, anything at all comes last. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: EscapingScheme): string {
  let tenths = Object.keys(MEDIA_TYPES).length + 1;
  const types = protocols.map((protocol) => {
    const escape = ESCAPABLE.has(protocol) ? `;escaping=${escaping}` : '';
    return `${MEDIA_TYPES[protocol]}${escape};q=0.${tenths--}`;
  });
  return [...types, `*/*;q=0.${tenths}`].join(',');
}

/** What a job's targets have in common. */
export class PageClient implements ScrapeClient {
  readonly http: HttpConfig;
  readonly outbound: OutboundClient;
  private readonly accept: string;
  private readonly coding: string;

  constructor({ http, protocols, escaping, enableCompression }: ClientSettings, dials?: DialCounts) {
    this.http = http;
    this.outbound = new OutboundClient(http, { dials });
    this.accept = acceptHeader(protocols, escaping);
    this.coding = enableCompression ? ACCEPTED_CODINGS : 'identity';
  }

  source(url: string): PageSource {
    return new TargetSource(url, this);
  }

  shown(error: Error): Error {
    return this.outbound.secrets.maskedError(error);
  }

  async close(): Promise<void> {
    await this.outbound.close();
  }

  headers(timeoutMs: number): Headers {
    return {
      'user-agent': USER_AGENT,
      accept: this.accept,
      'accept-encoding': this.coding,
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
    };
  }
}
