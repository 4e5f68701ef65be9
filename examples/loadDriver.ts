/**
 * Clients of the demo model service. Traffic follows a day that lasts 20 minutes; most requests hold a few penguins, and now and then a
 * survey team uploads its whole notebook for some minutes: the slow regime that the heatmap shows and an average hides.
 */
import { isMainThread, workerData } from 'node:worker_threads';
import { normal, randomFrom, readPenguins } from './penguins.ts';

const DAY_MS = 20 * 60_000;
const REQUESTS_PER_SECOND = { night: 3, noon: 14 };
/** A survey begins this long after the start, comes back at this period, and lasts this long. */
const SURVEY = { firstMs: 75_000, everyMs: 7 * 60_000, lastsMs: 100_000, shareOfRequests: 0.25, penguins: 60 };
const SHARE_OF_V2 = 0.35;
const SHARE_OF_BAD_REQUESTS = 0.01;
const REQUESTS_IN_FLIGHT_MAX = 32;

/** Requests a second at a time of the demo's day: least at its start, most in its middle. */
export function requestsPerSecond(elapsedMs: number): number {
  const { night, noon } = REQUESTS_PER_SECOND;
  return night + (noon - night) * (0.5 - 0.5 * Math.cos((2 * Math.PI * elapsedMs) / DAY_MS + 0.9));
}

export function isSurveyTime(elapsedMs: number): boolean {
  return elapsedMs >= SURVEY.firstMs && (elapsedMs - SURVEY.firstMs) % SURVEY.everyMs < SURVEY.lastsMs;
}

/** Sends requests to the service at `url` until the signal says stop. */
export async function driveLoad(url: string, stop: AbortSignal): Promise<void> {
  const random = randomFrom(Date.now());
  const { rows } = readPenguins();
  const start = Date.now();
  let inFlight = 0;

  async function sendOne(): Promise<void> {
    const survey = isSurveyTime(Date.now() - start) && random() < SURVEY.shareOfRequests;
    const count = survey
      ? Math.max(1, Math.round(SURVEY.penguins * Math.exp(0.35 * normal(random))))
      : Math.max(1, Math.round(Math.exp(0.7 * normal(random) + 0.6)));
    const version = random() < SHARE_OF_V2 ? 'v2' : 'v1';
    const penguins = Array.from({ length: count }, () => rows[Math.floor(random() * rows.length)]);
    const body = random() < SHARE_OF_BAD_REQUESTS ? '{"penguins": "three"}' : JSON.stringify({ penguins });
    const answer = await fetch(`${url}/predict?version=${version}`, { method: 'POST', body, signal: stop });
    await answer.arrayBuffer();
  }

  while (!stop.aborted) {
    // Exponential gaps: arrivals that know nothing of each other.
    const gapMs = (-Math.log(1 - random()) * 1000) / requestsPerSecond(Date.now() - start);
    await new Promise((resolve) => setTimeout(resolve, gapMs));
    if (inFlight >= REQUESTS_IN_FLIGHT_MAX) continue;
    inFlight++;
    // A request that fails is the service's story to tell, in its own metrics; the driver goes on.
    sendOne().then(
      () => inFlight--,
      () => inFlight--,
    );
  }
}

if (!isMainThread) void driveLoad((workerData as { url: string }).url, new AbortController().signal);
