import type { StandardEditorProps } from '@grafana/data';
import { fireEvent, render, screen } from '@testing-library/react';
import React from 'react';
import { QuantilesEditor } from './QuantilesEditor.tsx';

function field(value: number[]): { input: HTMLInputElement; taken: number[][] } {
  const taken: number[][] = [];
  const props = { value, id: 'quantiles', onChange: (next?: number[]) => taken.push(next ?? []) };
  render(<QuantilesEditor {...(props as unknown as StandardEditorProps<number[]>)} />);
  return { input: screen.getByRole('textbox'), taken };
}

test('stored quantiles show as people write them', () => {
  expect(field([0.5, 0.95, 0.999]).input.value).toBe('p50, p95, p99.9');
});

test.each([
  ['p50, p90', [0.5, 0.9]],
  ['0.5 99.9', [0.5, 0.999]],
  ['p99;p99', [0.99]],
  ['', []],
])('%j is taken on Enter', (text, wanted) => {
  const { input, taken } = field([0.5]);
  fireEvent.change(input, { target: { value: text } });
  fireEvent.keyDown(input, { key: 'Enter' });
  expect(taken).toEqual([wanted]);
});

test('what is no quantile is named, and nothing is taken', () => {
  const { input, taken } = field([0.5]);
  fireEvent.change(input, { target: { value: 'p50, median' } });
  fireEvent.blur(input);
  expect(screen.getByRole('alert').textContent).toMatch(/not a quantile: median; write p95/);
  expect(taken).toEqual([]);
});
