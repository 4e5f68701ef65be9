/** Grafana's actions (calls of the panel's options) for a cell: what they say, and the call that they make. */
import type { Action } from '@grafana/data';
import type { MapBox } from '../ui/HeatmapCanvas.tsx';
import { safeHref, withBucket } from './links.ts';

export interface CellAction {
  readonly title: string;
  /** Asked before the call. */
  readonly question: string;
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly data?: string;
    readonly headers: Record<string, string>;
  };
}

type Replace = (text: string) => string;

/** Those that call an address; actions through another data source belong to Grafana's own panels. */
export function cellActions(
  actions: readonly Action[],
  box: MapBox,
  count: number,
  replaceVariables: Replace,
): CellAction[] {
  return actions.flatMap((action) => {
    const call = action.fetch;
    if (call === undefined || (action.type as string) !== 'fetch') return [];
    const plain: Replace = (text) => replaceVariables(withBucket(text, box, count, (value) => value));
    const url = withParameters(
      safeHref(replaceVariables(withBucket(call.url, box, count))),
      call.queryParams ?? [],
      plain,
    );
    if (url === undefined) return [];
    const title = plain(action.title).trim() || url;
    const headers = Object.fromEntries((call.headers ?? []).map(([name, value]) => [plain(name), plain(value)]));
    const isGet = (call.method as string) === 'GET';
    return [
      {
        title,
        question: plain(action.confirmation ?? '') || `${title}?`,
        request: {
          url,
          method: call.method,
          ...(isGet ? {} : { data: call.body === undefined || call.body === '' ? '{}' : plain(call.body) }),
          headers: isGet ? headers : { 'Content-Type': 'application/json', ...headers },
        },
      },
    ];
  });
}

function withParameters(
  href: string | undefined,
  parameters: readonly (readonly [string, string])[],
  plain: Replace,
): string | undefined {
  if (href === undefined || parameters.length === 0) return href;
  const query = new URLSearchParams(parameters.map(([name, value]) => [plain(name), plain(value)])).toString();
  return `${href}${href.includes('?') ? '&' : '?'}${query}`;
}
