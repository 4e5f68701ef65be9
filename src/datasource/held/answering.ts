/** Between Grafana and the backend: asks for new steps only, and keeps live queries going. */
import {
  dataFrameFromJSON,
  dateTime,
  LoadingState,
  type DataFrame,
  type DataFrameJSON,
  type DataQueryRequest,
  type DataQueryResponse,
} from '@grafana/data';
import { concat, EMPTY, map, merge, mergeMap, of, switchMap, type Observable } from 'rxjs';
import type { MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import type { HeldAnswers, Plan } from './heldAnswers.ts';
import { pushed, steps } from './live.ts';
import { tr } from '../../shared/texts/texts.ts';

type Request = DataQueryRequest<MetricsQuery>;
type Ask = (request: Request) => Observable<DataQueryResponse>;

export interface AnsweringDeps {
  readonly uid: string;
  readonly held: HeldAnswers;
  /** Whether the answers of a query are kept. */
  readonly keeps: (query: MetricsQuery) => boolean;
  /** A query with its variables filled in. */
  readonly filledIn: (query: MetricsQuery, request: Request) => MetricsQuery;
  readonly ask: Ask;
  readonly now: () => number;
  /** Milliseconds: what a query that cannot grow is asked at, live. */
  readonly scrapeIntervalMs: number;
}

/** Answers of the whole range, though only a part of it may be asked. Ends with the first, unless a query is live. */
export function answered(request: Request, deps: AnsweringDeps): Observable<DataQueryResponse> {
  const first = askNew(request, deps);
  const live = isToNow(request) ? request.targets.filter(({ live }) => live === true) : [];
  if (live.length === 0) return first.pipe(map(({ response }) => response));
  return first.pipe(
    switchMap((answer) => (hasFailed(answer.response) ? of(answer.response) : keptLive(request, live, answer, deps))),
  );
}

/** Whether the range ends when it is looked at. */
function isToNow({ range }: Request): boolean {
  return typeof range.raw.to === 'string' && range.raw.to.trim() === 'now';
}

interface Answer {
  readonly response: DataQueryResponse;
  readonly plans: ReadonlyMap<string, Plan>;
}

function askNew(request: Request, { held, keeps, filledIn, ask }: AnsweringDeps, isLive = false): Observable<Answer> {
  const plans = new Map<string, Plan>();
  for (const target of request.targets.filter(keeps)) {
    const asked = {
      query: filledIn(target, request),
      fromMs: request.range.from.valueOf(),
      toMs: request.range.to.valueOf(),
      intervalMs: request.intervalMs,
    };
    const plan = held.plan(asked, isLive);
    if (plan !== undefined) plans.set(target.refId, plan);
  }
  const targets = request.targets.map((target) => {
    const sinceMs = plans.get(target.refId)?.sinceMs;
    return sinceMs === undefined ? target : { ...target, sinceMs };
  });
  return ask({ ...request, targets }).pipe(map((response) => ({ response: completed(response, plans, held), plans })));
}

const hasFailed = ({ errors, error }: DataQueryResponse): boolean => (errors?.length ?? 0) > 0 || error !== undefined;

function completed(
  response: DataQueryResponse,
  plans: ReadonlyMap<string, Plan>,
  held: HeldAnswers,
): DataQueryResponse {
  if (plans.size === 0) return response;
  const failures = [...(response.errors ?? []), ...(response.error === undefined ? [] : [response.error])];
  const hasFailed = (refId: string): boolean => failures.some((one) => one.refId === undefined || one.refId === refId);
  const frames = response.data as DataFrame[];
  const rest = frames.filter(({ refId }) => !plans.has(refId ?? ''));
  const whole = [...plans].flatMap(([refId, plan]) => {
    const fresh = frames.filter((frame) => frame.refId === refId);
    return hasFailed(refId) ? fresh : held.complete(plan, fresh);
  });
  return { ...response, data: [...whole, ...rest] };
}

/** One answer more for each step of each live query: always with the frames of all queries, as the newest answer stands for all. */
function keptLive(
  request: Request,
  live: readonly MetricsQuery[],
  { response, plans }: Answer,
  deps: AnsweringDeps,
): Observable<DataQueryResponse> {
  const frames = new Map<string, readonly DataFrame[]>();
  for (const frame of response.data as DataFrame[])
    frames.set(frame.refId ?? '', [...(frames.get(frame.refId ?? '') ?? []), frame]);
  const all = (refId: string, newest: readonly DataFrame[]): DataQueryResponse => {
    frames.set(refId, newest);
    return { ...response, data: [...frames.values()].flat(), state: LoadingState.Streaming };
  };
  const failed = (refId: string, message: string): DataQueryResponse => ({
    ...all(refId, frames.get(refId) ?? []),
    errors: [{ refId, message }],
  });
  const growing = live.map((target) => {
    const { refId } = target;
    const plan = plans.get(refId);
    const askAgain = (): Observable<DataQueryResponse> =>
      askNew(rangeToNow({ ...request, targets: [target] }, deps.now()), deps, true).pipe(
        map((answer) => {
          const fault = answer.response.errors?.[0] ?? answer.response.error;
          return fault === undefined
            ? all(refId, answer.response.data as DataFrame[])
            : failed(refId, fault.message ?? tr('the query failed'));
        }),
      );
    const stepMs = plan?.stepMs ?? Math.max(request.intervalMs, deps.scrapeIntervalMs);
    const polled = steps(stepMs, deps.now).pipe(switchMap(askAgain));
    return concat(plan === undefined ? EMPTY : pushedAnswers(plan), polled);

    function pushedAnswers({ asked }: Plan): Observable<DataQueryResponse> {
      const { query, intervalMs, fromMs, toMs } = asked;
      return pushed(deps.uid, { query, intervalMs, rangeMs: toMs - fromMs }).pipe(
        mergeMap((packet) => {
          if (packet.error !== undefined) return of(failed(refId, packet.error));
          const fresh = packet.frames.map((frame) => ({ ...dataFrameFromJSON(frame as DataFrameJSON), refId }));
          const grown = deps.held.push(plan!, { ...packet, frames: fresh });
          return grown === undefined ? askAgain() : of(all(refId, grown));
        }),
      );
    }
  });
  // Streaming from the first on, so that Grafana lets the time range move with it.
  return concat(of({ ...response, state: LoadingState.Streaming }), merge(...growing));
}

function rangeToNow(request: Request, now: number): Request {
  const length = request.range.to.valueOf() - request.range.from.valueOf();
  const [from, to] = [dateTime(now - length), dateTime(now)];
  return {
    ...request,
    requestId: `${request.requestId}-live-${request.targets[0].refId}`,
    range: { from, to, raw: request.range.raw },
  };
}
