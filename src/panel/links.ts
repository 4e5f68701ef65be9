/** Links of the panel's options, with what they may say of a cell: `${__bucket.lower}`, `upper`, `from`, `to`, `count`. */
import type { DataLink } from '@grafana/data';
import type { MapBox } from '../ui/HeatmapCanvas.tsx';

export interface CellLink {
  readonly title: string;
  readonly href: string;
  readonly newTab: boolean;
}

/** An address that a browser may follow from here: http, https, or a place on this host; undefined for all else. */
export function safeHref(href: string | undefined): string | undefined {
  if (href === undefined || href.trim() === '') return undefined;
  try {
    const { protocol } = new URL(href, 'http://here.invalid/');
    return protocol === 'http:' || protocol === 'https:' ? href : undefined;
  } catch {
    return undefined; // What cannot be read as an address is none.
  }
}

/** The text with the cell's numbers in it; bounds as Prometheus writes them, times in milliseconds. By default as parts of an address. */
export function withBucket(
  text: string,
  { from, to, lower, upper }: MapBox,
  count: number,
  write: (value: string) => string = encodeURIComponent,
): string {
  const values: Readonly<Record<string, string>> = {
    lower: boundText(lower),
    upper: boundText(upper),
    from: String(Math.round(from)),
    to: String(Math.round(to)),
    count: Number.isNaN(count) ? '' : String(count),
  };
  return text.replace(/\$(?:\{__bucket\.(\w+)\}|__bucket\.(\w+))/g, (whole, a?: string, b?: string) => {
    const name = a ?? b ?? '';
    return Object.hasOwn(values, name) ? write(values[name]) : whole;
  });
}

export function boundText(bound: number): string {
  if (bound === Infinity) return '+Inf';
  return bound === -Infinity ? '-Inf' : String(bound);
}

/** Those of whatever frames the map comes from. What would not be followed is left out. */
export function cellLinks(
  links: readonly DataLink[],
  box: MapBox,
  count: number,
  replaceVariables: (text: string) => string,
): CellLink[] {
  return links.flatMap(({ url, title, targetBlank }) => {
    const href = safeHref(replaceVariables(withBucket(url ?? '', box, count)));
    if (href === undefined) return [];
    const name = replaceVariables(withBucket(title ?? '', box, count, (value) => value)).trim();
    return [{ title: name || href, href, newTab: targetBlank === true }];
  });
}
