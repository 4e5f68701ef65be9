/** A histogram's rates as one distribution in place of a series a bucket, where the server is a sidecar. */
import type { ApiAnswer } from '../../shared/api/prometheus.ts';
import { KnownHistograms } from '../../shared/api/knownHistograms.ts';
import type { ApiMetadata } from '../../shared/api/metadata.ts';
import type { RatedHistogram } from '../../shared/explain/histogramQuery.ts';
import { readDistribution, type ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { askApi, parseAnswer, type ApiCall, type ApiResult } from './promApi.ts';
import { UpstreamError, type FaultKind, type Upstream } from './upstream.ts';

/** How long a server that has no distributions is not asked again: it may be exchanged for one that has. */
const ASK_AGAIN_MS = 600_000;
/** What servers answer that have no such path, and proxies that let none through that they do not know. */
const UNKNOWN: ReadonlySet<FaultKind> = new Set(['not_found', 'not_prometheus', 'forbidden', 'status']);
/** The query itself waits for them. */
const METADATA_MS_MAX = 5000;
const hasNoneSince = new WeakMap<Upstream, number>();

const hasNone = (upstream: Upstream, now: number): boolean =>
  now - (hasNoneSince.get(upstream) ?? -Infinity) < ASK_AGAIN_MS;

const knownHistograms = new WeakMap<Upstream, KnownHistograms>();

/**
 * Whether an expression's name is a histogram's: that of buckets always; of others the server's metadata tell, where it may have distributions.
 *
 * @param headers of the caller. Never rejects.
 */
export async function isHistogram(
  upstream: Upstream,
  { metric, isNative }: RatedHistogram,
  headers: ApiCall['headers'],
): Promise<boolean> {
  if (!isNative) return true;
  if (hasNone(upstream, performance.now())) return false;
  let known = knownHistograms.get(upstream);
  if (known === undefined) knownHistograms.set(upstream, (known = new KnownHistograms(() => performance.now())));
  return known.has(metric, async () => {
    const parameters = new URLSearchParams({ metric });
    const call = { path: '/api/v1/metadata', parameters, headers, timeoutMs: METADATA_MS_MAX };
    return (await askApi<ApiMetadata>(upstream, call)).data;
  });
}

/**
 * @param call of the range query that it stands in for.
 * @returns undefined where the server has no distributions, or none for this expression: the query itself says why.
 * @throws UpstreamError where it cannot be asked at all.
 */
export async function askDistribution(
  upstream: Upstream,
  call: ApiCall,
  now: number = performance.now(),
): Promise<ApiResult<ReadDistribution> | undefined> {
  if (hasNone(upstream, now)) return undefined;
  const parameters = new URLSearchParams(call.parameters);
  parameters.set('format', 'binary');
  parameters.set('omit', 'mean');
  try {
    return await askApi(upstream, { ...call, path: '/api/v1/distribution', parameters }, readColumns);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    // What took too long is not asked a second time.
    if (error.kind === 'query' && error.status < 500) return undefined;
    if (!UNKNOWN.has(error.kind)) throw error;
    hasNoneSince.set(upstream, now);
    return undefined;
  }
}

function readColumns(body: Buffer): ApiAnswer<ReadDistribution> | undefined {
  if (body[0] === 0x7b) {
    const answer = parseAnswer<unknown>(body);
    return answer?.status === 'error' ? answer : undefined;
  }
  try {
    const data = readDistribution(body, (bytes) => Buffer.from(bytes).toString('utf8'));
    return { status: 'success', data, warnings: [...(data.head.warnings ?? [])] };
  } catch (error) {
    // Of another release, or no columns at all.
    if (error instanceof RangeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
