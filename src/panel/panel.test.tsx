/** The panel as it is used. */
import { DataHoverEvent, EventBusSrv, LoadingState, type PanelProps } from '@grafana/data';
import { act, fireEvent, screen } from '@testing-library/react';
import { rows, show, sparse, times, withoutCanvas } from '../../tests/support/panelRig.tsx';
import type { HeatmapOptions } from './options.ts';

describe('panel', () => {
  beforeAll(withoutCanvas);

  test('one histogram is one map with a legend', () => {
    show([rows()]);
    expect(screen.getAllByRole('application')).toHaveLength(1);
    expect(screen.getByText('no data')).toBeTruthy();
  });

  test('six histograms are six maps, titled by the labels in which they differ', () => {
    show(['v1', 'v2', 'v3', 'v4', 'v5', 'v6'].map((version) => rows({ version, job: 'serving' })));
    expect(screen.getAllByRole('application')).toHaveLength(6);
    expect(screen.getByText('version=v6')).toBeTruthy();
    expect(screen.queryByText(/job=serving/)).toBeNull();
  });

  test('hostile labels are text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const { container } = show([rows({ model: evil }), rows({ model: 'b' })]);
    expect(container.querySelector('img')).toBeNull();
    expect(screen.getByText(`model=${evil}`)).toBeTruthy();
  });

  test('no histogram: the words say what to query', () => {
    show([]);
    expect(screen.getByText(/Query a histogram grouped by le/)).toBeTruthy();
  });

  const said = (name: string, data: object, words: RegExp) =>
    test(`${name} is said in words`, () => {
      show([], {}, { data: { series: [], ...data } as unknown as PanelProps['data'] });
      expect(screen.getByText(words)).toBeTruthy();
    });
  said('waiting for the first answer', { state: LoadingState.Loading }, /Loading …/);
  said(
    'a failed query',
    { state: LoadingState.Error, errors: [{ message: 'unknown metric' }] },
    /failed: unknown metric/,
  );
  said(
    'a failed query on older hosts',
    { state: LoadingState.Error, error: { data: { message: 'bad' } } },
    /failed: bad/,
  );

  test('observations outside of the chosen range are counted', () => {
    show([rows()], { yMax: 0.1 });
    expect(screen.getByText('6 observations are out of view')).toBeTruthy();
  });

  test('arrow keys move a cursor that is read out', () => {
    const { container } = show([rows()]);
    const map = screen.getByRole('application');
    fireEvent.keyDown(map, { key: 'ArrowRight' });
    expect(container.querySelector('[aria-live]')?.textContent).toBe(
      'Mon 23 Nov, 03:00:30 – 03:00:45, ≤ 100 ms: 4 observations, 100 % of the column',
    );
    fireEvent.keyDown(map, { key: 'Home' });
    fireEvent.keyDown(map, { key: 'ArrowUp' });
    expect(container.querySelector('[aria-live]')?.textContent).toBe(
      'Mon 23 Nov, 02:59:45 – 03:00:00, 100 ms – 1 s: 5 observations, 83.3 % of the column',
    );
    fireEvent.keyDown(map, { key: 'Escape' });
    expect(container.querySelector('[aria-live]')?.textContent).toBe('');
  });

  test('dragging chooses a time range', () => {
    const { props } = show([rows()]);
    const map = screen.getByRole('application');
    fireEvent.pointerDown(map, { button: 0, clientX: 200, clientY: 100 });
    fireEvent.pointerMove(map, { clientX: 500, clientY: 100 });
    fireEvent.pointerUp(map, { clientX: 500, clientY: 100 });
    const [{ from, to }] = (props.onChangeTimeRange as jest.Mock).mock.calls[0];
    expect(from).toBeGreaterThan(times[0] - 15_000);
    expect(to).toBeLessThan(times[3]);
    expect(to - from).toBeGreaterThan(15_000);
  });

  function drawBox(): void {
    const map = screen.getAllByRole('application')[0];
    fireEvent.pointerDown(map, { button: 0, clientX: 200, clientY: 150, shiftKey: true });
    fireEvent.pointerMove(map, { clientX: 500, clientY: 200, shiftKey: true });
    fireEvent.pointerUp(map, { clientX: 500, clientY: 200 });
  }

  test('a box of whole buckets tells what is in it, zooms, and a chip shows all again', () => {
    const { props } = show([rows()]);
    drawBox();
    expect(screen.getByRole('dialog').textContent).toMatch(/In this box[\s\S]*100 ms – 1 s[\s\S]*of its time/);
    fireEvent.click(screen.getByText('Zoom'));
    expect(props.onChangeTimeRange).toHaveBeenCalledTimes(1);
    expect(screen.getByRole('status').textContent).toMatch(/out of view/);
    fireEvent.click(screen.getByLabelText('Remove: Zoomed to some buckets'));
    expect(screen.queryByRole('status')).toBeNull();
  });

  test('every time is compared with the box’s times, until that is taken back', () => {
    show([rows()]);
    drawBox();
    fireEvent.click(screen.getByText('Compare with it'));
    expect(screen.getByText(/^Compared with/)).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
    fireEvent.click(screen.getByLabelText(/^Remove: Compared/));
    expect(screen.queryByText(/^Compared with/)).toBeNull();
  });

  test('a click keeps the tooltip, with links that know the cell; Escape closes it', () => {
    const links = [
      {
        title: 'Logs',
        url: '/explore?low=${__bucket.lower}&high=${__bucket.upper}&from=${__bucket.from}&n=${__bucket.count}',
      },
      { title: 'Evil', url: 'javascript:alert(1)' },
    ];
    show([rows()], {}, { fieldConfig: { defaults: { links }, overrides: [] } });
    const map = screen.getByRole('application');
    fireEvent.pointerDown(map, { button: 0, clientX: 700, clientY: 340 });
    fireEvent.pointerUp(map, { clientX: 700, clientY: 340 });
    expect(screen.getByRole('dialog').textContent).toMatch(/≤ 100 ms[\s\S]*p0 – p100/);
    expect(screen.getByText('Logs').getAttribute('href')).toBe(`/explore?low=0&high=0.1&from=${times[2]}&n=4`);
    expect(screen.queryByText('Evil')).toBeNull();
    fireEvent.keyDown(document, { key: 'Escape' });
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  test('the bucket doctor says what three buckets cannot answer, and what would', () => {
    show([rows()]);
    fireEvent.click(screen.getByLabelText('More'));
    fireEvent.click(screen.getByText('Check the buckets'));
    expect(screen.getByRole('dialog').textContent).toMatch(
      /over the last bound, 1 s[\s\S]*only 3 buckets[\s\S]*These would/,
    );
  });

  test('the table has every slice and bucket in words', () => {
    show([rows()]);
    fireEvent.click(screen.getByLabelText('More'));
    fireEvent.click(screen.getByText('Show as a table'));
    const table = screen.getByRole('table');
    expect(table.querySelectorAll('tbody tr')).toHaveLength(4);
    expect(table.textContent).toMatch(/Until.*p50.*≤ 100 ms.*≤ 1 s.*> 1 s/);
  });

  test('colours by share have a legend in per cent, and bounds come from variables', () => {
    show([rows()], { colorBy: 'columnShare', colorMax: '$most' }, { replaceVariables: () => '40 %' });
    expect(screen.getByText('40 %')).toBeTruthy();
  });

  test('a colour bound that is none is named', () => {
    show([rows()], { colorMax: 'plenty' });
    expect(screen.getByRole('status').textContent).toMatch(/a bound is a number/);
  });

  test('maps against the first one, laid over each other, or folded are said so or drawn so', () => {
    const versions = ['v1', 'v2', 'v3'].map((version) => rows({ version }));
    show(versions, { compare: 'first' });
    expect(screen.getAllByRole('application')).toHaveLength(2);
    expect(screen.getByText('no difference')).toBeTruthy();
    show([rows()], { compare: 'first' });
    expect(screen.getByText(/only one histogram/)).toBeTruthy();
    show([rows()], { compare: 'before' });
    expect(screen.getByText(/No new version and no annotation/)).toBeTruthy();
  });

  test('a click is no selection', () => {
    const { props } = show([rows()]);
    const map = screen.getByRole('application');
    fireEvent.pointerDown(map, { button: 0, clientX: 200, clientY: 100 });
    fireEvent.pointerUp(map, { clientX: 201, clientY: 100 });
    expect(props.onChangeTimeRange).not.toHaveBeenCalled();
  });

  test('the pointer is told to other panels, and theirs does no harm here', () => {
    const eventBus = new EventBusSrv();
    const heard: unknown[] = [];
    eventBus.getStream(DataHoverEvent).subscribe((event) => heard.push(event.payload.point.time));
    show([rows()], {}, { eventBus });
    fireEvent.pointerMove(screen.getByRole('application'), { clientX: 400, clientY: 100 });
    expect(heard).toEqual([expect.any(Number)]);
    expect(heard[0]).toBeGreaterThan(times[0]);
    act(() => eventBus.publish(new DataHoverEvent({ point: { time: times[1] } })));
    expect(screen.getAllByRole('application')).toHaveLength(1);
  });

  test('options that make no sense are as good as none', () => {
    show([rows(), sparse()], {
      palette: 'nope',
      yScale: 7,
      quantiles: 'x',
      colorMax: NaN,
    } as unknown as HeatmapOptions);
    expect(screen.getAllByRole('application')).toHaveLength(2);
  });

  for (const [width, height] of [
    [0, 0],
    [1, 1],
    [50, 20],
    [3000, 40],
  ]) {
    test(`a panel of ${width} by ${height} pixels draws without error`, () => {
      expect(() => show([rows(), sparse()], {}, { width, height })).not.toThrow();
    });
  }
});
