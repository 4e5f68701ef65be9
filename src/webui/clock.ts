/** The page's time: moves in whole refresh intervals, and stands still while nobody looks. */
import { useEffect, useState } from 'react';
import { parseDuration } from '../shared/model/durations.ts';

export const REFRESH_CHOICES = ['off', '5s', '15s', '1m'] as const;
export type RefreshChoice = (typeof REFRESH_CHOICES)[number];

export function refreshChoice(params: URLSearchParams, otherwise: RefreshChoice = '15s'): RefreshChoice {
  const wanted = params.get('refresh');
  return REFRESH_CHOICES.find((choice) => choice === wanted) ?? otherwise;
}

/**
 * Milliseconds since the epoch, renewed at every refresh while the page is visible, and at once when it becomes visible again.
 *
 * @returns the time, and a function that renews it now.
 */
export function useClock(refresh: RefreshChoice): [now: number, renew: () => void] {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (refresh === 'off') return undefined;
    const interval = parseDuration(refresh);
    const tick = () => {
      if (document.visibilityState === 'visible')
        setNow((old) => (Date.now() - old >= interval / 2 ? Date.now() : old));
    };
    const timer = setInterval(tick, interval);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, [refresh]);
  return [now, () => setNow(Date.now())];
}
