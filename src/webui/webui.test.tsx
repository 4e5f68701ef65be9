import React from 'react';
import { act, cleanup, fireEvent, render, renderHook, screen } from '@testing-library/react';
import { useFetched } from './api/useFetched.ts';
import { plotData } from './charts/TimeChart.tsx';
import { nearestIndex } from './charts/ChartLegend.tsx';
import { useClock } from './clock.ts';
import { createCrosshair } from './crosshair.ts';
import { pageHref, placeOf, setParams, usePlace } from './location.ts';
import { RangePicker, TopBar } from './parts/TopBar.tsx';
import type { CountedAnswer } from './query/ask.ts';
import { csvOf, curlOf } from './query/takeAway.ts';
import { AlreadyScraped } from './overview/LatencyCard.tsx';
import { mapTitle } from './overview/latencySource.ts';
import { LongLabels } from './query/TableView.tsx';
import { App } from './App.tsx';
import { LabelChips } from './parts/LabelChips.tsx';
import { formatAge, formatMetric, formatPercent, formatRate } from './text.ts';
import { themeChoice } from './theme.ts';
import { rangeFromParams } from './timeRange.ts';

beforeEach(() => {
  window.history.replaceState(null, '', '/');
  window.localStorage.clear();
});
afterEach(cleanup);

describe('the address', () => {
  test('the last part of the path is the page, under whatever prefix', () => {
    expect(placeOf(new URL('http://h/metrics/sidecar/query?expr=up'))).toMatchObject({ page: 'query' });
    expect(placeOf(new URL('http://h/')).page).toBe('');
    expect(placeOf(new URL('http://h/nothing')).page).toBeUndefined();
  });
  test('links as Prometheus writes them lead to the query', () => {
    const { page, params } = placeOf(new URL('http://h/p/query?g0.expr=up%20%3E%201&g0.tab=1&theme=dark'));
    expect([page, params.toString()]).toEqual(['query', 'theme=dark&expr=up+%3E+1&view=table']);
    expect(placeOf(new URL('http://h/query?g0.expr=up&g0.tab=0&g0.range_input=2h')).params.toString()).toBe(
      'expr=up&view=graph&range=2h',
    );
  });
  test('a link to another page keeps range, refresh and theme, and nothing else', () =>
    expect(pageHref('query', new URLSearchParams('range=1h&metric=x&theme=dark'), { expr: 'up' })).toBe(
      './query?range=1h&theme=dark&expr=up',
    ));
  test('a changed parameter is seen by whoever reads the place', () => {
    const { result } = renderHook(() => usePlace().params.get('metric'));
    act(() => setParams({ metric: 'a' }));
    expect(result.current).toBe('a');
    act(() => setParams({ metric: undefined }));
    expect(result.current).toBeNull();
  });
});

describe('the top bar', () => {
  function Bar() {
    const place = usePlace();
    const range = rangeFromParams(place.params) ?? { kind: 'last', ms: 3_600_000 };
    return (
      <>
        <TopBar place={place} theme={themeChoice(place.params)} />
        <RangePicker range={range} />
      </>
    );
  }
  test('a range, a theme and a page are chosen into the address', () => {
    render(<Bar />);
    fireEvent.click(screen.getByRole('button', { name: '6h' }));
    fireEvent.click(screen.getByRole('button', { name: 'Dark theme' }));
    expect(window.location.search).toBe('?range=6h&theme=dark');
    fireEvent.click(screen.getByRole('link', { name: 'Targets' }));
    expect(window.location.pathname + window.location.search).toBe('/targets?range=6h&theme=dark');
    expect(screen.getByRole('link', { name: 'Targets' }).getAttribute('aria-current')).toBe('page');
  });
  test('a theme once chosen stands until the address names another', () => {
    render(<Bar />);
    fireEvent.click(screen.getByRole('button', { name: 'Light theme' }));
    expect(themeChoice(new URLSearchParams())).toBe('light');
    expect(themeChoice(new URLSearchParams('theme=dark'))).toBe('dark');
    expect(themeChoice(new URLSearchParams('theme=pink'))).toBe('auto');
  });
  test('a dragged range can be taken back', () => {
    window.history.replaceState(null, '', '/?range=6h&start=1000000&end=9000000');
    render(<Bar />);
    fireEvent.click(screen.getByTitle('Back to the present'));
    expect(window.location.search).toBe('?range=6h');
  });
});

