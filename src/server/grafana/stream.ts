/** Live channels: a query's newest steps, asked once at each step however many browsers look on, and pushed to all of them. */
import { stepOf, type LivePacket, type LiveRequest } from '../../shared/api/grafanaQuery.ts';
import { frameToJson, type FrameJson } from '../frames/json.ts';
import { checkedQuery, failure, framesOfQuery } from './query.ts';
import type { Upstream } from './upstream.ts';

export const LIVE_PATH = /^live\/[0-9a-f]{8,64}$/;
/** A panel that asks for more than this is not one of ours. */
const RANGE_MS_MAX = 366 * 86_400_000;
const STEP_MS_MIN = 1_000;
/** The step before the newest is sent again: a scrape may have been on its way when it was asked. */
const STEPS_AGAIN = 1;
/** After a step's end, so that what was scraped up to it is stored. */
const DELAY_MS = 150;

/** What the data of a subscription asks for. @throws QueryModelError or SyntaxError in words */
export function liveRequestOf(data: Uint8Array): LiveRequest {
  const raw = JSON.parse(new TextDecoder().decode(data)) as Partial<LiveRequest> | null;
  const { query, intervalMs, rangeMs } = raw ?? {};
  if (
    !(typeof intervalMs === 'number' && intervalMs > 0) ||
    !(typeof rangeMs === 'number' && rangeMs > 0 && rangeMs <= RANGE_MS_MAX)
  )
    throw new SyntaxError('a live channel needs an interval and a range in milliseconds');
  // Range only: one moment is nothing that grows. Exemplars come with the next whole answer.
  const checked = checkedQuery(query ?? {}, String(query?.refId ?? 'A'));
  return { query: { ...checked, instant: false, range: true, exemplar: false }, intervalMs, rangeMs };
}

export interface LiveDeps {
  readonly upstream: Upstream;
  readonly now: () => number;
  /** Ends early when the channel is left. */
  readonly sleep: (ms: number, stop: AbortSignal) => Promise<void>;
}

/** A packet at each step, until nobody is on the channel; what goes wrong is told in a packet, and the next step is tried again. */
export async function* livePackets(
  { query, intervalMs, rangeMs }: LiveRequest,
  deps: LiveDeps,
  stop: AbortSignal,
): AsyncGenerator<LivePacket<FrameJson>> {
  const { upstream, now, sleep } = deps;
  const scrapeIntervalMs = upstream.connection.scrapeIntervalMs;
  const stepMs = Math.max(STEP_MS_MIN, stepOf({ fromMs: 0, toMs: rangeMs, intervalMs, scrapeIntervalMs, query }));
  const scope = { upstream, headers: {}, fromAlert: false, signal: stop };
  let sentTo = Math.floor(now() / stepMs) * stepMs;
  while (!stop.aborted) {
    await sleep(Math.max(0, sentTo + stepMs + DELAY_MS - now()), stop);
    if (stop.aborted) return;
    const toMs = Math.floor(now() / stepMs) * stepMs;
    if (toMs <= sentTo) continue;
    // Steps that failed, or that a busy machine missed, are made up for, as far as they are still on the screen.
    const sinceMs = Math.max(sentTo - (STEPS_AGAIN - 1) * stepMs, toMs - rangeMs);
    try {
      const frames = await framesOfQuery({ ...query, sinceMs }, { fromMs: toMs - rangeMs, toMs, intervalMs }, scope);
      sentTo = toMs;
      yield { sinceMs, toMs, frames: frames.map(frameToJson) };
    } catch (error) {
      if (stop.aborted) return;
      yield { sinceMs, toMs, frames: [], error: failure(error).error };
      await sleep(stepMs, stop);
    }
  }
}
