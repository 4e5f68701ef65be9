/**
 * Stands for `react` inside the editor's chunk, which is loaded by its address and so cannot be handed shared modules by Grafana's loader: the module
 * that loads it hands React in before anything is rendered.
 */
import type ReactModule from 'react';

let react: typeof ReactModule;
export let useRef: typeof ReactModule.useRef;
export let useLayoutEffect: typeof ReactModule.useLayoutEffect;

export function receiveReact(given: typeof ReactModule): void {
  react = given;
  useRef = given.useRef;
  useLayoutEffect = given.useLayoutEffect;
}

const createElement = (...args: unknown[]): unknown => (react.createElement as (...a: unknown[]) => unknown)(...args);
export default { createElement };
