import { ask } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import type { Fetched } from '../api/useFetched.ts';

/** What the server tells of itself below /api/v1/status/. */
export function useStatus<T>(name: string, now = 0): Fetched<T> {
  return useFetched(`${name} ${now}`, async (signal) => (await ask<T>(`status/${name}`, {}, signal)).data);
}
