/** Live queries: pushed through Grafana Live, or asked at each step where it is not to be had; and refreshes that ask for new steps only. */
import {
  dateTime,
  LoadingState,
  toDataFrame,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
} from '@grafana/data';
import { setGrafanaLiveSrv, type GrafanaLiveSrv } from '@grafana/runtime';
import { of, Subject, type Observable } from 'rxjs';
import type { LivePacket, MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import { answered, type AnsweringDeps } from './answering.ts';
import { createHeldAnswers } from './heldAnswers.ts';

const STEP_MS = 15_000;
const NOW = 1_764_000_000_000;
const RANGE_MS = 600_000;

/** Every step from … to has its own number. */
function frameJson(from: number, to: number) {
  const times: number[] = [];
  for (let t = Math.ceil(from / STEP_MS) * STEP_MS; t <= to; t += STEP_MS) times.push(t);
  return {
    schema: {
      refId: 'A',
      meta: { type: 'timeseries-multi' },
      fields: [
        { name: 'Time', type: 'time' },
        { name: 'Value', type: 'number', labels: { a: 'b' } },
      ],
    },
    data: { values: [times, times.map((t) => t / STEP_MS)] },
  };
}

function rig(query: Partial<MetricsQuery> = {}) {
  let now = NOW;
  const asked: MetricsQuery[] = [];
  const target: MetricsQuery = { refId: 'A', expr: 'rate(x[1m])', range: true, live: true, ...query };
  const request = {
    requestId: 'Q1',
    targets: [target],
    intervalMs: STEP_MS,
    range: { from: dateTime(NOW - RANGE_MS), to: dateTime(NOW), raw: { from: 'now-10m', to: 'now' } },
  } as unknown as DataQueryRequest<MetricsQuery>;
  const deps: AnsweringDeps = {
    uid: 'u1',
    held: createHeldAnswers({ scrapeIntervalMs: STEP_MS, overlapMs: 60_000, now: () => now }),
    keeps: () => true,
    filledIn: (one) => one,
    ask: ({ targets, range }) => {
      asked.push(...targets);
      const from = Math.max(range.from.valueOf(), targets[0].sinceMs ?? 0);
      return of({ data: [toDataFrame(frameJson(from, range.to.valueOf()))] });
    },
    now: () => now,
    scrapeIntervalMs: STEP_MS,
  };
  const heard: DataQueryResponse[] = [];
  return {
    request,
    deps,
    asked,
    heard,
    pass: (ms: number) => (now += ms),
    listen: () => answered(request, deps).subscribe((one) => heard.push(one)),
  };
}

const timesOf = (response: DataQueryResponse): number[] => [
  ...((response.data[0] as DataFrame).fields[0].values as number[]),
];
const endOf = (response: DataQueryResponse): number => timesOf(response)[timesOf(response).length - 1];
const STEP_NOW = Math.floor(NOW / STEP_MS) * STEP_MS;

describe('live', () => {
  let channel: Subject<unknown>;
  let addresses: { scope: string; stream: string; path: string; data: unknown }[];
  const serve = (stream: () => Observable<unknown>) =>
    setGrafanaLiveSrv({
      getStream: (address: never) => {
        addresses.push(address);
        return stream();
      },
    } as unknown as GrafanaLiveSrv);
  beforeEach(() => {
    jest.useFakeTimers();
    channel = new Subject();
    addresses = [];
    serve(() => channel);
  });
  afterEach(() => jest.useRealTimers());
  const push = (packet: Partial<LivePacket<unknown>>) => channel.next({ type: 'message', message: packet });
  const packet = (since: number, to: number) => ({ sinceMs: since, toMs: to, frames: [frameJson(since, to)] });

  test('one question for the whole range, then what is pushed is added; the range moves on', () => {
    const { asked, heard, listen } = rig();
    const listening = listen();
    channel.next({ type: 'status', state: 'connected' });
    expect(addresses[0]).toMatchObject({
      scope: 'ds',
      stream: 'u1',
      path: expect.stringMatching(/^live\/[0-9a-f]{16}$/),
    });
    push(packet(STEP_NOW, STEP_NOW + STEP_MS));
    push(packet(STEP_NOW + STEP_MS, STEP_NOW + 2 * STEP_MS));
    expect(asked).toHaveLength(1);
    expect(heard.map(({ state }) => state)).toEqual(Array(3).fill(LoadingState.Streaming));
    expect(heard.map(endOf)).toEqual([STEP_NOW, STEP_NOW + STEP_MS, STEP_NOW + 2 * STEP_MS]);
    const times = timesOf(heard[2]);
    expect(times).toEqual(times.map((_, i) => times[0] + i * STEP_MS));
    expect(times[0]).toBe(timesOf(heard[0])[0] + 2 * STEP_MS);
    listening.unsubscribe();
    expect(channel.observed).toBe(false);
  });

  test('a packet over a gap makes it ask for what is missing, and for no more', () => {
    const { asked, heard, listen, pass } = rig();
    const listening = listen();
    channel.next({ type: 'status', state: 'connected' });
    pass(10 * STEP_MS);
    push(packet(STEP_NOW + 9 * STEP_MS, STEP_NOW + 10 * STEP_MS));
    expect(asked).toHaveLength(2);
    expect(asked[1].sinceMs).toBe(STEP_NOW);
    expect(endOf(heard[1])).toBe(STEP_NOW + 10 * STEP_MS);
    const times = timesOf(heard[1]);
    expect(times).toEqual(times.map((_, i) => times[0] + i * STEP_MS));
    listening.unsubscribe();
  });

  test('an error that is pushed is told, and what was there stays', () => {
    const { heard, listen } = rig();
    const listening = listen();
    channel.next({ type: 'status', state: 'connected' });
    push({ sinceMs: STEP_NOW, toMs: STEP_NOW, frames: [], error: 'nothing listens' });
    expect(heard[1].errors).toEqual([{ refId: 'A', message: 'nothing listens' }]);
    expect(endOf(heard[1])).toBe(STEP_NOW);
    listening.unsubscribe();
  });

  for (const [name, stream] of [
    ['there is no Live', undefined],
    ['the channel is refused', () => of({ type: 'status', state: 'invalid' })],
    ['the channel does not open', () => new Subject<unknown>()],
  ] as const) {
    test(`where ${name}, new steps are asked for, and only those`, () => {
      setGrafanaLiveSrv(undefined as unknown as GrafanaLiveSrv);
      if (stream !== undefined) serve(stream as () => Observable<unknown>);
      const { asked, heard, listen, pass } = rig();
      const listening = listen();
      jest.advanceTimersByTime(5_000);
      pass(STEP_MS);
      jest.advanceTimersByTime(STEP_MS + 1_000);
      expect(asked.length).toBeGreaterThan(1);
      expect(asked[1].sinceMs).toBe(STEP_NOW);
      expect(endOf(heard[1])).toBe(STEP_NOW + STEP_MS);
      const questions = asked.length;
      listening.unsubscribe();
      jest.advanceTimersByTime(10 * STEP_MS);
      expect(asked).toHaveLength(questions);
    });
  }

  test('what cannot grow is asked whole at each step', () => {
    const { asked, listen, pass } = rig({ expr: 'x @ end()' });
    const listening = listen();
    pass(STEP_MS);
    jest.advanceTimersByTime(STEP_MS + 1_000);
    expect(asked.map(({ sinceMs }) => sinceMs)).toEqual([undefined, undefined]);
    expect(addresses).toEqual([]);
    listening.unsubscribe();
  });

  test('a range that ends in the past is no live one', () => {
    const { request, deps, heard } = rig();
    let isDone = false;
    answered({ ...request, range: { ...request.range, raw: { from: 'now-2h', to: 'now-1h' } } }, deps).subscribe({
      next: (one) => heard.push(one),
      complete: () => (isDone = true),
    });
    expect([heard.length, isDone]).toEqual([1, true]);
  });
});

test('a refresh asks for new steps and answers with all; a failed one keeps what is held for the next', () => {
  const { request, deps, asked } = rig({ live: false });
  const run = (ms: number, ask = deps.ask): DataQueryResponse => {
    let answer: DataQueryResponse | undefined;
    const range = { ...request.range, from: dateTime(NOW - RANGE_MS + ms), to: dateTime(NOW + ms) };
    answered({ ...request, range }, { ...deps, ask }).subscribe((one) => (answer = one));
    return answer!;
  };
  const steps = timesOf(run(0)).length;
  expect(run(STEP_MS, () => of({ data: [], errors: [{ refId: 'A', message: 'no' }] })).errors).toHaveLength(1);
  const again = run(2 * STEP_MS);
  expect(asked.map(({ sinceMs }) => sinceMs)).toEqual([undefined, STEP_NOW - 60_000]);
  expect(timesOf(again)).toHaveLength(steps);
  expect(endOf(again)).toBe(STEP_NOW + 2 * STEP_MS);
});
