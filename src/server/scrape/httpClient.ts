/** The HTTP side of a job: connections kept alive, login, TLS, redirects, and one time limit over everything. */
import type { EscapingScheme, HttpConfig, ScrapeProtocol } from '../config/config.ts';
import { ACCEPTED_CODINGS, readBody } from '../outbound/body.ts';
import { discard, headerText, OutboundClient, type Answer } from '../outbound/client.ts';
import { FetchError, fetchFault } from '../outbound/httpFault.ts';

export interface Page {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

export interface PageRequest {
  readonly url: string;
  readonly timeoutMs: number;
  /** Bytes after decompression; 0 for the general bound. */
  readonly bodySizeLimit: number;
}

export interface ScrapeClient {
  /** @throws FetchError, in words for the targets page. */
  get(page: PageRequest, stop: AbortSignal): Promise<Page>;
  close(): Promise<void>;
}

export interface ClientSettings {
  readonly http: HttpConfig;
  readonly protocols: readonly ScrapeProtocol[];
  readonly escaping: EscapingScheme;
  readonly enableCompression: boolean;
}

export function createScrapeClient(settings: ClientSettings): ScrapeClient {
  return new PageClient(settings);
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

class PageClient implements ScrapeClient {
  private readonly settings: ClientSettings;
  private readonly accept: string;
  private readonly client: OutboundClient;

  constructor(settings: ClientSettings) {
    this.settings = settings;
    this.accept = acceptHeader(settings.protocols, settings.escaping);
    this.client = new OutboundClient(settings.http);
  }

  async get(page: PageRequest, stop: AbortSignal): Promise<Page> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), page.timeoutMs);
    const signal = AbortSignal.any([stop, limit.signal]);
    try {
      return await readAnswer(
        await this.client.get(page.url, this.headers(page.timeoutMs), signal),
        page.bodySizeLimit,
      );
    } catch (error) {
      if (limit.signal.aborted) {
        throw new FetchError(
          `no complete answer within ${page.timeoutMs / 1000} s; raise scrape_timeout or find out why the page is slow`,
          { cause: error },
        );
      }
      throw fetchFault(error, page.url);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private headers(timeoutMs: number): Record<string, string> {
    return {
      accept: this.accept,
      'accept-encoding': this.settings.enableCompression ? ACCEPTED_CODINGS : 'identity',
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
    };
  }
}

async function readAnswer(answer: Answer, bodySizeLimit: number): Promise<Page> {
  if (answer.statusCode !== 200) {
    discard(answer);
    throw new FetchError(statusFault(answer.statusCode));
  }
  const coding = headerText(answer.headers['content-encoding'])?.toLowerCase() ?? '';
  const bytes = await readBody(answer.body, coding, bodySizeLimit);
  return { bytes, contentType: headerText(answer.headers['content-type']) };
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: '; set basic_auth or authorization for the job',
  403: '; the login in use is not allowed to read this page',
  404: '; is metrics_path right?',
  406: '; the server offers none of the formats in scrape_protocols',
};

function statusFault(status: number): string {
  return `server returned HTTP status ${status}${STATUS_HINTS[status] ?? ''}`;
}