describe('an answer that is fetched', () => {
  test('stays while the next one is on its way, and a late one of a former question is dropped', async () => {
    const pending = new Map<string, (text: string) => void>();
    const load = (key: string) => () => new Promise<string>((resolve) => pending.set(key, resolve));
    const { result, rerender } = renderHook(({ key }) => useFetched(key, load(key)), { initialProps: { key: 'a' } });
    await act(async () => pending.get('a')!('A'));
    rerender({ key: 'b' });
    expect(result.current).toMatchObject({ data: 'A', loading: true });
    rerender({ key: 'c' });
    await act(async () => pending.get('c')!('C'));
    await act(async () => pending.get('b')!('B'));
    expect(result.current).toMatchObject({ data: 'C', loading: false });
  });
  test('of another subject is not shown, nor is an error of before', async () => {
    const { result, rerender } = renderHook(
      ({ subject, fail }) =>
        useFetched(
          subject,
          () => (fail ? Promise.reject(new Error('no')) : new Promise<string>(() => undefined)),
          subject,
        ),
      { initialProps: { subject: 'x', fail: true } },
    );
    await act(async () => undefined);
    expect(result.current.error?.message).toBe('no');
    rerender({ subject: 'y', fail: false });
    expect(result.current.error).toBeUndefined();
    expect(result.current.loading).toBe(true);
  });
});

describe('the clock', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());
  test('moves with each refresh while the page is seen, stands while it is hidden, and catches up', () => {
    const { result } = renderHook(() => useClock('5s')[0]);
    const began = result.current;
    act(() => jest.advanceTimersByTime(5_000));
    expect(result.current).toBe(began + 5_000);
    const visibility = jest.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    act(() => jest.advanceTimersByTime(60_000));
    expect(result.current).toBe(began + 5_000);
    visibility.mockReturnValue('visible');
    act(() => void document.dispatchEvent(new Event('visibilitychange')));
    expect(result.current).toBe(began + 65_000);
    visibility.mockRestore();
  });
  test('stands when refresh is off', () => {
    const { result } = renderHook(() => useClock('off')[0]);
    const began = result.current;
    act(() => jest.advanceTimersByTime(60_000));
    expect(result.current).toBe(began);
  });
});

describe('charts', () => {
  const one = (name: string, ...values: number[]) => ({ name, color: '#000000', values: Float64Array.from(values) });
  test('lines keep gaps', () =>
    expect(plotData(Float64Array.of(1, 2), [one('a', 1, NaN)], false)).toEqual([
      [1, 2],
      [1, null],
    ]));
  test('a stack adds up; a part that is missing adds nothing, all missing is a gap', () =>
    expect(plotData(Float64Array.of(1, 2, 3), [one('a', 1, NaN, NaN), one('b', 2, 5, NaN)], true)).toEqual([
      [1, 2, 3],
      [1, 0, null],
      [3, 5, null],
    ]));
  test('the nearest time is found', () => {
    const times = Float64Array.of(10, 20, 30);
    expect([0, 14, 16, 99].map((t) => nearestIndex(times, t))).toEqual([0, 0, 1, 2]);
  });
  test('the crosshair tells its listeners of changes only', () => {
    const crosshair = createCrosshair();
    const seen = jest.fn();
    const stop = crosshair.subscribe(seen);
    crosshair.move(1);
    crosshair.move(1);
    stop();
    crosshair.move(2);
    expect(seen).toHaveBeenCalledTimes(1);
  });
});

test('markup in labels is text', () => {
  const hostile = '<img src=x onerror=alert(1)>';
  const { container } = render(<LabelChips labels={{ job: hostile }} />);
  expect(container.querySelector('img')).toBeNull();
  expect(container.textContent).toContain(hostile);
});

test('an address without a page says so and leads to those that there are', () => {
  window.history.replaceState(null, '', '/nope?theme=dark');
  render(<App />);
  expect(screen.getByRole('status').textContent).toContain('There is no page at this address');
  expect(screen.getByRole('link', { name: 'query' }).getAttribute('href')).toBe('./query?theme=dark');
  expect(document.title).toBe('No such page · Isotherm');
});

describe('what is scraped without a histogram', () => {
  const place = placeOf(new URL('http://h/?theme=dark'));
  test('is counted, with ways to it', () => {
    const { container } = render(<AlreadyScraped targetsUp={1} metrics={312} place={place} />);
    expect(container.textContent).toBe('Scraped already: 1 target up, 312 metrics. Look at them in Query and Targets.');
    expect(screen.getByRole('link', { name: 'Targets' }).getAttribute('href')).toBe('./targets?theme=dark');
  });
  test('is not spoken of where no target is up', () => {
    const { container } = render(<AlreadyScraped targetsUp={0} metrics={3} place={place} />);
    expect(container.textContent).toBe('');
  });
});

