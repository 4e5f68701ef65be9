/** A service as the text it would answer a scrape with. */
import { labelValue, METRIC_NAME, quoted, type Labels } from '../../src/shared/model/labels.ts';
import type { ServingService } from './mlServing.ts';

/** `name{a="b"}` as exposition formats write it. */
export function seriesText(labels: Labels): string {
  const pairs = labels.filter(([name]) => name !== METRIC_NAME).map(([name, value]) => `${name}=${quoted(value)}`);
  const name = labelValue(labels, METRIC_NAME);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Writes pages of a service; the texts of its series are made once. */
export function pageWriter(service: ServingService): (isLeftOut?: (series: number) => boolean) => Uint8Array {
  const texts = service.labels.map(seriesText);
  const encoder = new TextEncoder();
  return (isLeftOut = () => false) => {
    const lines: string[] = [];
    for (const { name, type, help, from, to } of service.families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      for (let i = from; i < to; i++) if (!isLeftOut(i)) lines.push(`${texts[i]} ${service.values[i]}`);
    }
    lines.push('');
    return encoder.encode(lines.join('\n'));
  };
}
