/** A histogram's rates as one distribution in place of a series a bucket, where the server is a sidecar. */
import type { ApiAnswer } from '../../shared/api/prometheus.ts';
import { readDistribution, type ReadDistribution } from '../../shared/api/distributionColumns.ts';
import { askApi, parseAnswer, type ApiCall, type ApiResult } from './promApi.ts';
import { UpstreamError, type FaultKind, type Upstream } from './upstream.ts';

/** How long a server that has no distributions is not asked again: it may be exchanged for one that has. */
const ASK_AGAIN_MS = 600_000;
/** What servers answer that have no such path, and proxies that let none through that they do not know. */
const UNKNOWN: ReadonlySet<FaultKind> = new Set(['not_found', 'not_prometheus', 'forbidden', 'status']);
const hasNoneSince = new WeakMap<Upstream, number>();

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
  const since = hasNoneSince.get(upstream);
  if (since !== undefined && now - since < ASK_AGAIN_MS) return undefined;
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
