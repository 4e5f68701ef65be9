/** A query's newest steps, pushed by the backend through Grafana Live; and the beat at which they are asked for where that is not to be had. */
import type { LiveChannelAddress } from '@grafana/data';
import { getGrafanaLiveSrv } from '@grafana/runtime';
import { EMPTY, filter, map, Observable, timer } from 'rxjs';
import type { LivePacket, LiveRequest } from '../../shared/api/grafanaQuery.ts';

interface LiveEvent {
  readonly type?: string;
  readonly message?: unknown;
  readonly state?: string;
  readonly error?: unknown;
}

type Pushed = LivePacket<unknown>;

/** Grafana's Live gives up on a channel only after a while; what is not there by then is asked for. */
const CONNECT_MS_MAX = 5_000;

/** Packets of one query's channel. Completes if the channel cannot be had; the caller then asks by itself. */
export function pushed(uid: string, request: LiveRequest): Observable<Pushed> {
  const live = getGrafanaLiveSrv?.();
  if (live === undefined || live === null) return EMPTY;
  // Hosts before 12 call the stream a namespace.
  const address = {
    scope: 'ds',
    namespace: uid,
    stream: uid,
    path: `live/${hashOf(JSON.stringify(request))}`,
    data: request,
  };
  return new Observable((subscriber) => {
    let isConnected = false;
    const giveUp = setTimeout(() => !isConnected && subscriber.complete(), CONNECT_MS_MAX);
    const events = live.getStream<unknown>(address as unknown as LiveChannelAddress).subscribe({
      next: (event) => {
        const { type, message, state, error } = event as LiveEvent;
        if (state === 'connected') isConnected = true;
        if (state === 'invalid' || state === 'shutdown' || (error !== undefined && !isConnected)) subscriber.complete();
        if (type === 'message' && isPacket(message)) subscriber.next(message);
      },
      error: () => subscriber.complete(),
    });
    return () => {
      clearTimeout(giveUp);
      events.unsubscribe();
    };
  });
}

function isPacket(message: unknown): message is Pushed {
  const { sinceMs, frames } = (message ?? {}) as Partial<Pushed>;
  return typeof sinceMs === 'number' && Array.isArray(frames);
}

/** FNV-1a of 53 bits: one name for one question, so that all who ask it share a channel. */
function hashOf(text: string): string {
  let [a, b] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ text.charCodeAt(i), 0x85ebca6b) ^ (a >>> 13);
  }
  return [a, b].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
}

/** After a step's end, so that what was scraped up to it is stored. */
const POLL_DELAY_MS = 300;

/** Once at the end of each step, while somebody looks. */
export function steps(stepMs: number, now: () => number): Observable<void> {
  return timer(stepMs - (now() % stepMs) + POLL_DELAY_MS, stepMs).pipe(
    filter(() => typeof document === 'undefined' || !document.hidden),
    map(() => undefined),
  );
}