describe('a label set in the table', () => {
  test('of usual length stands as it is', () => {
    render(<LongLabels text="up{}" />);
    expect(screen.queryByRole('button')).toBeNull();
  });
  test('that is very long is cut until all of it is asked for', () => {
    const text = 'x'.repeat(10_000);
    const { container } = render(<LongLabels text={text} />);
    expect(container.querySelector('code')?.className).toContain('clamped');
    fireEvent.click(screen.getByRole('button', { name: 'Show all 10000 characters' }));
    expect(container.querySelector('code')?.className).not.toContain('clamped');
    expect(screen.getByRole('button', { name: 'Show less' }).getAttribute('aria-expanded')).toBe('true');
  });
});

describe('what is taken away from the query page', () => {
  const grid = { start: 0, end: 15_000, step: 15_000 };
  const range = (metric: Record<string, string>, ...values: number[]) => ({
    kind: 'range' as const,
    grid,
    series: [{ metric, values: Float64Array.from(values) }],
    warnings: [],
    elapsedMs: 1,
  });
  test('a table has a row a time; gaps are empty', () =>
    expect(csvOf(range({ __name__: 'up', job: 'a"b' }, 1, NaN))).toBe(
      'time,"up{job=""a\\""b""}"\r\n1970-01-01T00:00:00.000Z,1\r\n1970-01-01T00:00:15.000Z,\r\n',
    ));
  test('a label that a spreadsheet would run is text, a negative number is a number', () => {
    const rows = [{ metric: { a: '=cmd()' }, value: [1, '-5'] as [number, string] }];
    const answer = {
      kind: 'instant' as const,
      time: 0,
      resultType: 'vector' as const,
      rows,
      warnings: [],
      elapsedMs: 1,
    };
    expect(csvOf(answer)).toBe("a,time,value\r\n'=cmd(),1970-01-01T00:00:00.000Z,-5\r\n");
  });
  test('counts are a row a bucket and time, and asked for as they were', () => {
    const layout = { kind: 'classic', bounds: Float64Array.of(0, 0.1, Infinity) } as const;
    const group = { layouts: [layout], layoutOf: Float64Array.of(NaN, 0), counts: Float64Array.of(3, 6) };
    const head = { window: 30, groups: [{ metric: { version: 'v1' } }] };
    const answer = {
      kind: 'counted',
      grid: { start: 0, end: 15_000, step: 15_000 },
      distribution: { head, groups: [group] },
      countUnit: 'perSecond',
    } as unknown as CountedAnswer;
    expect(csvOf(answer)).toBe(
      'version,time,over,to,a second\r\nv1,1970-01-01T00:00:15.000Z,0,0.1,0.1\r\nv1,1970-01-01T00:00:15.000Z,0.1,+Inf,0.2\r\n',
    );
    expect(curlOf('x', answer)).toContain("'http://localhost/api/v1/distribution' --data-urlencode 'query=x'");
  });
  test('the shell gets the same question, quoted', () =>
    expect(curlOf("up{a='b'}", range({}, 1))).toBe(
      "curl 'http://localhost/api/v1/query_range' --data-urlencode 'query=up{a='\\''b'\\''}' " +
        "--data-urlencode 'start=0' --data-urlencode 'end=15' --data-urlencode 'step=15'",
    ));
});

describe('words', () => {
  test('shares', () =>
    expect([0, 0.0001, 0.012, 0.5, 1, NaN].map(formatPercent)).toEqual([
      '0 %',
      '< 0.1 %',
      '1.2 %',
      '50 %',
      '100 %',
      '–',
    ]));
  test('rates', () => expect([0.0012, 0.2, 3141].map(formatRate)).toEqual(['0.0012/s', '0.2/s', '3.14 k/s']));
  test('ages', () =>
    expect([-5, 61_000, 600_000, 7_200_000, 3 * 86_400_000].map(formatAge)).toEqual([
      '0 s',
      '61 s',
      '10 min',
      '2 h',
      '3 d',
    ]));
  test('direction marks in a map’s title are shown as escapes', () =>
    expect(mapTitle({ version: '\u202e2v' }, 'version')).toBe('\\u202e2v'));
  test('label sets', () => {
    expect(formatMetric({ __name__: 'up', job: 'a"b' })).toBe('up{job="a\\"b"}');
    expect(formatMetric({})).toBe('{}');
    expect(formatMetric({ __name__: 'up', job: '\u202egnp\u0001' })).toBe('up{job="\\u202egnp\\u0001"}');
  });
});
