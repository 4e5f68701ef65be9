import React from 'react';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { usePlace } from '../location.ts';
import { sliceTotals, type NamedHeatmap, type NamedHeatmaps } from './heatmaps.ts';
import { MapControls } from './MapControls.tsx';
import { useCompared } from './useCompared.ts';

const HOSTILE = '</option><img src=x>\u202e';
const grid = { start: 10_000, end: 30_000, step: 10_000 };

function map(version: string, counts: readonly number[]): NamedHeatmap {
  const model: HeatmapModel = {
    kind: 'heatmap',
    xEdges: Float64Array.of(0, 10_000, 20_000, 30_000),
    yEdges: Float64Array.of(0, 1, 2),
    counts: Float64Array.from(counts),
    countUnit: 'count',
    unit: 's',
    openTop: false,
    openBottom: false,
    interpolation: 'linear',
    title: version,
  };
  return { title: version, labels: { version }, model, lines: [], totals: sliceTotals(model) };
}

const both: NamedHeatmaps = {
  maps: [map('v1', [1, 1, 1, 1, 1, 1]), map(HOSTILE, [0, 0, 3, 1, 1, 3])],
  notices: [],
};

/** An expression without counters, so that no server need be asked for versions. */
function Compared({ own }: { own: NamedHeatmaps }) {
  const { params } = usePlace();
  const { maps, notices, choices } = useCompared('vector(1)', grid, own, params, {
    ask: async () => own,
    mapsOf: () => own,
  });
  return (
    <>
      <MapControls params={params} choices={choices} />
      <ul>
        {maps.map(({ title, model }) => (
          <li key={title}>{`${title}: ${[...model.counts].join(' ')}`}</li>
        ))}
      </ul>
      <p role="status">{notices.join(' ')}</p>
    </>
  );
}

const shown = () => screen.getAllByRole('listitem').map(({ textContent }) => textContent);
const choose = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const param = (name: string) => new URL(window.location.href).searchParams.get(name);

beforeEach(() => window.history.replaceState(null, '', '/'));
afterEach(cleanup);

test('one value of a label against another is chosen into the address, and read from it', () => {
  render(<Compared own={both} />);
  expect(shown()).toHaveLength(2);
  choose('Compare with', 'value');
  choose('Value to compare with', 'version="v1"');
  expect([param('compare'), param('against')]).toEqual(['value', 'version="v1"']);
  expect(shown()).toEqual([`${HOSTILE} against v1: NaN NaN 0.25 -0.25 -0.25 0.25`]);
  expect(screen.queryByLabelText('What colours tell')).toBeNull();
  expect(document.querySelector('img')).toBeNull();
  choose('Compare with', 'none');
  expect(window.location.search).toBe('');
});

test('a deploy is a choice where a version is new; another moment can be set', async () => {
  window.history.replaceState(null, '', '/?compare=before');
  render(<Compared own={both} />);
  await screen.findByText(/^1 of 2 maps are left out/);
  expect(shown()).toEqual(['v1: 0 0 0 0 0 0']);
  choose('Deploy', '10000');
  expect(param('moment')).toBe('10000');
});

test('where no version is new, that is said, and the middle is taken', async () => {
  window.history.replaceState(null, '', '/?compare=before');
  render(<Compared own={{ maps: [both.maps[0]], notices: [] }} />);
  await screen.findByText(/^No new version was seen in this range/);
  expect(screen.queryByLabelText('Deploy')).toBeNull();
});

test('one map has no value to be compared with: it is said what to do', () => {
  window.history.replaceState(null, '', '/?compare=value');
  render(<Compared own={{ maps: [both.maps[0]], notices: [] }} />);
  expect(screen.getByRole('status').textContent).toMatch(/draw one map for each value of a label first/);
  expect(shown()).toEqual(['v1: 1 1 1 1 1 1']);
});
