/** Grafana's own options on the panel: mappings, thresholds, decimals, no value, actions, ad-hoc filters. */
import { setBackendSrv, type BackendSrv } from '@grafana/runtime';
import type { Action, FieldConfig, ThresholdsMode, ValueMapping } from '@grafana/data';
import { act, fireEvent, screen } from '@testing-library/react';
import { of, throwError } from 'rxjs';
import { rows, show, times, withoutCanvas } from '../../tests/support/panelRig.tsx';
import { cellActions } from './actions.ts';
import { formatterOf } from './formats.ts';

beforeAll(withoutCanvas);

const fieldConfig = (defaults: FieldConfig) => ({ fieldConfig: { defaults, overrides: [] } });
const box = { from: 1000, to: 2000, lower: 0.1, upper: Infinity };
const restart = (more: Partial<Action> = {}) =>
  ({
    type: 'fetch',
    title: 'Restart from ${__bucket.lower}',
    fetch: {
      url: 'https://ops.example/${__bucket.upper}',
      method: 'POST',
      body: '{"over":"${__bucket.lower}"}',
      headers: [['X-Count', '${__bucket.count}']],
      queryParams: [['from', '${__bucket.from}']],
    },
    ...more,
  }) as unknown as Action;

function keepTooltip(): void {
  const map = screen.getAllByRole('application')[0];
  fireEvent.pointerDown(map, { button: 0, clientX: 700, clientY: 340 });
  fireEvent.pointerUp(map, { clientX: 700, clientY: 340 });
}

test('mappings and decimals say how bounds are written', () => {
  const mappings = [{ type: 'value', options: { '0.1': { text: 'budget' } } }] as unknown as ValueMapping[];
  expect(formatterOf('s', { mappings })(0.1)).toBe('budget');
  expect(formatterOf('s', { mappings })(1)).toBe('1 s');
  expect(formatterOf('s', { decimals: 2 })(1)).toBe('1.00 s');
  expect(formatterOf('s', { mappings })).toBe(formatterOf('s', { mappings }));
  show([rows()], {}, fieldConfig({ mappings }));
  keepTooltip();
  expect(screen.getByRole('dialog').textContent).toContain('≤ budget');
});

test('an override of the field counts before the default', () => {
  const frame = rows();
  frame.fields[1].config = {
    mappings: [{ type: 'value', options: { '0.1': { text: 'mine' } } }] as unknown as ValueMapping[],
  };
  show([frame], {}, fieldConfig({ mappings: [] }));
  keepTooltip();
  expect(screen.getByRole('dialog').textContent).toContain('≤ mine');
});

test('thresholds are limits where that is asked for', () => {
  const thresholds = {
    mode: 'absolute' as ThresholdsMode,
    steps: [
      { value: -Infinity, color: 'green' },
      { value: 0.1, color: 'red' },
    ],
  };
  show([rows()], { thresholds: true }, fieldConfig({ thresholds }));
  keepTooltip();
  expect(screen.getByRole('dialog').textContent).toMatch(/≤ 100 ms[\s\S]*100 %/);
});

test('what stands where there is no value is the user’s', () => {
  show([], {}, fieldConfig({ noValue: 'Nobody asked yet' }));
  expect(screen.getByText(/Nobody asked yet/)).toBeTruthy();
});

describe('actions', () => {
  test('know the cell, in address, headers and body', () => {
    expect(cellActions([restart()], box, 4, (text) => text)).toEqual([
      {
        title: 'Restart from 0.1',
        question: 'Restart from 0.1?',
        request: {
          url: 'https://ops.example/%2BInf?from=1000',
          method: 'POST',
          data: '{"over":"0.1"}',
          headers: { 'Content-Type': 'application/json', 'X-Count': '4' },
        },
      },
    ]);
  });
  test('that would run a script, or are none of ours, are left out', () => {
    const evil = restart();
    (evil.fetch as { url: string }).url = 'javascript:alert(1)';
    expect(cellActions([evil, restart({ type: 'infinity' as Action['type'] })], box, 4, (text) => text)).toEqual([]);
  });

  const sent: unknown[] = [];
  const answer = (fetch: () => unknown) =>
    setBackendSrv({
      fetch: (request: unknown) => {
        sent.push(request);
        return fetch();
      },
    } as unknown as BackendSrv);
  beforeEach(() => sent.splice(0));

  test('ask before they call, and say how it went', async () => {
    answer(() => of({ data: {} }));
    show([rows()], {}, fieldConfig({ actions: [restart()] }), { canExecuteActions: () => true });
    keepTooltip();
    fireEvent.click(screen.getByText(/^Restart/));
    expect(sent).toEqual([]);
    await act(async () => fireEvent.click(screen.getByText('Yes')));
    expect(sent).toMatchObject([{ method: 'POST', data: '{"over":"0"}' }]);
    expect(screen.getByText(/Restart from 0: done/)).toBeTruthy();
  });
  test('that fail say so', async () => {
    answer(() => throwError(() => ({ statusText: 'Bad Gateway' })));
    show([rows()], {}, fieldConfig({ actions: [restart()] }), { canExecuteActions: () => true });
    keepTooltip();
    fireEvent.click(screen.getByText(/^Restart/));
    await act(async () => fireEvent.click(screen.getByText('Yes')));
    expect(screen.getByText(/failed \(Bad Gateway\)/)).toBeTruthy();
  });
  test('are not shown to who may not run them', () => {
    show([rows()], {}, fieldConfig({ actions: [restart()] }), { canExecuteActions: () => false });
    keepTooltip();
    expect(screen.queryByText(/^Restart/)).toBeNull();
  });
});

test('a map’s labels become filters of the dashboard', () => {
  const onAddAdHocFilter = jest.fn();
  show([rows({ model: 'a"b' })], {}, {}, { onAddAdHocFilter });
  keepTooltip();
  fireEvent.click(screen.getByText(/^Filter model/));
  expect(onAddAdHocFilter).toHaveBeenCalledWith({ key: 'model', value: 'a"b', operator: '=' });
});

test('a streaming panel moves on with its data', () => {
  const later = {
    from: { valueOf: () => times[1] },
    to: { valueOf: () => times[3] + 60_000 },
    raw: { from: 'now-1m', to: 'now' },
  };
  const { props } = show([rows()], {}, { data: { state: 'Streaming', series: [rows()], timeRange: later } as never });
  const map = screen.getByRole('application');
  fireEvent.pointerDown(map, { button: 0, clientX: 500, clientY: 100 });
  fireEvent.pointerMove(map, { clientX: 780, clientY: 100 });
  fireEvent.pointerUp(map, { clientX: 780, clientY: 100 });
  expect((props.onChangeTimeRange as jest.Mock).mock.calls[0][0].to).toBeGreaterThan(times[3] + 30_000);
});
