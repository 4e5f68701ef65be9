/** The part of a configuration's text that is about one job. */
import { isMap, isSeq, parseDocument } from 'yaml';

/** As it is written in `text`, a configuration without secrets; undefined if it has no such job. */
export function jobText(text: string, job: string): string | undefined {
  const document = parseDocument(text);
  const jobs = document.get('scrape_configs');
  const found = isSeq(jobs) ? jobs.items.find((item) => isMap(item) && item.get('job_name') === job) : undefined;
  if (found === undefined) return undefined;
  document.contents = document.createNode(found) as typeof document.contents;
  return document.toString({ lineWidth: 0 });
}
