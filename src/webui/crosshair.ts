/** The time under the pointer, shared by all charts of a page. Not React state: pointer moves redraw overlays, nothing else. */
import { useSyncExternalStore } from 'react';

export interface Crosshair {
  /** Milliseconds, or undefined while the pointer is on no chart. */
  time(): number | undefined;
  move(time: number | undefined): void;
  subscribe(listener: () => void): () => void;
}

export function createCrosshair(): Crosshair {
  let current: number | undefined;
  const listeners = new Set<() => void>();
  return {
    time: () => current,
    move(time) {
      if (time === current) return;
      current = time;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useCrosshairTime(crosshair: Crosshair): number | undefined {
  return useSyncExternalStore(crosshair.subscribe, crosshair.time);
}
